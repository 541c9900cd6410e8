// What sources report, in the order of their rows' lives.
#include <optional>
#include <utility>
#include <variant>

#include "tests/model/generator.h"

namespace fundgate::model {

using core::MovementStatus;

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
    input.inside_transaction = dice.Percent(5);
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

// The row's change so far, if it and the new one are of one key.
std::optional<core::Event> Generator::OlderOf(const core::Event& newest,
                                              const core::MovementEvent& change) {
  const auto* older = std::get_if<core::MovementEvent>(&newest.body);
  if (older == nullptr || !older->before.has_value() || !older->after.has_value()) {
    return std::nullopt;
  }
  const bool same = older->before->key == older->after->key && change.before.has_value() &&
                    change.after.has_value() && change.after->key == older->after->key;
  return same ? std::optional(newest) : std::nullopt;
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
    event.body = core::FactEvent{"statement", "s1", AccountId(), {}, {}, {}};
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
    event.body = core::FactEvent{"bid", "b1", AccountId(), {}, {}, {}};
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
    if (roll < 730 && remembered) {
      const auto from = model.sources().find(source);
      const bool may_repeat = from != model.sources().end() && from->second.coordinates_changed;
      if (roll < 700 || !may_repeat || !row.older.has_value()) return row.newest;
      event.body = row.older->body;  // told again, under another name
      return event;
    }
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
  Row& row = rows_[{source, change.row}];
  row = {kind, change.after, event, OlderOf(row.newest, change)};
  return event;
}

}  // namespace fundgate::model
