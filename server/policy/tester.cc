#include "server/policy/tester.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "fundgate/types/checked.h"
#include "fundgate/types/status_macros.h"
#include "fundgate/v1/money.pb.h"
#include "fundgate/v1/value.pb.h"
#include "server/core/machine.h"
#include "server/core/state.h"
#include "server/core/verification/check.h"
#include "server/policy/scalars.h"

namespace fundgate::policy {
namespace {

// What a test that expects nothing of a sort writes.
constexpr char kNone[] = "none";

// Every test begins at the same moment: 2027-01-15T08:00:00Z.
constexpr int64_t kStartSeconds = 1'800'000'000;

absl::StatusOr<Money> ToMoney(const ::fundgate::v1::Money& message) {
  FUNDGATE_ASSIGN_OR_RETURN(const Currency currency, Currency::FromCode(message.currency_code()));
  return Money{currency, message.minor_units()};
}

core::AttributeValue ToAttribute(const ::fundgate::v1::Value& value) {
  switch (value.kind_case()) {
    case ::fundgate::v1::Value::kIntValue:
      return value.int_value();
    case ::fundgate::v1::Value::kBoolValue:
      return value.bool_value();
    case ::fundgate::v1::Value::kMoneyValue:
      return ToMoney(value.money_value()).value_or(Money{});
    default:
      return value.string_value();
  }
}

// The fields of a fact, each of its declared type; Validate() has seen that they are.
core::Attributes ToFields(const core::FactDefinition& definition,
                          const google::protobuf::Map<std::string, ::fundgate::v1::Value>& fields) {
  core::Attributes converted;
  for (const auto& [name, value] : fields) {
    const core::FactDefinition::Field* field = definition.FindField(name);
    if (field != nullptr && field->type == core::FactType::kMoney) {
      converted.emplace(name, Money::Parse(value.string_value()).value_or(Money{}));
    } else {
      converted.emplace(name, ToAttribute(value));
    }
  }
  return converted;
}

template <typename Parts>
absl::StatusOr<core::Line> ToLine(const std::string& order, const Money& amount,
                                  const Parts& parts) {
  core::Line line{OrderId(order), amount.minor_units, {}};
  for (const auto& [name, money] : parts) {
    if (money.currency_code() != amount.currency.code()) {
      return absl::InvalidArgumentError(
          absl::StrCat("parts.", name, " is in another currency than the amount"));
    }
    line.parts.emplace_back(name, money.minor_units());
  }
  std::sort(line.parts.begin(), line.parts.end());
  return line;
}

absl::Status AddLine(core::CheckInput& input, const std::string& order, const Money& amount,
                     const google::protobuf::Map<std::string, ::fundgate::v1::Money>& parts) {
  if (amount.currency != input.amount.currency) {
    return absl::InvalidArgumentError("the lines are in other currencies than the amount");
  }
  FUNDGATE_ASSIGN_OR_RETURN(core::Line line, ToLine(order, amount, parts));
  input.lines.push_back(std::move(line));
  return absl::OkStatus();
}

absl::StatusOr<Money> SumOf(const v1::TestCheck& check) {
  FUNDGATE_ASSIGN_OR_RETURN(Money sum, ToMoney(check.lines(0).amount()));
  for (int i = 1; i < check.lines_size(); ++i) {
    FUNDGATE_ASSIGN_OR_RETURN(const Money amount, ToMoney(check.lines(i).amount()));
    FUNDGATE_ASSIGN_OR_RETURN(sum, sum.Plus(amount));
  }
  return sum;
}

absl::StatusOr<core::CheckInput> ToInput(const v1::TestCheck& check, absl::Time now) {
  core::CheckInput input;
  input.key = {MovementKind(check.checkpoint()), IdempotencyKey(check.idempotency_key())};
  input.account = AccountId(check.account_id());
  input.arrived_at = now;
  input.may_wait = false;
  for (const auto& [name, value] : check.attributes()) {
    input.attributes.emplace(name, ToAttribute(value));
  }
  FUNDGATE_ASSIGN_OR_RETURN(input.amount,
                            check.has_amount() ? ToMoney(check.amount()) : SumOf(check));
  if (check.lines().empty()) {
    FUNDGATE_RETURN_IF_ERROR(AddLine(input, check.order_id(), input.amount, check.parts()));
    return input;
  }
  for (const v1::TestLine& line : check.lines()) {
    FUNDGATE_ASSIGN_OR_RETURN(const Money amount, ToMoney(line.amount()));
    FUNDGATE_RETURN_IF_ERROR(AddLine(input, line.order_id(), amount, line.parts()));
  }
  std::sort(input.lines.begin(), input.lines.end(),
            [](const core::Line& a, const core::Line& b) { return a.order < b.order; });
  return input;
}

core::MovementStatus ToStatus(v1::EventStatus status) {
  switch (status) {
    case v1::EVENT_STATUS_IN_PROGRESS:
      return core::MovementStatus::kInProgress;
    case v1::EVENT_STATUS_FAILED:
      return core::MovementStatus::kFailed;
    default:
      return core::MovementStatus::kHappened;
  }
}

// One test's world: a machine with empty books, its sources fed from here.
class Run {
 public:
  // `loaded` must outlive the run.
  Run(const LoadedPolicy& loaded, bool proven)
      : document_(loaded.document), policy_(loaded.policy), proven_(proven) {}

  absl::Status Start() {
    core::ApplyPolicyInput apply;
    apply.policy = policy_;
    FUNDGATE_RETURN_IF_ERROR(Put(std::move(apply)).status());
    for (const core::SourceDefinition& source : policy_->sources) {
      core::GrantEpochInput grant;
      grant.source = source.name;
      grant.mapping_version = source.mapping_version;
      FUNDGATE_RETURN_IF_ERROR(Put(std::move(grant)).status());
    }
    return absl::OkStatus();
  }

  absl::Status Take(const v1::Step& step) {
    if (step.has_advance()) {
      now_ += ToDuration(step.advance());
      FUNDGATE_RETURN_IF_ERROR(Put(core::TickInput{}).status());
      return Prove();
    }
    if (step.has_check()) return CheckRepeatedly(step.check());
    if (step.has_confirm()) return Confirm(step.confirm());
    if (step.has_release()) return Release(step.release());
    if (step.has_trip()) return Trip(step.trip());
    for (const auto& [name, fact] : step.fact()) return FeedFact(name, fact);
    for (const auto& [name, change] : step.guarded()) return FeedGuarded(name, change);
    for (const auto& [kind, event] : step.events()) return Feed(kind, event);
    return absl::OkStatus();
  }

  // Proves the sources once more, so that nothing that waits for proof is left.
  absl::Status End() { return Prove(); }

  // Those found so far.
  std::vector<core::Violation> violations() const { return state_.violations(); }

  absl::StatusOr<core::Decision> Check(const v1::TestCheck& check) {
    FUNDGATE_RETURN_IF_ERROR(Prove());
    FUNDGATE_ASSIGN_OR_RETURN(core::CheckInput input, ToInput(check, now_));
    FUNDGATE_ASSIGN_OR_RETURN(core::Answer answer, Put(std::move(input)));
    auto* decision = std::get_if<core::Decision>(&answer);
    if (decision == nullptr) return absl::InternalError("the check was not answered");
    return std::move(*decision);
  }

 private:
  absl::Status CheckRepeatedly(const v1::TestCheck& check) {
    if (check.repeat() == 0) return Check(check).status();
    for (int64_t i = 1; i <= check.repeat(); ++i) {
      v1::TestCheck one = check;
      one.set_idempotency_key(absl::StrCat(check.idempotency_key(), "-", i));
      FUNDGATE_RETURN_IF_ERROR(Check(one).status());
    }
    return absl::OkStatus();
  }

  absl::StatusOr<core::Answer> Put(decltype(core::Input::body) body) {
    FUNDGATE_ASSIGN_OR_RETURN(core::Outcome outcome,
                              machine_.Apply(core::Input{now_, std::move(body)}));
    if (outcome.recorded) state_.Absorb(outcome.changes);
    if (const auto* refusal = std::get_if<core::Refusal>(&outcome.answer)) return refusal->status;
    return std::move(outcome.answer);
  }

  // The decision that the step's key has now.
  absl::StatusOr<std::string> DecisionOf(const core::KeyId& key) const {
    const std::optional<core::KeyRecord> record = state_.Find<core::Keys>(key);
    if (!record.has_value()) return std::string();
    return record->decision.has_value() ? record->decision->id : std::string();
  }

  static core::KeyId KeyOf(const v1::TestKey& key) {
    return {MovementKind(key.checkpoint()), IdempotencyKey(key.idempotency_key())};
  }

  absl::Status Confirm(const v1::TestKey& key) {
    core::ConfirmInput input;
    input.account = AccountId(key.account_id());
    input.key = KeyOf(key);
    FUNDGATE_ASSIGN_OR_RETURN(input.decision_id, DecisionOf(input.key));
    if (key.has_amount()) {
      FUNDGATE_ASSIGN_OR_RETURN(input.amount, ToMoney(key.amount()));
    }
    return Put(std::move(input)).status();
  }

  absl::Status Release(const v1::TestKey& key) {
    core::ReleaseInput input;
    input.account = AccountId(key.account_id());
    input.key = KeyOf(key);
    FUNDGATE_ASSIGN_OR_RETURN(input.decision_id, DecisionOf(input.key));
    input.reason = "a step of a policy test";
    return Put(std::move(input)).status();
  }

  absl::Status Trip(const v1::TestBreaker& breaker) {
    core::TripBreakerInput input;
    input.scope = breaker.scope();
    input.mode = breaker.mode() == v1::VERDICT_BLOCK ? core::Verdict::kBlock : core::Verdict::kHold;
    input.actor = "policy test";
    input.reason = "a step of a policy test";
    return Put(std::move(input)).status();
  }

  core::IngestInput Batch(const core::SourceDefinition& definition) const {
    const core::Source& source = state_.resident().of<core::Sources>().at(definition.name);
    core::IngestInput input;
    input.source = definition.name;
    input.epoch = source.epoch;
    input.previous = source.position;
    input.position = source.position;
    input.mapping_version = definition.mapping_version;
    return input;
  }

  absl::Status Feed(const std::string& kind, const v1::TestEvent& event) {
    const core::MovementDefinition* movement = policy_->FindMovement(MovementKind(kind));
    if (movement == nullptr || movement->sources.empty()) {
      return absl::InvalidArgumentError(absl::StrCat("no source emits ", kind));
    }
    const core::SourceDefinition& source = *policy_->FindSource(movement->sources.front());
    ++events_;
    core::Contribution row;
    row.status = ToStatus(event.status());
    row.key = IdempotencyKey(event.idempotency_key().empty() ? absl::StrCat("event-", events_)
                                                             : event.idempotency_key());
    row.account = AccountId(event.account_id());
    FUNDGATE_ASSIGN_OR_RETURN(const Money amount, ToMoney(event.amount()));
    FUNDGATE_ASSIGN_OR_RETURN(row.line, ToLine(event.order_id(), amount, event.parts()));
    row.currency = amount.currency;
    row.part_key = event.order_id();
    for (const auto& [name, value] : event.attributes()) {
      row.attributes.emplace(name, ToAttribute(value));
    }

    core::MovementEvent change;
    change.kind = movement->kind;
    change.row = {kind, absl::StrCat(events_)};
    change.image_hash = events_;
    change.after = std::move(row);
    return Send(source, std::move(change), event.origin());
  }

  absl::Status FeedFact(const std::string& name, const v1::TestFact& fact) {
    const core::FactDefinition* definition = policy_->FindFact(name);
    if (definition == nullptr || definition->sources.empty()) {
      return absl::InvalidArgumentError(absl::StrCat("no source emits ", name));
    }
    ++events_;
    core::FactEvent said;
    said.name = name;
    if (fact.has_before()) said.before = ToFields(*definition, fact.before().fields());
    if (fact.change() != v1::TEST_CHANGE_DELETE) {
      said.after = ToFields(*definition, fact.fields());
    }
    const core::Attributes& fields = said.after.has_value() ? *said.after : *said.before;
    said.key = core::ToString(fields.at(definition->key));
    const auto account = fields.find(definition->account);
    if (account != fields.end()) said.account = AccountId(core::ToString(account->second));
    return Send(*policy_->FindSource(definition->sources.front()), std::move(said), fact.origin());
  }

  absl::Status FeedGuarded(const std::string& name, const v1::TestGuarded& change) {
    const auto checks = policy_->checks_of_event.find(absl::StrCat("guards.", name));
    if (checks == policy_->checks_of_event.end()) {
      return absl::InvalidArgumentError(absl::StrCat("there is no guard ", name));
    }
    const core::EventCheck& guard = *policy_->checks[checks->second.front()];
    ++events_;
    core::GuardEvent changed;
    changed.guard = name;
    changed.row = {name, absl::StrCat(events_)};
    changed.image_hash = events_;
    if (change.change() == v1::TEST_CHANGE_INSERT) changed.change = core::RowChange::kInsert;
    if (change.change() == v1::TEST_CHANGE_DELETE) changed.change = core::RowChange::kDelete;
    const auto& columns =
        change.columns().empty() ? document_.guards().at(name).columns() : change.columns();
    for (const std::string& column : columns) changed.columns.push_back({column, {}, {}});
    changed.account = AccountId(change.account_id());
    changed.key = IdempotencyKey(change.idempotency_key());
    return Send(*policy_->FindSource(guard.declaration().sources.front()), std::move(changed),
                change.origin());
  }

  // The source's next transaction, of one event.
  absl::Status Send(const core::SourceDefinition& source, decltype(core::Event::body) body,
                    const v1::TestOrigin& origin) {
    core::IngestInput input = Batch(source);
    const std::string position = absl::StrCat(source.name.value(), ":", events_);
    FUNDGATE_ASSIGN_OR_RETURN(input.position, Position::Parse(position));
    core::Event event{absl::StrCat(position, "/0"), now_, std::move(body), {}};
    event.origin.server_id = static_cast<uint64_t>(origin.server_id());
    event.origin.statement = origin.statement();
    event.origin.marks.assign(origin.marks().begin(), origin.marks().end());
    std::sort(event.origin.marks.begin(), event.origin.marks.end());
    input.events.push_back(std::move(event));
    return Put(std::move(input)).status();
  }

  // Every source's head was read just now and is applied.
  absl::Status Prove() {
    if (!proven_) return absl::OkStatus();
    for (const core::SourceDefinition& source : policy_->sources) {
      core::IngestInput input = Batch(source);
      input.probe = core::Probe{input.position, now_};
      FUNDGATE_RETURN_IF_ERROR(Put(std::move(input)).status());
    }
    return absl::OkStatus();
  }

  const v1::Document& document_;
  std::shared_ptr<const core::Policy> policy_;
  bool proven_;
  core::MemoryState state_;
  core::Machine machine_{state_};
  absl::Time now_ = absl::FromUnixSeconds(kStartSeconds);
  uint64_t events_ = 0;
};

std::string ToText(core::Verdict verdict, const std::vector<std::string>& reasons) {
  const std::string text(core::ToString(verdict));
  return reasons.empty() ? text : absl::StrCat(text, " (", absl::StrJoin(reasons, ", "), ")");
}

core::Verdict ToVerdict(v1::Verdict verdict) {
  if (verdict == v1::VERDICT_ALLOW) return core::Verdict::kAllow;
  return verdict == v1::VERDICT_HOLD ? core::Verdict::kHold : core::Verdict::kBlock;
}

// Whether the decision is what was expected; fills in what came.
void CompareDecision(const v1::Expectation& expect, const core::Decision& decision,
                     TestResult& result) {
  std::vector<std::string> reasons;
  std::set<std::string> invariants;
  std::string sentences;
  bool reason_found = expect.reason().empty();
  for (const core::Reason& reason : decision.reasons) {
    if (reason.code == core::ReasonCode::kInvariant) invariants.insert(reason.name);
    const std::string code(core::ToString(reason.code));
    const bool counts = reason.verdict == decision.verdict;
    if (counts)
      reasons.push_back(reason.name.empty() ? code : absl::StrCat(code, " ", reason.name));
    if (counts && (reason.name == expect.reason() || code == expect.reason())) reason_found = true;
    absl::StrAppend(&sentences, "; ", reason.message);
  }
  bool shadow_found =
      expect.shadow().empty() || (expect.shadow() == kNone && decision.shadow_reasons.empty());
  for (const core::Reason& reason : decision.shadow_reasons) {
    if (reason.name == expect.shadow()) shadow_found = true;
    absl::StrAppend(&sentences, "; in shadow, ", reason.message);
  }
  result.invariants.assign(invariants.begin(), invariants.end());
  result.got = ToText(decision.verdict, reasons);
  result.passed = decision.verdict == ToVerdict(expect.verdict()) && reason_found && shadow_found;
  if (!result.passed) {
    result.message = absl::StrCat("expected ", result.expected, ", got ", result.got, sentences);
  }
}

// Whether the violations are what was expected, beside what was found before.
void CompareViolations(const std::string& expected, const std::vector<core::Violation>& violations,
                       TestResult& result) {
  if (expected.empty()) return;
  std::vector<std::string> names;
  std::string sentences;
  bool found = false;
  for (const core::Violation& violation : violations) {
    const std::string kind(core::ToString(violation.kind));
    found |= violation.name == expected || kind == expected;
    names.push_back(violation.name == kind ? kind : absl::StrCat(kind, " ", violation.name));
    absl::StrAppend(&sentences, "; ", violation.message);
  }
  const std::string got =
      names.empty() ? "no violation" : absl::StrCat("violation ", absl::StrJoin(names, ", "));
  absl::StrAppend(&result.got, result.got.empty() ? "" : ", ", got);
  if (expected == kNone ? names.empty() : found) return;
  result.passed = false;
  absl::StrAppend(&result.message, result.message.empty() ? "" : "; ", "expected ",
                  expected == kNone ? "no violation" : "violation " + expected, ", got ", got,
                  sentences);
}

std::string Expected(const v1::Test& test) {
  std::vector<std::string> reasons;
  if (!test.expect().reason().empty()) reasons.push_back(test.expect().reason());
  if (!test.expect().shadow().empty()) {
    reasons.push_back(absl::StrCat("in shadow ", test.expect().shadow()));
  }
  const std::string violation = test.expect().violation().empty() ? ""
                                : test.expect().violation() == kNone
                                    ? "no violation"
                                    : absl::StrCat("violation ", test.expect().violation());
  if (!test.has_check()) return violation;
  return absl::StrCat(ToText(ToVerdict(test.expect().verdict()), reasons),
                      violation.empty() ? "" : ", ", violation);
}

// The test's steps; fills in which one was refused.
absl::Status TakeSteps(const LoadedPolicy& loaded, const v1::Test& test, const std::string& path,
                       Run& run, TestResult& result) {
  FUNDGATE_RETURN_IF_ERROR(run.Start());
  for (int i = 0; i < test.given_size(); ++i) {
    absl::Status status = run.Take(test.given(i));
    if (status.ok()) continue;
    const int line = loaded.places.Find(absl::StrCat(path, ".given[", i, "]")).value.line;
    result.message = absl::StrCat("step ", i + 1, " at line ", line,
                                  " was refused: ", std::string(status.message()));
    result.got = "a refused step";
    return status;
  }
  return absl::OkStatus();
}

TestResult RunOne(const LoadedPolicy& loaded, int index) {
  const v1::Test& test = loaded.document.tests(index);
  const std::string path = absl::StrCat("tests[", index, "]");
  TestResult result;
  result.name = test.name();
  result.line = loaded.places.Find(path).value.line;
  result.expected = Expected(test);

  Run run(loaded, test.sources() != v1::SOURCES_IN_TEST_STALE);
  if (!TakeSteps(loaded, test, path, run, result).ok()) return result;
  result.passed = true;
  if (test.has_check()) {
    const absl::StatusOr<core::Decision> decision = run.Check(test.check());
    if (!decision.ok()) {
      result.passed = false;
      result.got = "a refusal";
      result.message =
          absl::StrCat("the check was refused: ", std::string(decision.status().message()));
      return result;
    }
    CompareDecision(test.expect(), *decision, result);
  }
  if (absl::Status status = run.End(); !status.ok()) {
    result.passed = false;
    result.message = absl::StrCat("the sources can't be proven: ", std::string(status.message()));
    return result;
  }
  CompareViolations(test.expect().violation(), run.violations(), result);
  return result;
}

}  // namespace

std::vector<TestResult> RunTests(const LoadedPolicy& loaded) {
  std::vector<TestResult> results;
  for (int i = 0; i < loaded.document.tests_size(); ++i) results.push_back(RunOne(loaded, i));
  return results;
}

bool AllPassed(const std::vector<TestResult>& results) {
  return std::all_of(results.begin(), results.end(),
                     [](const TestResult& result) { return result.passed; });
}

}  // namespace fundgate::policy
