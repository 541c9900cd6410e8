#include "server/core/verification/chain.h"

#include <algorithm>
#include <variant>

#include "absl/strings/str_cat.h"
#include "fundgate/types/checked.h"
#include "server/core/snapshots.h"
#include "server/core/verification/balance_trail.h"

namespace fundgate::core {
namespace {

// The number of a value, and its currency if it is money.
std::optional<std::pair<int64_t, Currency>> NumberOf(const std::optional<AttributeValue>& value) {
  if (!value.has_value()) return std::nullopt;
  if (const auto* money = std::get_if<Money>(&*value)) {
    return std::pair(money->minor_units, money->currency);
  }
  if (const auto* number = std::get_if<int64_t>(&*value)) return std::pair(*number, Currency());
  return std::nullopt;
}

std::string Shown(int64_t number, const Currency& currency) {
  return currency.empty() ? absl::StrCat(number) : Money{currency, number}.ToString();
}

BalanceStep StepOf(const ChainRow& row) { return {row.balance - row.amount, row.balance}; }

std::vector<BalanceStep> StepsOf(const std::vector<ChainRow>& rows) {
  std::vector<BalanceStep> steps;
  for (const ChainRow& row : rows) steps.push_back(StepOf(row));
  return steps;
}

// Whether a row that came at or before `until` isn't on the trail.
bool LeavesOut(const std::vector<ChainRow>& rows, const std::vector<size_t>& trail,
               absl::Time until) {
  std::vector<bool> on_trail(rows.size(), false);
  for (const size_t index : trail) on_trail[index] = true;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (!on_trail[i] && rows[i].seen.at <= until) return true;
  }
  return false;
}

}  // namespace

std::optional<Chain::ReadRow> Chain::Row(const Draft& draft, const SeenEvent& seen,
                                         std::string& problem) const {
  const auto amount = NumberOf(ValueOf(definition_.amount, seen.event));
  const auto balance = NumberOf(ValueOf(definition_.balance, seen.event));
  if (!amount.has_value() || !balance.has_value()) {
    problem = amount.has_value() ? "it has no balance" : "it has no amount";
    return std::nullopt;
  }
  if (amount->second != balance->second) {
    problem = "its amount and its balance are in two currencies";
    return std::nullopt;
  }
  ReadRow read{{SightingOf(draft, seen), ThingOf(seen), amount->first, balance->first, 0},
               amount->second};
  if (!CheckedSubtract(balance->first, amount->first).has_value()) {
    problem = "its balance less its amount leaves 64 bits";
    return std::nullopt;
  }
  if (definition_.sequence.has_value()) {
    const auto sequence = NumberOf(ValueOf(*definition_.sequence, seen.event));
    if (!sequence.has_value()) {
      problem = "it has no sequence";
      return std::nullopt;
    }
    read.row.sequence = sequence->first;
  }
  return read;
}

void Chain::See(Draft& draft, const SeenEvent& seen) const {
  if (HasBefore(seen.event)) return SeeChange(draft, seen);
  const std::optional<std::string> key = KeyText(definition_.key, seen.event);
  if (!key.has_value()) return RaiseUnusable(draft, seen, "it has no key");
  std::string problem;
  std::optional<ReadRow> read = Row(draft, seen, problem);
  if (!read.has_value()) return RaiseUnusable(draft, seen, problem);
  const WatchId id = IdOf(absl::StrCat(*key, ",", std::string(read->currency.code())));
  Watch& watch = draft.Mutable<Watches>(id);
  auto& state = MutableWatchOf<ChainWatch>(watch);
  const bool waits =
      std::any_of(state.waiting.begin(), state.waiting.end(),
                  [&read](const ChainRow& row) { return row.thing == read->row.thing; });
  if (waits || IsNoted(state.recent, read->row.thing)) return;  // delivered twice
  state.currency = read->currency;
  const bool is_being_read = IsBeingRead(draft, declaration().sources);
  if (seen.event.snapshot) {
    SeeAsItStands(draft, *key, state, std::move(read->row));
  } else {
    state.waiting.push_back(std::move(read->row));
    if (state.waiting.size() > kMaxWaitingRows && is_being_read) {
      // What stands before them is not read yet: the chain goes on behind them.
      state.balance = state.waiting.back().balance;
      state.sequence = state.waiting.back().sequence;
      state.waiting.clear();
    } else if (definition_.within == absl::ZeroDuration() && !is_being_read) {
      LinkUp(draft, *key, state, draft.now());
    } else if (state.waiting.size() > kMaxWaitingRows) {
      LinkUp(draft, *key, state, state.waiting.front().seen.at);
    }
  }
  SetNextTurn(draft, id, watch);
}

void Chain::SeeAsItStands(Draft& draft, const std::string& key, ChainWatch& state,
                          ChainRow row) const {
  if (!definition_.sequence.has_value()) return state.balance.reset();
  if (state.sequence.has_value() && row.sequence <= *state.sequence) return;
  const bool follows = state.sequence.has_value() && state.balance.has_value() &&
                       row.sequence - 1 == *state.sequence;
  if (follows && StepOf(row).from != *state.balance) RaiseBroken(draft, key, state, row);
  Note(state.recent, row.thing);
  state.balance = row.balance;
  state.sequence = row.sequence;
}

void Chain::Judge(Draft& draft, const WatchId& id, Watch& watch) const {
  if (std::holds_alternative<GuardWatch>(watch.of)) return Forget(draft, id, watch);
  auto& state = MutableWatchOf<ChainWatch>(watch);
  const absl::Time proven = ProvenUntil(draft, declaration().sources);
  LinkUp(draft, id.key.substr(0, id.key.rfind(',')), state, proven - definition_.within);
  SetNextTurn(draft, id, watch);
}

void Chain::SetNextTurn(Draft& draft, const WatchId& id, Watch& watch) const {
  const auto& state = std::get<ChainWatch>(watch.of);
  if (state.waiting.empty()) return SetTurn(draft, id, watch, std::nullopt);
  SetTurn(draft, id, watch, state.waiting.front().seen.at + definition_.within);
}

void Chain::LinkUp(Draft& draft, const std::string& key, ChainWatch& state,
                   absl::Time until) const {
  if (definition_.sequence.has_value()) return LinkBySequence(draft, key, state, until);
  LinkByBalance(draft, key, state, until);
}

void Chain::LinkBySequence(Draft& draft, const std::string& key, ChainWatch& state,
                           absl::Time until) const {
  std::vector<ChainRow> rows = std::exchange(state.waiting, {});
  std::stable_sort(rows.begin(), rows.end(),
                   [](const ChainRow& a, const ChainRow& b) { return a.sequence < b.sequence; });
  // Whatever stands before a row that is due is here by now.
  const auto last_due = std::find_if(rows.rbegin(), rows.rend(),
                                     [until](const ChainRow& row) { return row.seen.at <= until; });
  const size_t due = static_cast<size_t>(rows.rend() - last_due);
  for (size_t i = 0; i < due; ++i) {
    const ChainRow& row = rows[i];
    const bool late = state.sequence.has_value() && row.sequence <= *state.sequence;
    const bool links = !state.balance.has_value() || StepOf(row).from == *state.balance;
    if (late || !links) RaiseBroken(draft, key, state, row);
    Note(state.recent, row.thing);
    if (late) continue;  // what came after it counts on
    state.balance = row.balance;
    state.sequence = row.sequence;
  }
  state.waiting.assign(rows.begin() + static_cast<std::ptrdiff_t>(due), rows.end());
  std::stable_sort(state.waiting.begin(), state.waiting.end(),
                   [](const ChainRow& a, const ChainRow& b) { return a.seen.at < b.seen.at; });
}

void Chain::LinkByBalance(Draft& draft, const std::string& key, ChainWatch& state,
                          absl::Time until) const {
  const auto is_due = [until](const ChainRow& row) { return row.seen.at <= until; };
  while (std::any_of(state.waiting.begin(), state.waiting.end(), is_due)) {
    const std::vector<BalanceStep> steps = StepsOf(state.waiting);
    std::vector<size_t> trail;
    if (state.balance.has_value()) trail = TrailFrom(steps, *state.balance);
    // Where something that is due can't follow on it, the trail is all there is before the break.
    if (!LeavesOut(state.waiting, trail, until)) {
      const auto last_due = std::find_if(
          trail.rbegin(), trail.rend(), [&](size_t index) { return is_due(state.waiting[index]); });
      trail.resize(static_cast<size_t>(trail.rend() - last_due));
    }
    if (trail.empty()) {  // nothing that is due links up with what there is
      const int64_t head = HeadOf(steps);
      const auto row = std::find_if(
          state.waiting.begin(), state.waiting.end(),
          [head](const ChainRow& candidate) { return StepOf(candidate).from == head; });
      if (state.balance.has_value()) RaiseBroken(draft, key, state, *row);
      state.balance = head;
      continue;
    }
    std::vector<bool> linked(state.waiting.size(), false);
    for (const size_t index : trail) {
      linked[index] = true;
      state.balance = state.waiting[index].balance;
      Note(state.recent, state.waiting[index].thing);
    }
    std::vector<ChainRow> rest;
    for (size_t i = 0; i < linked.size(); ++i) {
      if (!linked[i]) rest.push_back(std::move(state.waiting[i]));
    }
    state.waiting = std::move(rest);
  }
}

// Rows of a ledger stay as they are.
void Chain::SeeChange(Draft& draft, const SeenEvent& seen) const {
  std::string changes;
  for (const EventField* field : {&definition_.amount, &definition_.balance}) {
    EventField before = *field;
    before.before = true;
    const auto was = ValueOf(before, seen.event);
    const auto is = ValueOf(*field, seen.event);
    if (HasAfter(seen.event) && was == is) continue;
    absl::StrAppend(&changes, changes.empty() ? "" : ", ", field->name, " from ", core::TextOf(was),
                    " to ", core::TextOf(is));
  }
  if (changes.empty()) return;
  // A deletion has no key of the chain any more, so what was said stands under the event's own.
  const WatchId id = IdOf(absl::StrCat("changed/", ThingOf(seen)));
  Watch& watch = draft.Mutable<Watches>(id);
  auto& said = MutableWatchOf<GuardWatch>(watch);
  if (said.event_id == seen.event.id) return;  // delivered twice
  said.event_id = seen.event.id;
  SetTurn(draft, id, watch, draft.now() + kChangeMemory);
  RaiseUnusable(
      draft, seen,
      absl::StrCat(HasAfter(seen.event) ? "it was changed: " : "it was deleted: ", changes));
}

void Chain::RaiseBroken(Draft& draft, const std::string& key, const ChainWatch& state,
                        const ChainRow& row) const {
  const bool late = state.sequence.has_value() && row.sequence <= *state.sequence;
  const std::string last = Shown(*state.balance, state.currency);
  const std::string amount = Shown(row.amount, state.currency);
  const std::string found = Shown(row.balance, state.currency);
  const std::optional<int64_t> sum = CheckedAdd(*state.balance, row.amount);
  const std::string expected = sum.has_value() ? Shown(*sum, state.currency) : "more than 64 bits";
  Violation violation = NewViolation(
      *this, ViolationKind::kChainBroken, row.seen,
      late ? absl::StrCat(definition_.event, " ", row.thing, " of ", key, " has sequence ",
                          row.sequence, " and came after ", *state.sequence, " had been linked up")
           : absl::StrCat(definition_.event, " ", row.thing, " of ", key, " has balance ", found,
                          ", but the last balance ", last, " and its amount ", amount, " make ",
                          expected));
  if (!state.currency.empty()) violation.amount = Money{state.currency, row.amount};
  violation.fields.emplace_back("key", key);
  violation.fields.emplace_back("row", row.thing);
  violation.fields.emplace_back("last_balance", last);
  violation.fields.emplace_back("amount", amount);
  violation.fields.emplace_back("balance", found);
  violation.fields.emplace_back("expected", expected);
  Raise(draft, *this, MovementKind(), std::move(violation));
}

void Chain::RaiseUnusable(Draft& draft, const SeenEvent& seen, const std::string& why) const {
  Violation violation =
      NewViolation(*this, ViolationKind::kChainBroken, SightingOf(draft, seen),
                   absl::StrCat(definition_.event, " ", ThingOf(seen), ": ", why));
  violation.fields.emplace_back("row", ThingOf(seen));
  Raise(draft, *this, MovementKind(), std::move(violation));
}

}  // namespace fundgate::core
