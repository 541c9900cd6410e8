// A machine with its state and time in a test's hands, and short words for what happens to it.
#ifndef TESTS_CORE_WORLD_H_
#define TESTS_CORE_WORLD_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "server/core/input.h"
#include "server/core/machine.h"
#include "server/core/outcome.h"
#include "server/core/state.h"

namespace fundgate::core::testing {

// "CNY 12.34" as Money; the test ends if it is none.
Money M(std::string_view text);

// A contribution that happened, of account m1, order o1 and CNY 100.00 unless changed.
struct Row {
  std::string key = "k1";
  std::string account = "m1";
  std::string order = "o1";
  std::string amount = "CNY 100.00";
  std::string net;  // with `fee`: the line's parts
  std::string fee;
  std::string part_key;
  MovementStatus status = MovementStatus::kHappened;

  Contribution ToContribution() const;
};

class World {
 public:
  // The worked policy is applied, its source fed by this world and proven now.
  explicit World(const std::function<void(Policy&)>& adjust = nullptr);

  absl::Time now() const { return now_; }
  void Advance(absl::Duration duration) { now_ += duration; }

  // Judges one input at `now`, keeps its changes, and returns the answer.
  Answer Put(decltype(Input::body) body);
  // The same for an answer of a known kind; the test fails if it is another.
  template <typename Expected>
  Expected Get(decltype(Input::body) body) {
    const Answer answer = Put(std::move(body));
    if (const auto* expected = std::get_if<Expected>(&answer)) return *expected;
    Complain(answer);
    return {};
  }
  // The code of a refusal; OK if it was none.
  absl::StatusCode RefusalOf(decltype(Input::body) body);

  // A check of account m1, order o1; cash_out and payout name no order.
  CheckInput NewCheck(const std::string& kind, const std::string& key, const std::string& amount,
                      const std::string& order = "o1") const;
  // Judges it finally: it does not wait.
  Decision Check(const std::string& kind, const std::string& key, const std::string& amount,
                 const std::string& order = "o1");
  Decision Check(CheckInput check);

  // Events of the source "ledger", one transaction each, a millisecond after what came before; a
  // row's number is its primary key.
  IngestAnswer Insert(const std::string& kind, int row, const Row& after);
  IngestAnswer Update(const std::string& kind, int row, const Row& before, const Row& after);
  IngestAnswer Delete(const std::string& kind, int row, const Row& before);
  IngestAnswer Feed(std::vector<Event> events);
  // A part of a transaction without events, and a probe of what is applied then.
  void FeedPart(bool inside_transaction);
  // The source's head was read now (or just after `read_after`), and is applied.
  void Prove() { ProveAsOf(now_); }
  void ProveAsOf(absl::Time read_after);

  // From now on the ledger may tell again, under other names, what it has told.
  void BeginAgain();

  Event NewEvent(const std::string& kind, int row, std::optional<Contribution> before,
                 std::optional<Contribution> after);

  Counter OrderCounter(const std::string& counter, const std::string& order = "o1",
                       const std::string& account = "m1",
                       const std::string& currency = "CNY") const;
  Counter MerchantCounter(const std::string& counter, const std::string& account = "m1") const;
  const KeyRecord& Key(const std::string& kind, const std::string& key) const;
  // The names of all violations so far, in order.
  std::vector<std::string> Violations() const;

  const MemoryState& state() const { return state_; }
  MemoryState& state() { return state_; }

 private:
  static void Complain(const Answer& answer);

  MemoryState state_;
  Machine machine_{state_};
  absl::Time now_ = absl::FromUnixSeconds(1'800'000'000);
  uint64_t offset_ = 0;
};

// The codes of a decision's reasons that deny, as text: "INVARIANT", in order.
std::vector<std::string> Codes(const Decision& decision);

}  // namespace fundgate::core::testing

#endif  // TESTS_CORE_WORLD_H_
