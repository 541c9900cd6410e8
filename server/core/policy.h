// The compiled policy: what the machine runs. Built from the policy document by server/policy,
// immutable afterwards, shared by pointer between threads.
#ifndef SERVER_CORE_POLICY_H_
#define SERVER_CORE_POLICY_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "fundgate/types/ids.h"
#include "fundgate/types/money.h"
#include "server/core/breaker_rules.h"
#include "server/core/budget.h"
#include "server/core/degradation.h"
#include "server/core/facts.h"
#include "server/core/movement.h"
#include "server/core/plan_definition.h"
#include "server/core/responses.h"
#include "server/core/rules/rule.h"
#include "server/core/rules/rule_facts.h"
#include "server/core/verdict.h"
#include "server/core/windows/definition.h"
#include "server/expression/program.h"

namespace fundgate::core {

// Integer counters for one thing in one currency. Currency is part of every book's key.
struct BookDefinition {
  std::string name;
  bool by_order = false;              // key is [account_id, order_id]; otherwise [account_id]
  std::vector<std::string> counters;  // a counter's number in records is its place here
  bool single_currency = false;       // all books of one key must be in the first one's currency
  std::vector<SourceName> sources;    // derived: who feeds any of its counters; sorted
};

// What one movement of a kind adds to a counter, or takes from it.
struct Effect {
  size_t book = 0;     // index into Policy::books
  size_t counter = 0;  // index into that book's counters
  int sign = 1;        // +1 or -1
  std::string amount;  // a part's name; empty for the movement's own amount
};

struct MovementDefinition {
  MovementKind kind;
  std::vector<Effect> effects;
  // True for kinds declared with `parts`: one key may cover many orders, and its events arrive as
  // several rows, each with its own part key. Otherwise one key is one order and one row.
  bool many_lines = false;
  std::vector<std::string> parts;     // parts that must add up to each line's amount; may be empty
  bool reversible = false;            // a shrinking or vanishing row is normal
  std::vector<std::string> identity;  // attributes that belong to the key's fingerprint
  bool gated = false;                 // has a checkpoint of its name
  std::optional<absl::Time> gated_from;  // events before it are history, never "ungated"
  std::vector<SourceName> sources;       // derived: who reports movements of this kind; sorted
};

struct CheckpointDefinition {
  MovementKind kind;
  size_t movement = 0;  // index into Policy::movements
  absl::Duration max_staleness = absl::Seconds(5);
  Verdict when_stale = Verdict::kHold;     // a needed source is not proven recently enough
  Verdict when_unproven = Verdict::kHold;  // knowledge is missing: a gap, patience ran out
  Verdict when_error = Verdict::kHold;     // arithmetic or an expression failed; never kAllow
  Verdict when_overloaded = Verdict::kHold;
  Verdict when_unreachable = Verdict::kHold;
  // Rows for smaller amounts, in one currency, the smallest first.
  std::vector<AmountStep> by_amount = {};
  // What may be allowed on declared ALLOWs above, by the gate until the sources are proven again,
  // and by leases: both together.
  std::optional<Budget> blind_budget;
  std::optional<LeaseTerms> lease = {};
  absl::Duration patience = absl::Milliseconds(200);  // longest wait for proof before UNPROVEN
  absl::Duration valid_for = absl::Minutes(2);        // an ALLOW may be acted on for this long
  absl::Duration overdue_after = absl::Minutes(10);   // > valid_for; from the decision
  bool auto_release = false;                          // `auto_release: proven`: see reservation.h
  absl::Duration auto_release_grace = absl::Minutes(1);
  std::vector<SourceName> sources;  // derived: who feeds the books it is judged by; sorted
  std::vector<size_t> rules;    // derived: into Policy::rules, those that can be true of it; sorted
  std::vector<size_t> windows;  // derived: into Policy::windows, those that count it; sorted

  // What the matrix says of an amount.
  Verdict AnswerTo(Condition condition, const Money& amount) const;
  // Whether it says ALLOW of any amount.
  bool MayAllow(Condition condition) const;
};

// How raising a counter can change an invariant.
enum class Influence : uint8_t { kNone, kTightens, kLoosens };

enum class OnEvent : uint8_t { kAlert, kFreeze, kTrip };

enum class ViolationKind : uint8_t;  // records.h

// A boolean expression over the counters of one book, which must hold.
struct InvariantDefinition {
  std::string name;
  size_t book = 0;
  expression::Program holds;         // slots are the book's counters, in their order, as int64
  std::string text;                  // the expression as written, for explanations
  std::vector<Influence> influence;  // by counter
  Verdict otherwise = Verdict::kBlock;
  OnEvent on_event = OnEvent::kAlert;
  std::vector<SourceName> cures;  // derived: who reports kinds that MayCure it; sorted
};

// A table of a source and what its rows may be.
struct SourceTable {
  std::string name;                // "pay.refund"
  std::vector<std::string> emits;  // kinds of movements and facts; sorted
};

struct SourceDefinition {
  SourceName name;
  std::vector<MovementKind> emits;  // sorted
  std::vector<std::string> facts;   // names of those it reports; sorted
  uint64_t mapping_version = 0;  // a hash of its declaration: feeders with another one are refused
  // Those that can be read anew, in the order in which the policy names them; none of a source that
  // has no tables.
  std::vector<SourceTable> tables;
  bool begins_with_snapshot = false;  // of these, instead of with the oldest of its log
};

// What an attribute of checks must be. In the order of the kinds of AttributeValue.
enum class AttributeType : uint8_t { kString, kInt, kBool, kMoney };
std::string_view ToString(AttributeType type);  // "string"

// A rule over events has slots of its own.
struct EventRuleDefinition {
  RuleDefinition rule;
  std::vector<RuleFact> facts;
};

// Texts and lists that expressions view.
struct PolicyConstants {
  std::deque<std::string> texts;
  std::deque<std::vector<expression::Value>> lists;
};

class EventCheck;  // verification/check.h

// All of it. Lists are sorted by name, so that order never depends on how the document was read.
struct Policy {
  std::vector<BookDefinition> books;
  std::vector<MovementDefinition> movements;
  std::vector<CheckpointDefinition> checkpoints;
  std::vector<InvariantDefinition> invariants;
  std::vector<SourceDefinition> sources;
  std::vector<FactDefinition> facts;
  std::vector<std::shared_ptr<const EventCheck>> checks;  // between events, by their ids
  // Into `checks`, by the name of the events they are about; of guards "guards.NAME".
  std::map<std::string, std::vector<size_t>, std::less<>> checks_of_event;
  std::vector<WindowDefinition> windows;
  // Into `windows`, by the name of the events that they count.
  std::map<std::string, std::vector<size_t>, std::less<>> windows_of_event;
  std::vector<RuleDefinition> rules;
  std::vector<RuleFact> check_facts;  // the slots of rules over checks
  // Rules over events, by the event's name; sorted by their own.
  std::map<std::string, std::vector<EventRuleDefinition>, std::less<>> event_rules;
  std::deque<PolicyConstants> constants;                         // what facts of rules view
  std::map<std::string, AttributeType, std::less<>> attributes;  // that are declared
  // What a movement event that does not fit leads to, besides the violation; kinds that are missing
  // only alert. Never of invariants, which say it themselves.
  std::map<ViolationKind, OnEvent> on_violation;
  absl::Duration key_retention = absl::Hours(24 * 400);
  Responses responses;
  std::vector<BreakerRule> breaker_rules;  // by name
  // Scopes whose breakers only two people loosen: "*", "refund", "refund/account"; sorted.
  std::vector<std::string> two_person;
  std::vector<PlanDefinition> plans;  // by name

  // Each returns the named entry, or null. Binary searches.
  const MovementDefinition* FindMovement(const MovementKind& kind) const;
  const CheckpointDefinition* FindCheckpoint(const MovementKind& kind) const;
  const SourceDefinition* FindSource(const SourceName& name) const;
  const BookDefinition* FindBook(std::string_view name) const;
  const FactDefinition* FindFact(std::string_view name) const;
  // Of rules over checks and over events alike: their names are different. Who alerts somebody of a
  // violation or a reason with a rule's name finds the owner and the runbook here.
  const RuleDefinition* FindRule(std::string_view name) const;

  const BreakerRule* FindBreakerRule(std::string_view name) const;
  const PlanDefinition* FindPlan(std::string_view name) const;

  // Every rule with what it looks at, "check" or "event.NAME", by the rule's name.
  std::vector<std::pair<std::string, const RuleDefinition*>> AllRules() const;

  OnEvent OnViolation(ViolationKind kind) const;
};

// True if events of the kind can make the invariant hold again in what is normal weather: they
// loosen it, they may be taken back, or they say that something allowed has failed.
bool MayCure(const MovementDefinition& movement, const InvariantDefinition& invariant);

}  // namespace fundgate::core

#endif  // SERVER_CORE_POLICY_H_
