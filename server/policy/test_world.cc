#include "server/policy/test_world.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "fundgate/types/checked.h"
#include "fundgate/types/status_macros.h"
#include "fundgate/v1/money.pb.h"
#include "fundgate/v1/value.pb.h"
#include "server/core/verification/check.h"
#include "server/policy/scalars.h"

namespace fundgate::policy {
namespace {

// Who operates in tests, and why.
constexpr char kActor[] = "policy test";
constexpr char kSecondActor[] = "policy test, second person";
constexpr char kReason[] = "a step of a policy test";

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

core::Verdict ToMode(v1::Verdict verdict) {
  return verdict == v1::VERDICT_BLOCK ? core::Verdict::kBlock : core::Verdict::kHold;
}

// Whether what was asked for waits for a second person.
bool Waits(const core::Answer& answer) {
  if (const auto* breaker = std::get_if<core::BreakerAnswer>(&answer)) {
    return breaker->breaker.wanted.has_value();
  }
  const auto* plan = std::get_if<core::PlanAnswer>(&answer);
  return plan != nullptr && plan->in_force && plan->run.undo.has_value();
}

// The section whose entry finds violations of the kind, "matches"; empty if no entry does.
std::string SectionOf(core::ViolationKind kind) {
  switch (kind) {
    case core::ViolationKind::kInvariant:
      return "invariants";
    case core::ViolationKind::kMatchMissing:
    case core::ViolationKind::kMatchDiffers:
      return "matches";
    case core::ViolationKind::kChainBroken:
      return "chains";
    case core::ViolationKind::kTransition:
    case core::ViolationKind::kStuck:
      return "transitions";
    case core::ViolationKind::kGuard:
      return "guards";
    default:
      return "";
  }
}

}  // namespace

void TestWorld::NoteFired(const core::Outcome& outcome) {
  if (const auto* decision = std::get_if<core::Decision>(&outcome.answer)) {
    for (const core::Reason& reason : decision->reasons) {
      if (reason.code != core::ReasonCode::kInvariant) continue;
      fired_.insert(absl::StrCat("invariants.", reason.name));
    }
  }
}

std::set<std::string> TestWorld::Fired() const {
  std::set<std::string> fired = fired_;
  for (const auto& [rule, seen] : state_.of<core::RulesSeen>()) {
    if (seen.hits + seen.shadow_hits > 0) fired.insert(absl::StrCat("rules.", rule));
  }
  for (const core::Violation& violation : state_.violations()) {
    const std::string section = SectionOf(violation.kind);
    fired.insert(section.empty() ? "violations." + std::string(core::ToString(violation.kind))
                                 : absl::StrCat(section, ".", violation.name));
  }
  return fired;
}

absl::Status TestWorld::Start() {
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

absl::Status TestWorld::Take(const v1::Step& step) {
  if (step.has_advance()) {
    now_ += ToDuration(step.advance());
    FUNDGATE_RETURN_IF_ERROR(Put(core::TickInput{}).status());
    return Prove();
  }
  if (step.has_check()) return CheckRepeatedly(step.check());
  if (step.has_confirm()) return Confirm(step.confirm());
  if (step.has_release()) return Release(step.release());
  if (step.has_trip()) return Trip(step.trip());
  if (step.has_half_open()) return HalfOpen(step.half_open());
  if (!step.reset().empty()) return Reset(step.reset());
  if (!step.plan().empty()) return RunPlan(step.plan());
  if (!step.undo().empty()) return UndoPlan(step.undo());
  for (const auto& [name, fact] : step.fact()) return FeedFact(name, fact);
  for (const auto& [name, change] : step.guarded()) return FeedGuarded(name, change);
  for (const auto& [kind, event] : step.events()) return Feed(kind, event);
  return absl::OkStatus();
}

absl::StatusOr<core::Decision> TestWorld::Check(const v1::TestCheck& check) {
  FUNDGATE_RETURN_IF_ERROR(Prove());
  FUNDGATE_ASSIGN_OR_RETURN(core::CheckInput input, ToInput(check, now_));
  FUNDGATE_ASSIGN_OR_RETURN(core::Answer answer, Put(std::move(input)));
  auto* decision = std::get_if<core::Decision>(&answer);
  if (decision == nullptr) return absl::InternalError("the check was not answered");
  return std::move(*decision);
}

absl::Status TestWorld::CheckRepeatedly(const v1::TestCheck& check) {
  if (check.repeat() == 0) return Check(check).status();
  for (int64_t i = 1; i <= check.repeat(); ++i) {
    v1::TestCheck one = check;
    one.set_idempotency_key(absl::StrCat(check.idempotency_key(), "-", i));
    FUNDGATE_RETURN_IF_ERROR(Check(one).status());
  }
  return absl::OkStatus();
}

absl::StatusOr<core::Answer> TestWorld::Put(decltype(core::Input::body) body) {
  FUNDGATE_ASSIGN_OR_RETURN(core::Outcome outcome,
                            machine_.Apply(core::Input{now_, std::move(body)}));
  if (outcome.recorded) state_.Absorb(outcome.changes);
  NoteFired(outcome);
  if (const auto* refusal = std::get_if<core::Refusal>(&outcome.answer)) return refusal->status;
  return std::move(outcome.answer);
}

absl::StatusOr<std::string> TestWorld::DecisionOf(const core::KeyId& key) const {
  const std::optional<core::KeyRecord> record = state_.Find<core::Keys>(key);
  if (!record.has_value()) return std::string();
  return record->decision.has_value() ? record->decision->id.ToString() : std::string();
}

core::KeyId TestWorld::KeyOf(const v1::TestKey& key) {
  return {MovementKind(key.checkpoint()), IdempotencyKey(key.idempotency_key())};
}

absl::Status TestWorld::Confirm(const v1::TestKey& key) {
  core::ConfirmInput input;
  input.account = AccountId(key.account_id());
  input.key = KeyOf(key);
  FUNDGATE_ASSIGN_OR_RETURN(input.decision_id, DecisionOf(input.key));
  if (key.has_amount()) {
    FUNDGATE_ASSIGN_OR_RETURN(input.amount, ToMoney(key.amount()));
  }
  return Put(std::move(input)).status();
}

absl::Status TestWorld::Release(const v1::TestKey& key) {
  core::ReleaseInput input;
  input.account = AccountId(key.account_id());
  input.key = KeyOf(key);
  FUNDGATE_ASSIGN_OR_RETURN(input.decision_id, DecisionOf(input.key));
  input.reason = kReason;
  return Put(std::move(input)).status();
}

absl::Status TestWorld::Trip(const v1::TestBreaker& breaker) {
  core::TripBreakerInput input;
  input.scope = breaker.scope();
  input.mode = ToMode(breaker.mode());
  input.actor = kActor;
  input.reason = kReason;
  return Put(std::move(input)).status();
}

template <typename Command>
absl::Status TestWorld::ByAsManyAsItTakes(Command command) {
  command.actor = kActor;
  command.reason = kReason;
  FUNDGATE_ASSIGN_OR_RETURN(const core::Answer answer, Put(command));
  if (!Waits(answer)) return absl::OkStatus();
  command.actor = kSecondActor;
  return Put(std::move(command)).status();
}

absl::Status TestWorld::HalfOpen(const v1::TestTrial& trial) {
  core::HalfOpenBreakerInput input;
  input.scope = trial.scope();
  input.mode = ToMode(trial.mode());
  input.budget.calls = trial.budget().calls();
  FUNDGATE_ASSIGN_OR_RETURN(input.budget.amount, ToMoney(trial.budget().amount()));
  return ByAsManyAsItTakes(std::move(input));
}

absl::Status TestWorld::Reset(const std::string& scope) {
  core::ResetBreakerInput input;
  input.scope = scope;
  return ByAsManyAsItTakes(std::move(input));
}

absl::Status TestWorld::RunPlan(const std::string& plan) {
  return Put(core::RunPlanInput{plan, kActor, kReason, std::nullopt}).status();
}

absl::Status TestWorld::UndoPlan(const std::string& plan) {
  core::UndoPlanInput input;
  input.plan = plan;
  return ByAsManyAsItTakes(std::move(input));
}

core::IngestInput TestWorld::Batch(const core::SourceDefinition& definition) const {
  const core::Source& source = state_.resident().of<core::Sources>().at(definition.name);
  core::IngestInput input;
  input.source = definition.name;
  input.epoch = source.epoch;
  input.previous = source.position;
  input.position = source.position;
  input.mapping_version = definition.mapping_version;
  return input;
}

absl::Status TestWorld::Feed(const std::string& kind, const v1::TestEvent& event) {
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

absl::Status TestWorld::FeedFact(const std::string& name, const v1::TestFact& fact) {
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

absl::Status TestWorld::FeedGuarded(const std::string& name, const v1::TestGuarded& change) {
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

absl::Status TestWorld::Send(const core::SourceDefinition& source, decltype(core::Event::body) body,
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

absl::Status TestWorld::Prove() {
  if (!proven_) return absl::OkStatus();
  for (const core::SourceDefinition& source : policy_->sources) {
    core::IngestInput input = Batch(source);
    input.probe = core::Probe{input.position, now_};
    FUNDGATE_RETURN_IF_ERROR(Put(std::move(input)).status());
  }
  return absl::OkStatus();
}

}  // namespace fundgate::policy
