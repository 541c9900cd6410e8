#include "tests/model/generator.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <limits>
#include <optional>
#include <set>
#include <utility>

namespace fundgate::model {
namespace {

using core::MovementStatus;

const std::vector<std::string> kCheckpoints = {"refund",     "refund",   "refund",   "late_refund",
                                               "settlement", "cash_out", "cash_out", "goodwill"};
const std::vector<std::string> kSources = {"pay_db", "pay_db", "till", "bank"};

constexpr uint64_t kUngrantedPercent = 3;

absl::Time Start() { return absl::UnixEpoch() + absl::Hours(24 * 365 * 50); }

Currency RandomCurrency(Dice& dice) {
  static const Currency kCny = *Currency::FromCode("CNY");
  static const Currency kJpy = *Currency::FromCode("JPY");
  return dice.Percent(93) ? kCny : kJpy;
}

AccountId RandomAccount(Dice& dice) { return AccountId(dice.Percent(80) ? "m1" : "m2"); }

OrderId RandomOrder(Dice& dice) { return OrderId("o" + std::to_string(1 + dice.Roll(3))); }

IdempotencyKey RandomKey(Dice& dice) {
  return IdempotencyKey("k" + std::to_string(1 + dice.Roll(6)));
}

int64_t RandomAmount(Dice& dice) {
  static const std::vector<int64_t> kUsual = {1, 5, 10, 10, 10, 20, 50, 100};
  if (!dice.Percent(1)) return dice.Pick(kUsual);
  return std::numeric_limits<int64_t>::max() - static_cast<int64_t>(dice.Roll(3) * 50);
}

core::Line RandomLine(Dice& dice, const std::string& kind, const OrderId& order, int64_t amount) {
  core::Line line;
  if (FindKind(kind)->needs_order) line.order = order;
  line.amount = amount;
  if (kind != "settlement") return line;
  const int64_t fee = dice.Percent(10) ? amount : amount / 10;
  line.parts = {{"fee", fee}, {"net", amount - fee}};
  return line;
}

// Mostly a moment later; sometimes past what is fresh, valid, overdue or remembered.
absl::Duration RandomPause(Dice& dice) {
  const uint64_t roll = dice.Roll(1000);
  if (roll < 200) return absl::ZeroDuration();
  if (roll < 960) return absl::Milliseconds(1 + dice.Roll(150));
  if (roll < 985) return absl::Seconds(1 + dice.Roll(5));
  if (roll < 993) return absl::Minutes(1 + dice.Roll(3));
  if (roll < 997) return absl::Minutes(10 + dice.Roll(60));
  return roll < 999 ? absl::Hours(2) : absl::Hours(24 * 401);
}

Position PositionAt(const std::string& source, uint64_t number) {
  if (number == 0) return Position();
  const std::string prefix = source == "pay_db" ? "0-1-" : source + ":";
  return *Position::Parse(prefix + std::to_string(number));
}

// A key of the model that `fits`, or nothing.
template <typename Fits>
std::optional<core::KeyId> PickKey(Dice& dice, const Model& model, const Fits& fits) {
  std::vector<core::KeyId> keys;
  for (const auto& [id, key] : model.keys()) {
    if (fits(id, key)) keys.push_back(id);
  }
  if (keys.empty()) return std::nullopt;
  return dice.Pick(keys);
}

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
  } else if (roll < 457) {
    input.body = MakeReject(dice, model);
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

core::IngestInput Generator::MakeIngest(Dice& dice, const Model& model, bool with_events) {
  core::IngestInput input;
  const std::string name = dice.Pick(kSources);
  const auto found = model.sources().find(name);
  const SourceNow source = found == model.sources().end() ? SourceNow() : found->second;
  input.source = SourceName(name);
  input.epoch = source.epoch;
  input.mapping_version = name == "pay_db" ? 7 : name == "bank" ? 3 : 0;
  uint64_t previous = source.position;
  if (dice.Percent(1)) input.epoch += 1;
  if (dice.Percent(1)) input.epoch = input.epoch > 1 ? input.epoch - 1 : 9;
  if (dice.Percent(1)) input.mapping_version += 1;
  if (dice.Percent(1)) previous += 1;
  const bool right = input.epoch == source.epoch && previous == source.position &&
                     source.epoch > 0 &&
                     (name == "till" || input.mapping_version == (name == "bank" ? 3 : 7));
  uint64_t position = previous;
  if (with_events && right) {
    const uint64_t count = 1 + dice.Roll(3);
    for (uint64_t i = 0; i < count; ++i) input.events.push_back(MakeEvent(dice, model, name));
    position += 1;
  }
  input.previous = PositionAt(name, previous);
  input.position = PositionAt(name, position);
  if (!with_events || dice.Percent(40)) {
    input.probe = core::Probe{PositionAt(name, position + (dice.Percent(80) ? 0 : dice.Roll(3))),
                              absl::InfinitePast()};
  }
  return input;
}

core::Contribution Generator::MakeContribution(Dice& dice, const Model& model,
                                               const MovementKind& kind) {
  const std::string name = kind.value();
  core::Contribution row;
  const uint64_t roll = dice.Roll(100);
  row.status = roll < 80   ? MovementStatus::kHappened
               : roll < 90 ? MovementStatus::kInProgress
                           : MovementStatus::kFailed;
  row.account = RandomAccount(dice);
  row.currency = RandomCurrency(dice);
  row.key = RandomKey(dice);
  row.line = RandomLine(dice, name, RandomOrder(dice), RandomAmount(dice));
  const bool feeds = name == "payment" || name == "top_up";
  if (feeds && dice.Percent(60)) {
    row.key = IdempotencyKey("p" + std::to_string(events_));
    row.status = MovementStatus::kHappened;
    row.line.amount = 100 + static_cast<int64_t>(dice.Roll(100));
    row.currency = *Currency::FromCode("CNY");
  }
  const bool allowed_only = dice.Percent(80);
  const auto bound = [&](const core::KeyId& id, const Key& key) {
    return id.kind == kind && key.binding.has_value() && !key.moved &&
           (key.reservation.has_value() || !allowed_only);
  };
  const std::optional<core::KeyId> id = PickKey(dice, model, bound);
  if (id.has_value() && dice.Percent(85)) {
    const Binding& binding = *model.keys().at(*id).binding;
    row.key = id->key;
    row.account = binding.account;
    row.currency = binding.amount.currency;
    row.line = dice.Pick(binding.lines);
  }
  if (dice.Percent(12)) row = Edit(dice, row, kind);
  if (name == "settlement") row.part_key = row.line.order.value();
  return row;
}

core::Contribution Generator::Edit(Dice& dice, core::Contribution row, const MovementKind& kind) {
  const int64_t amount = row.line.amount;
  switch (dice.Roll(8)) {
    case 0:
      row.account = RandomAccount(dice);
      break;
    case 1:
      row.line = RandomLine(dice, kind.value(), RandomOrder(dice), amount);
      break;
    case 2:
      row.currency = RandomCurrency(dice);
      break;
    case 3:
      if (amount < 1000) row.line = RandomLine(dice, kind.value(), row.line.order, amount * 100);
      break;
    case 4:
      row.status = MovementStatus::kFailed;
      break;
    case 5:
      row.status = MovementStatus::kHappened;
      break;
    case 6:
      row.key = RandomKey(dice);
      break;
    default:
      row.line = RandomLine(dice, kind.value(), row.line.order, RandomAmount(dice));
  }
  if (kind == MovementKind("settlement")) row.part_key = row.line.order.value();
  return row;
}

core::Event Generator::MakeEvent(Dice& dice, const Model& model, const std::string& source) {
  core::Event event;
  event.id = source + "-" + std::to_string(++events_);
  const std::vector<MovementKind>& kinds = policy_->FindSource(SourceName(source))->emits;
  MovementKind kind = dice.Pick(kinds);
  // What was allowed moves most of the time; what nobody asked for moves now and then.
  const bool asked = PickKey(dice, model, [&](const core::KeyId& id, const Key& key) {
                       return id.kind == kind && key.reservation.has_value() && !key.moved;
                     }).has_value();
  const bool goes_round = FindKind(kind.value())->gated && !asked && dice.Percent(80);
  if (goes_round && source == "bank") {
    event.body = core::FactEvent{"statement", "s1", {}};
    return event;
  }
  if (goes_round || (source == "pay_db" && dice.Percent(20))) kind = MovementKind("payment");
  const uint64_t roll = dice.Roll(1000);
  if (roll < 2) {
    event.body = core::GapEvent{
        {kind, RandomAccount(dice), RandomOrder(dice)}, "pay." + kind.value(), "unreadable"};
    return event;
  }
  if (roll < 10) {
    event.body = core::FactEvent{"bid", "b1", {}};
    return event;
  }
  core::MovementEvent change;
  change.kind = kind;
  change.image_hash = events_;
  std::vector<RowName> known;
  for (const auto& [name, row] : rows_) {
    if (name.first == source && row.kind == kind) known.push_back(name);
  }
  if (known.empty() || roll < 650) {
    change.row = {"t_" + kind.value(), std::to_string(events_)};
    change.after = MakeContribution(dice, model, kind);
  } else {
    const RowName name = dice.Pick(known);
    const Row& row = rows_.at(name);
    // Nobody remembers the rows of forgotten keys, so theirs are not sent again.
    const bool remembered = model.Remembers(name);
    if (roll < 730 && remembered) return row.newest;
    change.row = name.second;
    change.before = row.now;
    if (!row.now.has_value()) {
      change.after = MakeContribution(dice, model, kind);
    } else if (roll < 930) {
      change.after = Edit(dice, *row.now, kind);
    } else {
      change.image_hash = 0;
    }
  }
  event.body = change;
  rows_[{source, change.row}] = {kind, change.after, event};
  return event;
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
    input.body = core::TripBreakerInput{scope, mode, "operator", "drill", std::nullopt};
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
