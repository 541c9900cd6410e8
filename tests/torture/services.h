// Payment services that do business at a gate and in its database, whatever becomes of either.
#ifndef TESTS_TORTURE_SERVICES_H_
#define TESTS_TORTURE_SERVICES_H_

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "fundgate/v1/gate.pb.h"
#include "tests/torture/history.h"

namespace fundgate::torture {

// A decision as it was heard, in all its words that must stay.
struct HeardDecision {
  std::string id;
  std::string key;
  std::string words;
  bool replayed = false;
};

// What of a decision never changes: not how its reservation stands, nor who asked.
std::string WordsOf(const v1::Decision& decision);

// How often what was heard.
struct Counts {
  std::atomic<int64_t> allowed = 0;
  std::atomic<int64_t> held = 0;
  std::atomic<int64_t> blocked = 0;
  std::atomic<int64_t> calls = 0;
  std::atomic<int64_t> unheard = 0;    // calls without an answer
  std::atomic<int64_t> exhausted = 0;  // of them, RESOURCE_EXHAUSTED
  std::atomic<int64_t> rows = 0;       // committed
};

// Orders that are open, and what was done about each.
class Shop {
 public:
  // So many orders are open at a time, each for about so many operations.
  Shop(int open, size_t operations);

  struct Order {
    std::string name;
    std::mutex mutex;  // guards the rest
    std::vector<Operation> operations;
    std::vector<std::pair<std::string, int64_t>> refunds;  // keys and amounts that were asked for
    int busy = 0;                                          // clients that are at it
    bool closed = false;
  };

  // An open order; it stays until it is given back.
  std::shared_ptr<Order> Borrow(std::mt19937_64& random);
  void GiveBack(const std::shared_ptr<Order>& order);

  // Closed orders that nobody is at, as they come. With `all` also the open ones.
  std::vector<History> TakeFinished(bool all);

 private:
  const size_t operations_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<Order>> open_;
  std::vector<History> finished_;
  int next_ = 0;
};

// Where services find what they talk to.
struct Places {
  std::string gate;            // its address
  uint16_t database_port = 0;  // on 127.0.0.1
};

// So many clients, each on a thread of its own, until they are stopped.
class Services {
 public:
  Services(const Places& places, Shop& shop, int clients, uint64_t seed);
  ~Services();

  // They complete what they are at. Gate and database must serve.
  void Stop();

  const Counts& counts() const { return counts_; }

  // Every ALLOW and every other decision that was heard since the last call.
  std::vector<HeardDecision> TakeHeard();

 private:
  class Client;

  Counts counts_;
  std::atomic<bool> stop_ = false;
  std::atomic<bool> give_up_ = false;
  std::mutex mutex_;  // guards heard_
  std::vector<HeardDecision> heard_;
  std::vector<std::thread> threads_;
};

// "1.05" for 105.
std::string Yuan(int64_t fen);

Instant Now();

}  // namespace fundgate::torture

#endif  // TESTS_TORTURE_SERVICES_H_
