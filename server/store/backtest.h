// The past, judged again by another policy.
#ifndef SERVER_STORE_BACKTEST_H_
#define SERVER_STORE_BACKTEST_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/core/input.h"
#include "server/core/machine.h"
#include "server/core/state.h"
#include "server/store/store.h"
#include "server/store/view.h"

namespace fundgate::store {

// How many movements, and how much money.
struct BacktestSum {
  int64_t movements = 0;
  std::map<Currency, int64_t> minor_units;  // a sum past 64 bits stays at the largest number

  void Add(const Money& amount);
  friend bool operator==(const BacktestSum&, const BacktestSum&) = default;
};

// Counts movements and not checks: all that was asked for one key is one movement. Its answer is
// ALLOW if it was allowed once, else the newest one.
struct BacktestReport {
  static constexpr size_t kMaxExamples = 10;

  struct Turn {
    MovementKind checkpoint;
    core::Verdict before = core::Verdict::kAllow;
    core::Verdict after = core::Verdict::kAllow;

    friend auto operator<=>(const Turn&, const Turn&) = default;
  };
  struct Turned {
    BacktestSum sum;
    std::vector<std::string> decision_ids;  // of the past, the first kMaxExamples
  };
  struct ReasonChange {
    BacktestSum before;
    BacktestSum after;
  };

  BacktestSum judged;             // all that were judged by the candidate
  BacktestSum refused;            // of them those whose checkpoint it has no more, or not like this
  std::map<Turn, Turned> turned;  // answered otherwise
  std::map<std::pair<core::ReasonCode, std::string>, ReasonChange> reasons;  // by code and name
};

struct BacktestOptions {
  PolicyCompiler compile_policy;  // for the policies of the past
  std::string candidate_text;
  std::shared_ptr<const core::Policy> candidate;
  absl::Time from = absl::InfinitePast();  // the candidate is in force from then on
};

// Replays the journal into a state in memory: up to `from` as it was, from there on by the
// candidate, which no later policy replaces. What sources reported is the past and stays as it was,
// also where the candidate wouldn't have allowed it; its Confirms and Releases are refused then.
//
// A check that has to wait for proof is judged again as the gate does: after each batch of events
// until it is proven, and at the end of its patience without it.
//
// The state of the whole past is kept in memory. Used by one thread.
class Backtest {
 public:
  explicit Backtest(BacktestOptions options);

  // The next record of the journal, from the first on. FAILED_PRECONDITION if the candidate can't
  // follow the policy of then; DATA_LOSS if a policy of the past can't be compiled.
  absl::Status Apply(JournalEntry entry);

  // After the last record: answers the checks that still wait, and returns what was found.
  absl::StatusOr<BacktestReport> Finish();

 private:
  // A check of the past, and what was answered to it.
  struct PastCheck {
    core::Input input;
    Sequence sequence = 0;
    core::Decision answer;
    absl::Time give_up_at;  // once it waits
  };
  // An answer to a movement, of the past or of the candidate.
  struct Answered {
    core::Verdict verdict = core::Verdict::kHold;
    std::string decision_id;
    std::vector<std::pair<core::ReasonCode, std::string>> reasons;
  };
  struct Movement {
    Money amount;
    std::optional<Answered> before;
    std::optional<Answered> after;  // none: refused
  };

  absl::Status ApplyCandidate(const JournalEntry& entry);
  absl::Status Judge(PastCheck check, absl::Time now, bool may_wait);
  absl::Status JudgeWaiting(absl::Time now, bool is_proof);
  absl::StatusOr<core::Outcome> Run(core::Input input, Sequence sequence);
  static void Note(const core::Decision& decision, std::optional<Answered>& answered);

  const BacktestOptions options_;
  bool by_candidate_ = false;
  core::MemoryState state_;
  core::Machine machine_{state_};
  std::vector<PastCheck> waiting_;
  std::map<core::KeyId, Movement> movements_;
};

}  // namespace fundgate::store

#endif  // SERVER_STORE_BACKTEST_H_
