// Checks as work to measure: the machine with the worked example's policy and orders to refund.
#ifndef TESTS_BENCH_DECIDING_H_
#define TESTS_BENCH_DECIDING_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "server/core/input.h"
#include "server/core/machine.h"
#include "server/core/outcome.h"
#include "server/core/state.h"
#include "tests/bench/hashed_state.h"

namespace fundgate::bench {

class Deciding {
 public:
  // Changes the state by an outcome.
  using Keeper = std::function<void(const core::Input& input, const core::Outcome& outcome)>;

  // In a state in memory of its own: config/policy.yaml, 1,000 accounts with 10 orders each, all
  // paid, their source proven.
  Deciding();
  // The same in a state that `keeper` changes; it must be empty and outlive this.
  Deciding(const core::StateReader& state, Keeper keeper);

  // Refunds with new keys, over all orders in turn.
  std::vector<core::Input> MakeChecks(size_t count);
  // Judges a check, which must be allowed, and keeps its changes if asked to.
  void Judge(const core::Input& check, bool keeps_changes);

  // The first thing that went wrong; empty: nothing.
  const std::string& error() const { return error_; }

 private:
  void Begin();
  core::Answer Put(decltype(core::Input::body) body);
  void Pay(size_t first, size_t count);
  void Fail(std::string what);

  HashedState own_state_;
  const core::StateReader& state_;
  const Keeper keep_;
  core::Machine machine_{state_};
  absl::Time now_ = absl::FromUnixSeconds(1'800'000'000);
  uint64_t offset_ = 0;
  uint64_t checks_ = 0;
  std::string error_;
};

}  // namespace fundgate::bench

#endif  // TESTS_BENCH_DECIDING_H_
