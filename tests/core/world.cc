#include "tests/core/world.h"

#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/core/worked_policy.h"

namespace fundgate::core::testing {

Money M(std::string_view text) {
  absl::StatusOr<Money> money = Money::Parse(text);
  if (!money.ok()) {
    ADD_FAILURE() << money.status();
    std::abort();
  }
  return *money;
}

Contribution Row::ToContribution() const {
  Contribution contribution;
  contribution.status = status;
  contribution.key = IdempotencyKey(key);
  contribution.account = AccountId(account);
  const Money money = M(amount);
  contribution.line = Line{OrderId(order), money.minor_units, {}};
  if (!fee.empty()) contribution.line.parts.emplace_back("fee", M(fee).minor_units);
  if (!net.empty()) contribution.line.parts.emplace_back("net", M(net).minor_units);
  contribution.currency = money.currency;
  contribution.part_key = part_key.empty() ? order : part_key;
  return contribution;
}

World::World(const std::function<void(Policy&)>& adjust) {
  ApplyPolicyInput apply;
  apply.policy = WorkedPolicy(adjust);
  Get<PolicyAnswer>(std::move(apply));
  GrantEpochInput grant;
  grant.source = SourceName("ledger");
  grant.mapping_version = state_.resident().policy->sources.front().mapping_version;
  Get<EpochGrant>(std::move(grant));
  Prove();
}

Answer World::Put(decltype(Input::body) body) {
  absl::StatusOr<Outcome> outcome = machine_.Apply(Input{now_, std::move(body)});
  if (!outcome.ok()) {
    ADD_FAILURE() << outcome.status();
    return Done{};
  }
  if (outcome->recorded) state_.Absorb(outcome->changes);
  return outcome->answer;
}

absl::StatusCode World::RefusalOf(decltype(Input::body) body) {
  const Answer answer = Put(std::move(body));
  const auto* refusal = std::get_if<Refusal>(&answer);
  return refusal == nullptr ? absl::StatusCode::kOk : refusal->status.code();
}

void World::Complain(const Answer& answer) {
  const auto* refusal = std::get_if<Refusal>(&answer);
  ADD_FAILURE() << "an answer of another kind (" << answer.index()
                << "): " << (refusal == nullptr ? "" : refusal->status.ToString());
}

CheckInput World::NewCheck(const std::string& kind, const std::string& key,
                           const std::string& amount, const std::string& order) const {
  CheckInput check;
  check.key = {MovementKind(kind), IdempotencyKey(key)};
  check.account = AccountId("m1");
  check.amount = M(amount);
  const bool by_order = kind != "cash_out" && kind != "payout";
  check.lines = {Line{OrderId(by_order ? order : ""), check.amount.minor_units, {}}};
  check.arrived_at = now_;
  check.may_wait = false;
  return check;
}

Decision World::Check(const std::string& kind, const std::string& key, const std::string& amount,
                      const std::string& order) {
  return Check(NewCheck(kind, key, amount, order));
}

Decision World::Check(CheckInput check) { return Get<Decision>(std::move(check)); }

void World::BeginAgain() {
  GrantEpochInput grant;
  grant.source = SourceName("ledger");
  grant.coordinates_changed = true;
  Get<EpochGrant>(grant);
}

Event World::NewEvent(const std::string& kind, int row, std::optional<Contribution> before,
                      std::optional<Contribution> after) {
  MovementEvent change;
  change.kind = MovementKind(kind);
  change.row = {kind, absl::StrCat(row)};
  change.image_hash = after.has_value() ? static_cast<uint64_t>(after->line.amount) : 0;
  change.before = std::move(before);
  change.after = std::move(after);
  return Event{absl::StrCat("ledger:", offset_ + 1, "/", kind, row), now_, std::move(change)};
}

IngestAnswer World::Insert(const std::string& kind, int row, const Row& after) {
  return Feed({NewEvent(kind, row, std::nullopt, after.ToContribution())});
}

IngestAnswer World::Update(const std::string& kind, int row, const Row& before, const Row& after) {
  return Feed({NewEvent(kind, row, before.ToContribution(), after.ToContribution())});
}

IngestAnswer World::Delete(const std::string& kind, int row, const Row& before) {
  return Feed({NewEvent(kind, row, before.ToContribution(), std::nullopt)});
}

namespace {

// A batch of the ledger up to `position`, with nothing in it yet.
IngestInput LedgerBatch(const MemoryState& state, Position position) {
  const Source& source = state.resident().of<core::Sources>().at(SourceName("ledger"));
  IngestInput input;
  input.source = SourceName("ledger");
  input.epoch = source.epoch;
  input.mapping_version = source.mapping_version;
  input.previous = source.position;
  input.position = std::move(position);
  return input;
}

Position LedgerAt(uint64_t offset) {
  return Position::Parse(absl::StrCat("ledger:", offset)).value();
}

}  // namespace

IngestAnswer World::Feed(std::vector<Event> events) {
  now_ += absl::Milliseconds(1);  // what was proven before is older than these events
  IngestInput input = LedgerBatch(state_, LedgerAt(++offset_));
  input.events = std::move(events);
  return Get<IngestAnswer>(std::move(input));
}

void World::FeedPart(bool inside_transaction) {
  now_ += absl::Milliseconds(1);
  IngestInput input = LedgerBatch(state_, LedgerAt(++offset_));
  input.probe = Probe{input.position, now_};
  input.inside_transaction = inside_transaction;
  Get<IngestAnswer>(std::move(input));
}

void World::ProveAsOf(absl::Time read_after) {
  const Source& source = state_.resident().of<core::Sources>().at(SourceName("ledger"));
  IngestInput input = LedgerBatch(state_, source.position);
  input.probe = Probe{source.position, read_after};
  Get<IngestAnswer>(std::move(input));
}

namespace {

Counter CounterOf(const MemoryState& state, const BookId& id, const std::string& name) {
  const auto book = state.of<core::Books>().find(id);
  if (book == state.of<core::Books>().end()) return {};
  const std::vector<std::string>& counters = state.resident().policy->FindBook(id.book)->counters;
  for (size_t i = 0; i < counters.size(); ++i) {
    if (counters[i] == name) return book->second.counters[i];
  }
  ADD_FAILURE() << "no counter " << name;
  return {};
}

}  // namespace

Counter World::OrderCounter(const std::string& counter, const std::string& order,
                            const std::string& account, const std::string& currency) const {
  return CounterOf(
      state_, {"order", AccountId(account), OrderId(order), Currency::FromCode(currency).value()},
      counter);
}

Counter World::MerchantCounter(const std::string& counter, const std::string& account) const {
  return CounterOf(state_,
                   {"merchant", AccountId(account), OrderId(), Currency::FromCode("CNY").value()},
                   counter);
}

const KeyRecord& World::Key(const std::string& kind, const std::string& key) const {
  return state_.of<core::Keys>().at({MovementKind(kind), IdempotencyKey(key)});
}

std::vector<std::string> World::Violations() const {
  std::vector<std::string> names;
  for (const Violation& violation : state_.violations()) {
    names.emplace_back(violation.kind == ViolationKind::kInvariant ? violation.name
                                                                   : ToString(violation.kind));
  }
  return names;
}

std::vector<std::string> Codes(const Decision& decision) {
  std::vector<std::string> codes;
  for (const Reason& reason : decision.reasons) {
    if (reason.verdict != Verdict::kAllow) codes.emplace_back(ToString(reason.code));
  }
  return codes;
}

}  // namespace fundgate::core::testing
