#include "tests/model/generator.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

namespace fundgate::model {
namespace {

constexpr uint64_t kUngrantedPercent = 3;

absl::Time Start() { return absl::UnixEpoch() + absl::Hours(24 * 365 * 50); }

std::string PickReleased(Dice& dice, const Key& key) {
  return std::next(key.released.begin(), static_cast<ptrdiff_t>(dice.Roll(key.released.size())))
      ->first;
}

}  // namespace

void Generator::Park(const core::CheckInput& check) {
  parked_.push_back(check);
  if (parked_.size() > 3) parked_.erase(parked_.begin());
}

core::Input Generator::Next(uint64_t seed, const Model& model) {
  Dice dice(seed);
  core::Input input;
  input.time = model.now() == absl::InfinitePast() ? Start() : model.now() + RandomPause(dice);
  if (model.policy_version() == 0) {
    input.body = MakePolicy(dice, model);
    return input;
  }
  const uint64_t roll = dice.Roll(1000);
  if (roll < 350) {
    core::CheckInput check = MakeCheck(dice, model);
    if (check.arrived_at == absl::InfinitePast()) check.arrived_at = input.time;
    if (dice.Percent(2)) check.arrived_at = input.time - absl::Milliseconds(dice.Roll(300));
    input.body = check;
  } else if (roll < 410) {
    input.body = MakeConfirm(dice, model);
  } else if (roll < 450) {
    input.body = MakeRelease(dice, model);
  } else if (roll < 454) {
    input.body = MakeReject(dice, model);
  } else if (roll < 470) {
    input.body = MakeApprove(dice, model);
  } else if (roll < 890) {
    core::IngestInput ingest = MakeIngest(dice, model, roll < 640);
    if (ingest.probe.has_value()) {
      ingest.probe->read_after =
          input.time - absl::Milliseconds(dice.Percent(70) ? 0 : dice.Roll(400));
    }
    // Nothing can be sent before an epoch was granted; trying is left to a few.
    const bool granted = model.sources().contains(ingest.source.value());
    if (granted || dice.Percent(kUngrantedPercent)) {
      input.body = ingest;
    } else {
      input.body = core::GrantEpochInput{ingest.source, false, ingest.mapping_version};
    }
  } else if (roll < 950) {
    input.body = MakeBreaker(dice, model).body;
    if (auto* trip = std::get_if<core::TripBreakerInput>(&input.body)) {
      if (dice.Percent(80)) trip->until = input.time + absl::Milliseconds(1 + dice.Roll(4000));
    }
  } else if (roll < 958) {
    input.body = MakeGrant(dice);
  } else if (roll < 992) {
    input.body = core::TickInput();
  } else if (roll < 994) {
    input.body = core::ClockDriftInput{absl::Hours(24)};
  } else if (roll < 999) {
    input.body = core::AcceptTimeInput{"operator", "looked at it"};
  } else {
    input.body = MakePolicy(dice, model);
  }
  return input;
}

core::CheckInput Generator::Repeat(Dice& dice, const core::KeyId& id, const Binding& binding) {
  core::CheckInput check;
  check.key = id;
  check.account = binding.account;
  check.amount = binding.amount;
  check.lines = binding.lines;
  if (id.kind == MovementKind("cash_out")) check.attributes["payee"] = binding.payee;
  check.may_wait = dice.Percent(50);
  return check;
}

core::CheckInput Generator::FreshCheck(Dice& dice, const Model&) {
  core::CheckInput check;
  const std::string kind = dice.Pick(kCheckpoints);
  check.key = {MovementKind(kind), RandomKey(dice)};
  check.account = RandomAccount(dice);
  check.amount = {RandomCurrency(dice), RandomAmount(dice)};
  check.may_wait = dice.Percent(50);
  if (kind == "cash_out") check.attributes["payee"] = dice.Percent(80) ? "p1" : "p2";
  if (dice.Percent(20)) check.attributes["channel"] = dice.Percent(50) ? "app" : "a/b:c";
  const int64_t amount = check.amount.minor_units;
  if (kind == "settlement" && amount < 1000 && dice.Percent(50)) {
    check.lines = {RandomLine(dice, kind, OrderId("o1"), amount),
                   RandomLine(dice, kind, OrderId("o2"), 10)};
    check.amount.minor_units += 10;
  } else {
    check.lines = {RandomLine(dice, kind, RandomOrder(dice), amount)};
  }
  return check;
}

// Changes one thing, so that the check conflicts with its key or is not well formed.
void Generator::Twist(Dice& dice, core::CheckInput& check) {
  core::Line& line = check.lines.front();
  switch (dice.Roll(8)) {
    case 0:
      check.account = AccountId(check.account == AccountId("m1") ? "m2" : "m1");
      break;
    case 1:
    case 2:
      if (check.amount.minor_units > 1000) break;
      check.amount.minor_units += 1;
      line.amount += 1;
      if (!line.parts.empty()) line.parts[1].second += 1;
      break;
    case 3:
      if (check.lines.size() == 1 && !line.order.empty()) line.order = RandomOrder(dice);
      break;
    case 4:
      if (check.key.kind == MovementKind("cash_out")) check.attributes["payee"] = "p3";
      break;
    case 5:
      check.amount.minor_units = static_cast<int64_t>(dice.Roll(2)) - 1;
      break;
    case 6:
      if (!line.parts.empty()) line.parts[0].second += 1;
      break;
    default:
      if (FindKind(check.key.kind.value())->needs_order) line.order = OrderId();
  }
}

core::CheckInput Generator::MakeCheck(Dice& dice, const Model& model) {
  if (!parked_.empty() && dice.Percent(40)) {
    core::CheckInput check = parked_.back();
    parked_.pop_back();
    check.may_wait = dice.Percent(40);
    return check;
  }
  core::CheckInput check;
  const auto bound = [](const core::KeyId&, const Key& key) { return key.binding.has_value(); };
  const std::optional<core::KeyId> known = PickKey(dice, model, bound);
  if (known.has_value() && dice.Percent(50)) {
    check = Repeat(dice, *known, *model.keys().at(*known).binding);
    if (dice.Percent(15)) Twist(dice, check);
  } else {
    check = FreshCheck(dice, model);
    if (dice.Percent(3)) Twist(dice, check);
  }
  check.arrived_at = absl::InfinitePast();
  if (dice.Percent(5)) check.max_staleness = absl::Milliseconds(dice.Roll(1000));
  if (dice.Percent(5)) {
    const std::string source = dice.Pick(kSources);
    const auto found = model.sources().find(source);
    const uint64_t applied = found == model.sources().end() ? 0 : found->second.position;
    check.after_positions[SourceName(source)] = PositionAt(source, applied + dice.Roll(3));
  }
  return check;
}

core::ConfirmInput Generator::MakeConfirm(Dice& dice, const Model& model) {
  core::ConfirmInput input;
  const auto allowed = [](const core::KeyId&, const Key& key) {
    return key.reservation.has_value();
  };
  const std::optional<core::KeyId> id = PickKey(dice, model, allowed);
  if (!id.has_value() || dice.Percent(5)) {
    input.account = AccountId("m1");
    input.key = {MovementKind(dice.Pick(kCheckpoints)), RandomKey(dice)};
    input.decision_id = "d0000000000000001";
    return input;
  }
  const Key& key = model.keys().at(*id);
  input.key = *id;
  input.account = dice.Percent(97) ? key.binding->account : AccountId("m3");
  input.decision_id = key.decision_id;
  if (!key.released.empty() && dice.Percent(20)) input.decision_id = PickReleased(dice, key);
  const int64_t amount = key.reservation->amount.minor_units;
  const Currency currency = key.binding->amount.currency;
  if (dice.Percent(20)) input.amount = Money{currency, std::max<int64_t>(amount / 2, 1)};
  if (dice.Percent(5)) input.amount = Money{currency, amount};
  if (dice.Percent(5) && amount < 1000) input.amount = Money{currency, amount + 1};
  if (dice.Percent(2)) input.amount = Money{currency, 0};
  return input;
}

core::ReleaseInput Generator::MakeRelease(Dice& dice, const Model& model) {
  core::ReleaseInput input;
  input.reason = "not needed";
  const auto any = [](const core::KeyId&, const Key&) { return true; };
  const std::optional<core::KeyId> id = PickKey(dice, model, any);
  if (!id.has_value() || dice.Percent(20)) {
    input.account = RandomAccount(dice);
    input.key = {MovementKind(dice.Pick(kCheckpoints)), RandomKey(dice)};
    if (!model.keys().contains(input.key)) return input;
  } else {
    input.key = *id;
  }
  const Key& key = model.keys().at(input.key);
  input.account = key.binding.has_value() ? key.binding->account : AccountId("m1");
  if (!FindKind(input.key.kind.value())->gated) {
    input.key.kind = MovementKind("refund");
    return input;
  }
  input.decision_id = key.decision_id;
  if (!key.released.empty() && dice.Percent(30)) input.decision_id = PickReleased(dice, key);
  if (dice.Percent(5)) input.decision_id = "d0000000000000001";
  if (dice.Percent(5)) input.decision_id.clear();
  return input;
}

core::RejectHoldInput Generator::MakeReject(Dice& dice, const Model& model) {
  core::RejectHoldInput input;
  input.actor = "operator";
  input.reason = "looks wrong";
  const auto decided = [&](const core::KeyId&, const Key& key) {
    return key.binding.has_value() && (key.state == core::KeyState::kHeld || dice.Percent(10));
  };
  const std::optional<core::KeyId> id = PickKey(dice, model, decided);
  if (!id.has_value()) {
    input.key = {MovementKind("refund"), IdempotencyKey("nobody")};
    return input;
  }
  const Key& key = model.keys().at(*id);
  input.key = *id;
  input.account = key.binding->account;
  input.decision_id = dice.Percent(90) ? key.decision_id : "d0000000000000001";
  return input;
}

core::ApproveHoldInput Generator::MakeApprove(Dice& dice, const Model& model) {
  const auto approvable = [&](const core::KeyId&, const Key& key) {
    return key.binding.has_value() && (!key.held_by.empty() || dice.Percent(5));
  };
  core::ApproveHoldInput input;
  input.actor = "operator";
  input.reason = "looks fine";
  const std::optional<core::KeyId> id = PickKey(dice, model, approvable);
  if (!id.has_value()) {
    input.key = {MovementKind("refund"), IdempotencyKey("nobody")};
    return input;
  }
  const Key& key = model.keys().at(*id);
  input.key = *id;
  input.account = dice.Percent(95) ? key.binding->account : AccountId("m9");
  input.decision_id = dice.Percent(90) ? key.decision_id : "d0000000000000001";
  return input;
}

core::Input Generator::MakeBreaker(Dice& dice, const Model& model) {
  static const std::vector<std::string> kScopes = {"refund",
                                                   "*/account:m1",
                                                   "cash_out/account:m1",
                                                   "*/channel:app",
                                                   "*/order:o1",
                                                   "settlement",
                                                   "*/currency:JPY",
                                                   "goodwill",
                                                   "refund/order:o2",
                                                   "*"};
  core::Input input;
  std::string scope = dice.Pick(kScopes);
  std::vector<std::string> open;
  for (const auto& [name, breaker] : model.breakers()) open.push_back(name);
  const core::Verdict mode = dice.Percent(50) ? core::Verdict::kHold : core::Verdict::kBlock;
  const uint64_t roll = dice.Roll(100);
  if (roll < 10) {
    const core::Verdict trips = dice.Percent(20) ? core::Verdict::kAllow : mode;  // it only reports
    input.body = core::TripBreakerInput{scope, trips, "operator", "drill", std::nullopt};
  } else if (roll < 25) {
    if (!open.empty() && dice.Percent(70)) scope = dice.Pick(open);
    const core::Budget budget{1 + static_cast<int64_t>(dice.Roll(4)),
                              Money{*Currency::FromCode("CNY"), 30}};
    input.body = core::HalfOpenBreakerInput{scope, mode, budget, "operator", "try", std::nullopt};
  } else {
    if (!open.empty() && dice.Percent(95)) scope = dice.Pick(open);
    input.body = core::ResetBreakerInput{scope, "operator", "over"};
  }
  return input;
}

core::GrantEpochInput Generator::MakeGrant(Dice& dice) {
  core::GrantEpochInput input;
  const std::string name = dice.Pick(kSources);
  input.source = SourceName(dice.Percent(95) ? name : "unheard_of");
  input.mapping_version = name == "pay_db" ? 7 : name == "bank" ? 3 : 0;
  if (dice.Percent(5)) input.mapping_version += 1;
  input.coordinates_changed = dice.Percent(20);
  return input;
}

core::ApplyPolicyInput Generator::MakePolicy(Dice& dice, const Model& model) {
  core::ApplyPolicyInput input{"the policy under test", policy_, "operator", "", std::nullopt};
  if (dice.Percent(50)) input.expected_version = model.policy_version() + dice.Roll(2);
  return input;
}

}  // namespace fundgate::model
