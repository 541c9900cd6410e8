// A sequencer on a test bench: clock, store, feeders and machine are the test's own.
#ifndef TESTS_SEQUENCER_BENCH_H_
#define TESTS_SEQUENCER_BENCH_H_

#include <cstddef>
#include <future>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/sequencer/mutex.h"
#include "server/sequencer/pipelined_sequencer.h"
#include "tests/sequencer/fake_store.h"
#include "tests/sequencer/manual_clock.h"

namespace fundgate::sequencer {

using Answer = std::future<absl::StatusOr<core::Answer>>;

// True if the answer is there already.
bool IsThere(const Answer& answer);
core::Verdict VerdictOf(Answer answer);

core::CheckInput CheckOf(const std::string& key);

// A machine of few rules, for what the sequencer has to know of the real one:
//   a check is ALLOWed, or, where it names `wait_for`, must wait until that source is proven past
//   its arrival, for 200 ms from its judgement, and is then held (that of the key "stubborn" is
//   never content with a proof); one of the key "replay" is answered unrecorded;
//   an ingest takes the source's position and proof over; a confirm of the key "poison" breaks the
//   machinery; ticks change nothing; the clock's inputs set and clear `drifted`.
// It counts what it judged, and stops at an input named with StopAt until GoOn.
class ScriptedMachine {
 public:
  explicit ScriptedMachine(const core::StateReader& state) : state_(state) {}

  // The writer's thread.
  absl::StatusOr<core::Outcome> Apply(const core::Input& input);

  // Any thread. The input is a check of this key.
  void StopAt(const std::string& key);
  void AwaitStop();
  void GoOn();
  // Goes on, and waits until it stops there.
  void GoOnUntil(const std::string& key);
  void AwaitTicks(int count);
  // How often a check of this key was judged.
  int judged(const std::string& key) const;

 private:
  core::Outcome Judge(const core::Input& input, const core::CheckInput& check) const;
  core::Outcome Recorded(const core::Input& input, core::Answer answer) const;
  void Note(const core::Input& input);

  const core::StateReader& state_;
  mutable Mutex mutex_;
  CondVar changed_;
  std::multiset<std::string> judged_ FUNDGATE_GUARDED_BY(mutex_);
  int ticks_ FUNDGATE_GUARDED_BY(mutex_) = 0;
  std::string stop_at_ FUNDGATE_GUARDED_BY(mutex_);
  bool stopped_ FUNDGATE_GUARDED_BY(mutex_) = false;
};

class Bench {
 public:
  explicit Bench(Options options = {});
  ~Bench();

  Answer Submit(core::Input input, std::optional<absl::Duration> time_left = std::nullopt);
  Answer Check(const std::string& key, std::optional<absl::Duration> time_left = std::nullopt);
  // A check that waits for the source "till".
  Answer WaitingCheck(const std::string& key,
                      std::optional<absl::Duration> time_left = std::nullopt);
  // The source "till" is proven up to the present input time.
  Answer Prove();
  // Waits until everything submitted before is judged and, unless it is parked, answered.
  void Settle();

  // The keys of the checks in the journal, in order; "ingest" and so on for the others;
  // without those of Settle.
  std::vector<std::string> Journal() const;
  size_t probe_requests() const;
  void AwaitProbeRequests(size_t count);
  // What the sequencer died of; waits for it.
  absl::Status AwaitDeath();

  ManualClock clock;
  FakeStore store;
  InputClock input_clock{clock.sources(), absl::InfinitePast()};
  ScriptedMachine machine{store.state()};
  std::unique_ptr<Sequencer> sequencer;

 private:
  std::promise<absl::Status> death_;
  mutable Mutex mutex_;
  CondVar changed_;
  size_t probe_requests_ FUNDGATE_GUARDED_BY(mutex_) = 0;
  int settled_ = 0;
};

}  // namespace fundgate::sequencer

#endif  // TESTS_SEQUENCER_BENCH_H_
