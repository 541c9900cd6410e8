#include "tests/bench/deciding.h"

#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/policy/loader.h"
#include "tests/places/places.h"

namespace fundgate::bench {
namespace {

constexpr size_t kAccounts = 1000;
constexpr size_t kOrders = 10'000;
constexpr absl::Duration kStep = absl::Microseconds(2);

const SourceName& Ledger() {
  static const SourceName kLedger("ledger");
  return kLedger;
}

AccountId AccountOf(size_t order) { return AccountId(absl::StrCat("m", order % kAccounts)); }
OrderId NameOf(size_t order) { return OrderId(absl::StrCat("o", order)); }

Money Of(int64_t minor_units) {
  Money money = Money::Parse("CNY 1.00").value();
  money.minor_units = minor_units;
  return money;
}

}  // namespace

Deciding::Deciding()
    : state_(own_state_), keep_([this](const core::Input& /*input*/, const core::Outcome& outcome) {
        own_state_.Absorb(outcome.changes);
      }) {
  Begin();
}

Deciding::Deciding(const core::StateReader& state, Keeper keeper)
    : state_(state), keep_(std::move(keeper)) {
  Begin();
}

void Deciding::Begin() {
  std::ifstream file(places::Source("config/policy.yaml"));
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  policy::LoadResult loaded = policy::LoadPolicy(text, "config/policy.yaml");
  if (!loaded.ok()) {
    Fail("config/policy.yaml does not load");
    return;
  }
  core::ApplyPolicyInput apply;
  apply.text = text;
  apply.policy = loaded.loaded->policy;
  Put(std::move(apply));
  core::GrantEpochInput grant;
  grant.source = Ledger();
  Put(std::move(grant));
  for (size_t first = 0; first < kOrders; first += kAccounts) Pay(first, kAccounts);
}

// As a service reports it, and the proof that it is all there is.
void Deciding::Pay(size_t first, size_t count) {
  const core::Source& source = state_.resident().of<core::Sources>().at(Ledger());
  core::IngestInput input;
  input.source = Ledger();
  input.epoch = source.epoch;
  input.previous = source.position;
  input.position = Position::Parse(absl::StrCat("ledger:", ++offset_)).value();
  for (size_t i = first; i < first + count; ++i) {
    core::Contribution paid;
    paid.status = core::MovementStatus::kHappened;
    paid.key = IdempotencyKey(absl::StrCat("p", i));
    paid.account = AccountOf(i);
    const Money amount = Of(1'000'000'000'000);
    paid.line = core::Line{NameOf(i), amount.minor_units, {}};
    paid.currency = amount.currency;
    core::MovementEvent movement;
    movement.kind = MovementKind("payment");
    movement.after = std::move(paid);
    input.events.push_back(
        core::Event{absl::StrCat("ledger:", offset_, "/", i), now_, std::move(movement), {}});
  }
  input.probe = core::Probe{input.position, now_};
  if (!std::holds_alternative<core::IngestAnswer>(Put(std::move(input))))
    Fail("payments are refused");
}

std::vector<core::Input> Deciding::MakeChecks(size_t count) {
  std::vector<core::Input> checks;
  checks.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    const size_t order = checks_ % kOrders;
    core::CheckInput check;
    check.request_id = absl::StrCat("request-", checks_);
    check.key = {MovementKind("refund"), IdempotencyKey(absl::StrCat("refund-", checks_++))};
    check.account = AccountOf(order);
    check.amount = Of(1234);
    check.lines = {core::Line{NameOf(order), check.amount.minor_units, {}}};
    check.attributes = {{"channel", std::string("app")}};
    check.may_wait = false;
    now_ += kStep;
    check.arrived_at = now_;
    checks.push_back(core::Input{now_, std::move(check)});
  }
  return checks;
}

void Deciding::Judge(const core::Input& check, bool keeps_changes) {
  const absl::StatusOr<core::Outcome> outcome = machine_.Apply(check);
  if (!outcome.ok()) return Fail(outcome.status().ToString());
  const auto* decision = std::get_if<core::Decision>(&outcome->answer);
  if (decision == nullptr || decision->verdict != core::Verdict::kAllow)
    return Fail("a check is not allowed");
  if (keeps_changes) keep_(check, *outcome);
}

core::Answer Deciding::Put(decltype(core::Input::body) body) {
  now_ += kStep;
  const core::Input input{now_, std::move(body)};
  absl::StatusOr<core::Outcome> outcome = machine_.Apply(input);
  if (!outcome.ok()) {
    Fail(outcome.status().ToString());
    return core::Done{};
  }
  if (const auto* refusal = std::get_if<core::Refusal>(&outcome->answer))
    Fail(refusal->status.ToString());
  keep_(input, *outcome);
  return outcome->answer;
}

void Deciding::Fail(std::string what) {
  if (error_.empty()) error_ = std::move(what);
}

}  // namespace fundgate::bench
