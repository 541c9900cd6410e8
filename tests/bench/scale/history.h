// What happened to the orders of a filled store, as inputs of the machine: each is paid once and
// refunded some times, by checks and by what the ledger then says.
#ifndef TESTS_BENCH_SCALE_HISTORY_H_
#define TESTS_BENCH_SCALE_HISTORY_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/core/input.h"
#include "server/core/machine.h"
#include "server/core/outcome.h"
#include "server/core/state.h"
#include "server/store/store.h"
#include "tests/bench/load/population.h"

namespace fundgate::bench {

// config/policy.yaml.
std::string WorkedPolicy();
absl::StatusOr<std::shared_ptr<const core::Policy>> CompileWorkedPolicy(std::string_view text);

// The keys of a population in time: key `number` got its last change at `begun` + number * step.
struct Timeline {
  Population population;
  absl::Time begun;
  absl::Duration step;

  uint64_t FirstKey() const { return population.first_order() * population.keys_of_order(); }
  absl::Time ChangedAt(uint64_t number) const {
    return begun + step * static_cast<int64_t>(number);
  }
  absl::Time CheckedAt(uint64_t number) const { return ChangedAt(number) - step / 2; }
};

// Of the key `number` of all orders since order 0, which was told as the ledger's event of that
// position; a refund's check came just before it.
Position PositionOf(uint64_t key);
std::string EventOf(uint64_t key);
// Behind the policy and the epoch each payment is one record of the journal, each refund two.
Sequence CheckSequenceOf(uint64_t key, uint64_t keys_of_order);
// Of the first record behind those of so many orders.
Sequence SequenceBehind(uint64_t orders, uint64_t keys_of_order);

const SourceName& Ledger();

// Puts inputs into a machine; whatever they change is handed to the keeper.
class History {
 public:
  using Keeper = std::function<absl::Status(const core::Input&, const core::Outcome&)>;

  // `state` must show what the keeper was handed.
  History(const core::StateReader& state, Keeper keeper)
      : state_(state), machine_(state), keeper_(std::move(keeper)) {}

  // The policy and the ledger's epoch, a moment before `time`.
  absl::Status Begin(absl::Time time);
  // Nothing more has happened up to this position: proven at `time`.
  absl::Status Prove(const Position& position, absl::Time time);
  // One order after another, those before it first.
  absl::Status Live(const Timeline& timeline, uint64_t order);
  // Ticks until no key must be looked at any more by then.
  absl::Status Rest(absl::Time until);

 private:
  absl::Status Put(absl::Time time, decltype(core::Input::body) body);
  absl::Status Tell(const Timeline& timeline, uint64_t number);

  const core::StateReader& state_;
  const core::Machine machine_;
  const Keeper keeper_;
};

}  // namespace fundgate::bench

#endif  // TESTS_BENCH_SCALE_HISTORY_H_
