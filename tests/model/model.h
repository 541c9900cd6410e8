// A second decision machine, written from the rules alone: slow, obvious, and sharing nothing with
// the core but its plain data types. It keeps the history of every key and row, adds the books up
// from it anew whenever it needs them, and counts in 128 bits.
#ifndef TESTS_MODEL_MODEL_H_
#define TESTS_MODEL_MODEL_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "server/core/input.h"
#include "server/core/records.h"
#include "tests/model/facts.h"
#include "tests/model/picture.h"
#include "tests/model/terms.h"

namespace fundgate::model {

// Faults that can be planted in the model, to show that the comparison finds them.
enum class Mutation {
  kNone,
  kCountsRefundTwice,       // in the books
  kForgetsBreakers,         // never asks them
  kReplaysAfterValidUntil,  // answers ALLOW instead of IN_DOUBT
  kTrustsStaleSources,      // never finds a source stale
  kKeepsReleasedPending,    // a release gives nothing back
  kForgetsReactions,        // opens no breaker because of a violation of a movement
  kNeverForgetsRefunds,     // in windows
  kCountsWhatIsSentAgain,   // in windows over events
  kApprovesForEver,         // an approval never runs out
  kPostsWhatIsPast,         // old changes that are told again
};

// What a key was bound to by its first recorded check.
struct Binding {
  AccountId account;
  Money amount;
  core::Lines lines;
  std::string payee;
};

struct Reserved {
  core::ReservationState state = core::ReservationState::kPending;
  Money amount;
  std::vector<Step> open;  // still pending
  absl::Time valid_until;
  absl::Time overdue_at;
  bool overdue = false;
};

// Numbers by counter.
using Amounts = std::map<std::pair<core::BookId, size_t>, Wide>;

// A row of a source under the key that it names or named.
struct RowNow {
  std::string kind;
  std::string part_key;
  AccountId account;  // when it happened last
  OrderId order;
  Amounts posted;        // what is posted of it
  bool counted = false;  // it has happened once, whatever became of it
};
using RowName = std::pair<std::string, core::RowId>;  // source, row

// The newest change of a row that was applied.
struct RowChange {
  core::KeyId key;
  std::string event_id;
  uint64_t image_hash = 0;
  std::optional<core::Contribution> said;  // the row after it
};

// Where a row once stood that named a key.
struct RowPlace {
  AccountId account;
  OrderId order;
  bool counted = false;
};

struct Key {
  core::KeyState state = core::KeyState::kSeen;
  uint32_t generation = 0;
  std::optional<Binding> binding;
  std::string decision_id;
  AnswerPicture decision;
  std::optional<Reserved> reservation;
  bool moved = false;
  bool in_progress = false;
  bool event_seen = false;
  std::map<std::string, int64_t> released;  // amounts by decisions of earlier generations
  std::optional<absl::Time> closed_at;
  absl::Time changed_at;
  // While it is in the queue of holds.
  bool waits = false;
  absl::Time decided_at;
  std::set<std::string> held_by;   // breakers and rules that the newest decision met
  std::set<std::string> approved;  // those that an operator lets it pass
  bool approval_unused = false;    // nothing else held it since
  absl::Time approved_until;
  absl::Time approved_as_of;  // breakers switched later aren't those that were approved
};

struct BreakerNow {
  core::BreakerState state = core::BreakerState::kOpen;
  core::Verdict mode = core::Verdict::kHold;
  int64_t calls = 0;
  Money money;
  std::optional<absl::Time> until;
  absl::Time switched_at;
};

struct SourceNow {
  uint64_t epoch = 0;
  uint64_t position = 0;
  absl::Time proven_past = absl::InfinitePast();
  std::vector<std::pair<uint64_t, absl::Time>> awaited;  // head, read after
  bool coordinates_changed = false;
  bool inside_transaction = false;
};

// A key that was allowed for the first time.
struct AllowedOnce {
  absl::Time at;
  std::string kind;
  AccountId account;
  Money amount;
  core::Lines lines;
  std::map<std::string, std::string> attributes;
};

// A payment that came to its end, as a source told it for the first time.
struct EndedPayment {
  absl::Time at;
  AccountId account;
  bool success = false;
};

// What one rule said of a check that it was true of, or that it could not judge.
struct RuleSaid {
  std::string rule;
  Truth truth = Truth::kNo;  // kOverflow: it can't be judged
  bool counts = false;
  core::Verdict verdict = core::Verdict::kHold;
};

class Model {
 public:
  explicit Model(Terms terms, Mutation mutation = Mutation::kNone)
      : terms_(std::move(terms)), mutation_(mutation) {}

  // What the machine has to answer. Afterwards Look() is what its state has to be.
  AnswerPicture Apply(const core::Input& input);
  StatePicture Look() const;

  // Keys whose reservations the machine released in the tick that comes next. When an overdue key
  // is looked at again is the machine's own business; whether it may be released is not.
  void ExpectReleases(std::set<core::KeyId> keys) { released_by_machine_ = std::move(keys); }

  // Counts an input that the machine recorded although nothing came of it that can be seen: when
  // it looks at a key again is its own business.
  void CountRecorded(absl::Time time) {
    ++sequence_;
    now_ = time;
  }

  const std::map<core::KeyId, Key>& keys() const { return keys_; }
  const std::map<std::string, SourceNow>& sources() const { return sources_; }
  const std::map<std::string, BreakerNow>& breakers() const { return breakers_; }
  // Whether the newest change of the row is still known; false once its key is forgotten.
  bool Remembers(const RowName& row) const { return changes_.contains(row); }
  absl::Time now() const { return now_; }
  uint64_t policy_version() const { return policy_version_; }

 private:
  // Reasons on their way to a decision.
  struct Found {
    std::set<std::string> reasons;
    core::Verdict certain = core::Verdict::kAllow;
    core::Verdict pending = core::Verdict::kAllow;
    bool waits = false;
    std::set<std::string> wait_sources;
    bool blind = false;
    std::set<std::string> held_by;
  };

  // model_check.cc
  AnswerPicture Apply(const core::CheckInput& check);
  bool WellFormed(const core::CheckInput& check) const;
  std::optional<AnswerPicture> AnswerOfKey(const core::CheckInput& check);
  AnswerPicture Judge(const core::CheckInput& check);
  const BreakerNow* BreakerOver(const std::string& scope) const;
  void AskBreakers(const core::CheckInput& check, Found& found) const;
  bool IsApproved(const core::CheckInput& check, const std::string& what) const;
  bool HasRunOut(const Key& key) const;
  bool LetsPass(const core::CheckInput& check, const std::string& scope,
                const BreakerNow& breaker) const;
  void AskFreshness(const core::CheckInput& check, Found& found) const;
  void AskKnowledge(const core::CheckInput& check, const std::vector<Step>& steps,
                    Found& found) const;
  void AskInvariants(const core::CheckInput& check, const std::vector<Step>& steps,
                     Found& found) const;
  void AskInvariant(const InvariantFacts& invariant, const core::BookId& book,
                    const std::vector<Step>& steps, absl::Time arrived_at, Found& found) const;
  bool IsCureLost(const InvariantFacts& invariant, const core::BookId& book) const;
  void Reserve(const core::CheckInput& check, const std::vector<Step>& steps, const Found& found,
               AnswerPicture& answer);
  std::set<std::string> ScopesOver(const core::CheckInput& check) const;
  AnswerPicture Decided(core::Verdict verdict, std::set<std::string> reasons) const;

  // model_rules.cc
  std::vector<RuleSaid> AskRules(const core::CheckInput& check, Found& found) const;
  RuleSaid Ask(const std::string& rule, const core::CheckInput& check) const;
  void NoteRules(const core::CheckInput& check, const std::vector<RuleSaid>& said);
  std::vector<AllowedOnce> InWindow(const std::string& window, const core::CheckInput& check) const;
  Truth PaymentsFail(const AccountId& account) const;
  void LookAtPayment(const core::MovementEvent& change);

  static void Add(Found& found, core::ReasonCode code, const std::string& name,
                  core::Verdict verdict);
  static void AddPending(Found& found, core::ReasonCode code, const std::string& name,
                         core::Verdict verdict);

  // model_commands.cc
  AnswerPicture Apply(const core::ConfirmInput& input);
  AnswerPicture Apply(const core::ReleaseInput& input);
  AnswerPicture Apply(const core::RejectHoldInput& input);
  AnswerPicture Apply(const core::ApproveHoldInput& input);
  // What people say of violations, and what was told to whom, bears on no verdict.
  AnswerPicture Apply(const core::AcknowledgeInput&) { return AnswerPicture(); }
  AnswerPicture Apply(const core::ResolveInput&) { return AnswerPicture(); }
  AnswerPicture Apply(const core::DeliveredInput&) { return AnswerPicture(); }
  // The model's source has no tables that could be read anew: the generator asks for none.
  AnswerPicture Apply(const core::ResnapshotInput&) { return AnswerPicture(); }
  AnswerPicture Apply(const core::CancelResnapshotInput&) { return AnswerPicture(); }
  // Its policy has no plans and leases nothing.
  AnswerPicture Apply(const core::RunPlanInput&) { return AnswerPicture(); }
  AnswerPicture Apply(const core::UndoPlanInput&) { return AnswerPicture(); }
  AnswerPicture Apply(const core::GrantLeaseInput&) { return AnswerPicture(); }
  AnswerPicture Apply(const core::ReportLeaseInput&) { return AnswerPicture(); }
  AnswerPicture Apply(const core::TripBreakerInput& input);
  AnswerPicture Apply(const core::HalfOpenBreakerInput& input);
  AnswerPicture Apply(const core::ResetBreakerInput& input);
  AnswerPicture Apply(const core::ApplyPolicyInput& input);
  AnswerPicture Apply(const core::TickInput& input);
  AnswerPicture Apply(const core::ClockDriftInput& input);
  AnswerPicture Apply(const core::AcceptTimeInput& input);
  void MakeSmaller(Key& key, const core::KeyId& id, const Money& amount);
  bool MayRelease(const core::KeyId& id, const Key& key) const;
  bool LookAfter(const core::KeyId& id, Key& key, bool& forget);
  void Forget(const core::KeyId& id);

  // model_events.cc
  AnswerPicture Apply(const core::GrantEpochInput& input);
  AnswerPicture Apply(const core::IngestInput& input);
  void Happen(const std::string& source, const core::Event& event);
  void Happen(const std::string& source, const core::Event& event,
              const core::MovementEvent& change);
  bool Seen(const std::string& source, const core::Event& event, const core::MovementEvent& change);
  void Count(const RowName& name, const core::Event& event, const core::MovementEvent& change);
  void Undo(const RowName& name, const core::KeyId& key, const core::Contribution& before);
  void Compare(const core::KeyId& id, const Key* key, const core::Contribution& row,
               bool duplicate);
  void CompareAmount(const core::KeyId& id, const Key& key, const core::Contribution& row);
  bool IsOldInsert(const std::string& source, const core::MovementEvent& change) const;
  bool Doubt(const std::string& source, const core::Event& event,
             const core::MovementEvent& change);
  void EndDoubts(const std::string& source, const core::MovementEvent& change);
  void NotePlace(const std::string& source, const core::MovementEvent& change);
  std::set<core::GapScope> Unknown() const;  // gaps and doubts
  void FailLine(Key& key, const OrderId& order);
  void Settle(const core::KeyId& id, const OrderId& order);
  bool IsDuplicate(const RowName& name, const core::KeyId& id, const std::string& part_key) const;
  bool FitsIn(const std::vector<Step>& added) const;
  void Suspect(const std::vector<Step>& steps);
  void JudgeSuspects();
  struct Suspected;
  bool IsSettled(const std::string& name, const core::BookId& book, Suspected& suspected);
  void ActOn(const InvariantFacts& invariant, const core::BookId& book);
  void ActOn(core::ViolationKind kind, const core::KeyId& key, const AccountId& account);
  void Violate(core::ViolationKind kind, const std::string& name, const core::KeyId& key,
               const AccountId& account, const OrderId& order);
  void BindCurrency(const std::vector<Step>& steps);
  void OpenByItself(const std::string& scope);

  // model.cc
  std::vector<Numbers> NumbersOf(const core::BookId& book) const;
  void AddUp(const RowNow& row, Amounts& sums) const;
  void End(Key& key, core::ReservationState state);
  bool IsProven(const std::string& source, absl::Time time) const;
  static AnswerPicture Refused(absl::StatusCode code);
  AnswerPicture Answer(const Key& key) const;

  const Terms terms_;
  const Mutation mutation_;
  uint64_t sequence_ = 0;  // of the input at hand
  absl::Time now_ = absl::InfinitePast();
  bool drifted_ = false;
  uint64_t policy_version_ = 0;
  std::map<core::KeyId, Key> keys_;
  std::map<std::pair<RowName, core::KeyId>, RowNow> rows_;  // all that ever counted
  std::vector<RowNow> history_;                             // those of forgotten keys
  std::map<RowName, RowChange> changes_;
  std::vector<Step> confirmed_;  // posted by confirms where no source reports
  std::map<std::pair<AccountId, OrderId>, Currency> currencies_;  // of orders
  std::set<std::pair<AccountId, OrderId>> closed_;
  std::map<std::string, SourceNow> sources_;
  std::map<std::string, BreakerNow> breakers_;
  std::set<core::GapScope> gaps_;
  std::map<std::pair<RowName, core::KeyId>, RowPlace> places_;
  std::map<std::pair<RowName, core::KeyId>, std::set<core::GapScope>> doubts_;
  // When it was suspected, and every change since that made it worse, with its time.
  struct Suspected {
    absl::Time since;
    std::vector<std::pair<absl::Time, Step>> worse;
  };
  std::map<std::pair<std::string, core::BookId>, Suspected> suspects_;
  std::optional<std::pair<int64_t, int64_t>> blind_spent_;  // calls, minor units
  std::set<core::KeyId> released_by_machine_;
  std::multiset<std::string> violations_;  // of the input at hand
  std::vector<AllowedOnce> allowed_;       // ever
  std::vector<EndedPayment> ended_;        // ever
  std::map<std::string, RulePicture> rules_;
  std::map<int64_t, int> alerts_;  // of many_payees, by minute
};

}  // namespace fundgate::model

#endif  // TESTS_MODEL_MODEL_H_
