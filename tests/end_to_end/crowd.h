// A crowd that asks at three checkpoints as often as it can, and again as soon as it was answered.
#ifndef TESTS_END_TO_END_CROWD_H_
#define TESTS_END_TO_END_CROWD_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/end_to_end/callers.h"

namespace fundgate::end_to_end {

// Of one checkpoint.
struct Tally {
  int asked = 0;
  int refused = 0;                   // by a status; each is checked to say when to ask again
  std::vector<v1::Decision> judged;  // whatever the verdict
};
using Tallies = std::map<std::string, Tally>;

// Asks for movements of one fen of the order o1 of m1, with keys that were never used.
class Crowd {
 public:
  // Begins. So many calls are under way at any time, as many at each checkpoint.
  Crowd(const std::string& address, int calls);
  ~Crowd() { End(); }

  // Waits until this is true of what was counted.
  void Await(const std::function<bool(const Tallies&)>& enough);
  // As soon as it returns, everything that is asked has a request_id that begins with the mark.
  void Mark(const std::string& mark);

  // No more is asked; all that is under way is answered.
  Tallies End();

 private:
  void Run();
  void Ask(const std::string& checkpoint);
  void Heard(const Answer& answer);

  Callers callers_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Tallies tallies_;   // under mutex_
  std::string mark_;  // under mutex_
  std::atomic<bool> ending_{false};
  uint64_t keys_ = 0;
  std::thread thread_;
};

}  // namespace fundgate::end_to_end

#endif  // TESTS_END_TO_END_CROWD_H_
