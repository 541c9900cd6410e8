#include "server/core/verification/match.h"

#include <algorithm>
#include <map>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "fundgate/types/checked.h"
#include "server/core/event_violations.h"

namespace fundgate::core {
namespace {

// Sums by currency; whole numbers are under none. Nothing if one leaves 64 bits.
using Sums = std::map<std::string, int64_t>;

std::optional<Sums> SumOf(const std::vector<MatchEntry>& entries, size_t value) {
  Sums sums;
  for (const MatchEntry& entry : entries) {
    if (value >= entry.values.size() || !entry.values[value].has_value()) continue;
    const AttributeValue& said = *entry.values[value];
    const auto* money = std::get_if<Money>(&said);
    const auto* number = std::get_if<int64_t>(&said);
    if (money == nullptr && number == nullptr) continue;
    int64_t& sum = sums[money != nullptr ? std::string(money->currency.code()) : ""];
    const std::optional<int64_t> next =
        CheckedAdd(sum, money != nullptr ? money->minor_units : *number);
    if (!next.has_value()) return std::nullopt;
    sum = *next;
  }
  std::erase_if(sums, [](const auto& sum) { return sum.second == 0; });
  return sums;
}

std::string TextOfSide(const std::optional<Sums>& sums) {
  if (!sums.has_value()) return "more than 64 bits hold";
  if (sums->empty()) return "0";
  std::string text;
  for (const auto& [code, sum] : *sums) {
    const auto currency = Currency::FromCode(code);
    absl::StrAppend(&text, text.empty() ? "" : " and ",
                    currency.ok() ? Money{*currency, sum}.ToString() : absl::StrCat(sum));
  }
  return text;
}

bool Within(int64_t a, int64_t b, int64_t tolerance) {
  const std::optional<int64_t> difference = CheckedSubtract(a, b);
  return difference.has_value() && *difference <= tolerance && *difference >= -tolerance;
}

std::optional<AttributeValue> At(const MatchEntry& entry, size_t value) {
  return value < entry.values.size() ? entry.values[value] : std::nullopt;
}

bool TakesPart(const MatchDefinition::Side& side, const Event& event) {
  if (!HasAfter(event)) return false;
  if (const auto* movement = std::get_if<MovementEvent>(&event.body)) {
    if (movement->after->status != MovementStatus::kHappened) return false;
  }
  return !side.when.has_value() || side.when->HoldsFor(event);
}

// The factor by which mixed units make one amount of the other, as text; empty if it is none.
std::string UnitHint(const std::optional<AttributeValue>& a,
                     const std::optional<AttributeValue>& b) {
  const auto* left = a.has_value() ? std::get_if<Money>(&*a) : nullptr;
  const auto* right = b.has_value() ? std::get_if<Money>(&*b) : nullptr;
  if (left == nullptr || right == nullptr || left->currency != right->currency) return "";
  const int power = PowerOfTenBetween(left->minor_units, right->minor_units);
  return power > 0 ? absl::StrCat(", a factor of 10^", power, ": mixed units") : "";
}

}  // namespace

void Match::See(Draft& draft, const SeenEvent& seen) const {
  const std::string& name = NameOf(seen.event);
  if (name == definition_.left.event) SeeOn(draft, seen, definition_.left, true);
  if (name == definition_.right.event) SeeOn(draft, seen, definition_.right, false);
}

void Match::SeeOn(Draft& draft, const SeenEvent& seen, const MatchDefinition::Side& side,
                  bool is_left) const {
  MatchEntry entry{ThingOf(seen), SightingOf(draft, seen), {}};
  const bool takes_part = TakesPart(side, seen.event);
  const std::optional<std::string> key = KeyText(side.key, seen.event);
  if (HasBefore(seen.event)) {
    std::vector<EventField> fields = side.key;
    for (EventField& field : fields) field.before = true;
    const std::optional<std::string> before = KeyText(fields, seen.event);
    if (before.has_value() && before != key) Remove(draft, *before, is_left, entry);
  }
  if (!key.has_value()) return;
  // A pair that agreed was forgotten at some time: the row of one side would seem to lack the
  // other.
  const bool is_new_to_us =
      seen.event.snapshot && !draft.finds_history() && draft.Find<Watches>(IdOf(*key)) == nullptr;
  if (is_new_to_us) return;
  if (!takes_part) return Remove(draft, *key, is_left, entry);
  for (const EventField& field : side.values) entry.values.push_back(ValueOf(field, seen.event));
  Put(draft, *key, is_left, std::move(entry));
}

void Match::Put(Draft& draft, const std::string& key, bool is_left, MatchEntry entry) const {
  const WatchId id = IdOf(key);
  Watch& watch = draft.Mutable<Watches>(id);
  auto& state = MutableWatchOf<MatchWatch>(watch);
  if (state.overflowed) return Settle(draft, id, watch);
  std::vector<MatchEntry>& entries = is_left ? state.left : state.right;
  const auto known =
      std::find_if(entries.begin(), entries.end(),
                   [&entry](const MatchEntry& other) { return other.thing == entry.thing; });
  if (known != entries.end()) {
    // Delivered twice, or changed in nothing that is compared.
    if (known->seen.event_id == entry.seen.event_id || known->values == entry.values) return;
    *known = std::move(entry);
  } else if (entries.size() < kMaxMatchEntries) {
    entries.push_back(std::move(entry));
  } else {
    // Nobody looks at them any more, and they would be written again with each event of this key.
    state.overflowed = true;
    state.left.clear();
    state.right.clear();
  }
  Settle(draft, id, watch);
}

void Match::Remove(Draft& draft, const std::string& key, bool is_left,
                   const MatchEntry& entry) const {
  const WatchId id = IdOf(key);
  if (draft.Find<Watches>(id) == nullptr) return;
  Watch& watch = draft.Mutable<Watches>(id);
  auto& state = MutableWatchOf<MatchWatch>(watch);
  std::vector<MatchEntry>& entries = is_left ? state.left : state.right;
  const size_t erased = std::erase_if(
      entries, [&entry](const MatchEntry& other) { return other.thing == entry.thing; });
  if (erased > 0) Settle(draft, id, watch);
}

// Something changed: says when the watch is to be looked at next.
void Match::Settle(Draft& draft, const WatchId& id, Watch& watch) const {
  auto& state = MutableWatchOf<MatchWatch>(watch);
  const Standing standing = Stand(state);
  state.changed_at = draft.now();
  if (standing.kind == Standing::Kind::kAgree) {
    state.open_since.reset();
    state.missing_said = false;
    state.differs_said = false;
  } else if (!state.open_since.has_value()) {
    state.open_since = draft.now();
  }
  SetTurn(draft, id, watch, NextTurn(standing, state, draft.now()));
}

std::optional<absl::Time> Match::NextTurn(const Standing& standing, const MatchWatch& watch,
                                          absl::Time now) const {
  const absl::Time deadline = watch.open_since.value_or(now) + definition_.within;
  switch (standing.kind) {
    case Standing::Kind::kAgree:
      break;
    case Standing::Kind::kMissing:
      if (!watch.missing_said) return deadline;
      break;
    case Standing::Kind::kDiffers:
      if (watch.differs_said) break;
      return definition_.has_sum ? std::max(deadline, watch.changed_at) : watch.changed_at;
  }
  return now + definition_.remember;
}

void Match::Judge(Draft& draft, const WatchId& id, Watch& watch) const {
  auto& state = MutableWatchOf<MatchWatch>(watch);
  const Standing standing = Stand(state);
  if (standing.kind == Standing::Kind::kMissing && !state.missing_said) {
    state.missing_said = true;
    RaiseMissing(draft, id.key, state, standing);
  } else if (standing.kind == Standing::Kind::kDiffers && !state.differs_said) {
    state.differs_said = true;
    RaiseDiffers(draft, id.key, state, standing);
  } else {
    return Forget(draft, id, watch);  // remembered for long enough
  }
  SetTurn(draft, id, watch, NextTurn(standing, state, draft.now()));
}

Match::Standing Match::Stand(const MatchWatch& watch) const {
  Standing standing;
  if (watch.overflowed) return standing;
  if (watch.left.empty() || watch.right.empty()) {
    const bool lacks_left = watch.left.empty() && !watch.right.empty();
    const bool lacks_right = watch.right.empty() && !watch.left.empty();
    const bool missing =
        (lacks_left && definition_.left.required) || (lacks_right && definition_.right.required);
    if (missing) standing.kind = Standing::Kind::kMissing;
    standing.left = lacks_left;
    return standing;
  }
  const size_t compared = definition_.names.size() - (definition_.has_sum ? 1 : 0);
  for (size_t i = 0; i < compared; ++i) CompareValues(watch, i, standing);
  if (definition_.has_sum) CompareSums(watch, compared, standing);
  return standing;
}

bool Match::Agree(const std::optional<AttributeValue>& a,
                  const std::optional<AttributeValue>& b) const {
  if (!a.has_value() || !b.has_value()) return a.has_value() == b.has_value();
  const auto* left = std::get_if<Money>(&*a);
  const auto* right = std::get_if<Money>(&*b);
  if (left == nullptr || right == nullptr) return ToString(*a) == ToString(*b);
  if (left->currency != right->currency) return false;
  const bool tolerant =
      definition_.tolerance.has_value() && definition_.tolerance->currency == left->currency;
  return Within(left->minor_units, right->minor_units,
                tolerant ? definition_.tolerance->minor_units : 0);
}

void Match::CompareValues(const MatchWatch& watch, size_t value, Standing& standing) const {
  const std::optional<AttributeValue> left = At(watch.left.front(), value);
  std::optional<AttributeValue> right = At(watch.right.front(), value);
  bool agree = true;
  for (const MatchEntry& entry : watch.right) {
    if (!agree) break;
    right = At(entry, value);
    agree = Agree(left, right);
  }
  std::optional<AttributeValue> shown = left;
  for (const MatchEntry& entry : watch.left) {
    if (!agree) break;
    shown = At(entry, value);
    right = At(watch.right.front(), value);
    agree = Agree(shown, right);
  }
  if (agree) return;
  const std::string& name = definition_.names[value];
  standing.kind = Standing::Kind::kDiffers;
  absl::StrAppend(&standing.sentence, standing.sentence.empty() ? "" : "; ", name, " is ",
                  core::TextOf(shown), " in ", definition_.left.event, " and ", core::TextOf(right),
                  " in ", definition_.right.event, UnitHint(shown, right));
  standing.fields.emplace_back("left." + name, core::TextOf(shown));
  standing.fields.emplace_back("right." + name, core::TextOf(right));
}

void Match::CompareSums(const MatchWatch& watch, size_t value, Standing& standing) const {
  const std::optional<Sums> left = SumOf(watch.left, value);
  const std::optional<Sums> right = SumOf(watch.right, value);
  bool agree = left.has_value() && right.has_value();
  if (agree) {
    Sums all = *left;
    all.insert(right->begin(), right->end());
    const std::string tolerant = definition_.tolerance.has_value()
                                     ? std::string(definition_.tolerance->currency.code())
                                     : "";
    for (const auto& [code, sum] : all) {
      const auto mine = left->find(code);
      const auto theirs = right->find(code);
      agree =
          agree &&
          Within(mine == left->end() ? 0 : mine->second,
                 theirs == right->end() ? 0 : theirs->second,
                 !tolerant.empty() && code == tolerant ? definition_.tolerance->minor_units : 0);
    }
  }
  if (agree) return;
  const std::string& name = definition_.names[value];
  standing.kind = Standing::Kind::kDiffers;
  absl::StrAppend(&standing.sentence, standing.sentence.empty() ? "" : "; ", "the sum of ", name,
                  " is ", TextOfSide(left), " over ", watch.left.size(), " ",
                  definition_.left.event, " and ", TextOfSide(right), " over ", watch.right.size(),
                  " ", definition_.right.event);
  standing.fields.emplace_back("left.sum", TextOfSide(left));
  standing.fields.emplace_back("right.sum", TextOfSide(right));
}

void Match::RaiseMissing(Draft& draft, const std::string& key, const MatchWatch& watch,
                         const Standing& standing) const {
  const std::string& missing = standing.left ? definition_.left.event : definition_.right.event;
  const std::string& there = standing.left ? definition_.right.event : definition_.left.event;
  const MatchEntry& entry = (standing.left ? watch.right : watch.left).front();
  std::string message = absl::StrCat("there is a ", there, " but no ", missing, " for ", key,
                                     " within ", absl::FormatDuration(definition_.within));
  const auto& gaps = draft.before().of<Gaps>();
  for (auto gap = gaps.lower_bound({MovementKind(missing), AccountId(), OrderId()});
       gap != gaps.end() && gap->first.kind.value() == missing; ++gap) {
    if (!gap->first.account.empty() && gap->first.account != entry.seen.account) continue;
    absl::StrAppend(&message, "; source ", gap->second.source.value(),
                    " could not read every one, so it may be there: ", gap->second.reason);
    break;
  }
  Violation violation =
      NewViolation(*this, ViolationKind::kMatchMissing, entry.seen, std::move(message));
  violation.occurred_at = absl::InfinitePast();  // what is missing has no time
  violation.fields.emplace_back("key", key);
  violation.fields.emplace_back("missing", missing);
  for (size_t i = 0; i < definition_.names.size(); ++i) {
    violation.fields.emplace_back(definition_.names[i], core::TextOf(At(entry, i)));
    if (!At(entry, i).has_value()) continue;
    if (const auto* money = std::get_if<Money>(&*entry.values[i])) violation.amount = *money;
  }
  Raise(draft, *this, MovementKind(missing), std::move(violation));
}

void Match::RaiseDiffers(Draft& draft, const std::string& key, const MatchWatch& watch,
                         const Standing& standing) const {
  // The side that came last is where to look first.
  const Sighting& left = watch.left.back().seen;
  const Sighting& right = watch.right.back().seen;
  const Sighting& newest = left.at > right.at ? left : right;
  Violation violation =
      NewViolation(*this, ViolationKind::kMatchDiffers, newest,
                   absl::StrCat(definition_.left.event, " and ", definition_.right.event, " of ",
                                key, " don't agree: ", standing.sentence));
  if (violation.account.empty())
    violation.account = left.account.empty() ? right.account : left.account;
  if (violation.order.empty()) violation.order = left.order.empty() ? right.order : left.order;
  violation.fields.emplace_back("key", key);
  violation.fields.insert(violation.fields.end(), standing.fields.begin(), standing.fields.end());
  const auto& values = watch.right.back().values;
  for (const std::optional<AttributeValue>& value : values) {
    const auto* money = value.has_value() ? std::get_if<Money>(&*value) : nullptr;
    if (money != nullptr) violation.amount = *money;
  }
  Raise(draft, *this, MovementKind(definition_.right.event), std::move(violation));
}

}  // namespace fundgate::core
