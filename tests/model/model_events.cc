// What sources report, and what the model makes of it.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <variant>

#include "tests/model/model.h"

namespace fundgate::model {
namespace {

using core::KeyState;
using core::MovementStatus;
using core::ReservationState;
using core::ViolationKind;

uint64_t MappingOf(const std::string& source) {
  if (source == "bank") return 3;
  return source == "pay_db" ? 7 : 0;
}

bool IsKnown(const std::string& source) {
  return source == "bank" || source == "pay_db" || source == "till";
}

bool IsPowerOfTenApart(int64_t a, int64_t b) {
  Wide small = std::min(a, b);
  const Wide large = std::max(a, b);
  if (small <= 0) return false;
  while (small < large) small *= 10;
  return small == large && a != b;
}

bool SaysHappened(const std::optional<core::Contribution>& row) {
  return row.has_value() && row->status == MovementStatus::kHappened;
}

Amounts AmountsOf(const MovementKind& kind, const core::Contribution& row) {
  Amounts amounts;
  for (const Step& step : StepsOf(kind.value(), row.account, row.currency, row.line)) {
    amounts[{step.book, step.counter}] += step.amount;
  }
  return amounts;
}

// What is posted of a row once its image `before` has become `after`: the difference of the two,
// except that no more can be taken back than was posted.
Amounts Become(const Amounts& posted, const Amounts& before, const Amounts& after) {
  Amounts sum = posted;
  for (const auto& [counter, amount] : after) sum[counter] += amount;
  for (const auto& [counter, amount] : before) sum[counter] -= amount;
  for (auto& [counter, amount] : sum) {
    const auto old = after.contains(counter)    ? after.at(counter)
                     : before.contains(counter) ? before.at(counter)
                                                : amount;
    const bool wrong_side = old < 0 ? amount > 0 : amount < 0;
    if (wrong_side) amount = 0;
  }
  std::erase_if(sum, [](const auto& entry) { return entry.second == 0; });
  return sum;
}

// What changes in the books, counter by counter.
std::vector<Step> Between(const Amounts& from, const Amounts& to) {
  Amounts difference = to;
  for (const auto& [counter, amount] : from) difference[counter] -= amount;
  std::vector<Step> steps;
  for (const auto& [counter, amount] : difference) {
    if (amount != 0) steps.push_back({counter.first, counter.second, amount, OrderId()});
  }
  return steps;
}

// Whether something that was posted is taken back.
bool TakesBack(const Amounts& from, const Amounts& to) {
  for (const auto& [counter, amount] : from) {
    const auto now = to.find(counter);
    const Wide is = now == to.end() ? 0 : now->second;
    if (amount < 0 ? is > amount : is < amount) return true;
  }
  return false;
}

}  // namespace

AnswerPicture Model::Apply(const core::GrantEpochInput& input) {
  const std::string name = input.source.value();
  if (!IsKnown(name)) return Refused(absl::StatusCode::kNotFound);
  if (MappingOf(name) != 0 && MappingOf(name) != input.mapping_version) {
    return Refused(absl::StatusCode::kFailedPrecondition);
  }
  SourceNow& source = sources_[name];
  ++source.epoch;
  source.awaited.clear();
  source.coordinates_changed = input.coordinates_changed;
  AnswerPicture answer;
  answer.sort = AnswerSort::kEpoch;
  answer.number = source.epoch;
  return answer;
}

AnswerPicture Model::Apply(const core::IngestInput& input) {
  const std::string name = input.source.value();
  if (!IsKnown(name)) return Refused(absl::StatusCode::kNotFound);
  const auto found = sources_.find(name);
  if (found == sources_.end() || found->second.epoch != input.epoch) {
    return Refused(absl::StatusCode::kAborted);
  }
  if (MappingOf(name) != 0 && MappingOf(name) != input.mapping_version) {
    return Refused(absl::StatusCode::kFailedPrecondition);
  }
  SourceNow& source = found->second;
  if (NumberOf(input.previous) != source.position) {
    return Refused(absl::StatusCode::kFailedPrecondition);
  }
  for (const core::Event& event : input.events) Happen(name, event);
  source.position = NumberOf(input.position);
  if (input.probe.has_value()) {
    source.awaited.emplace_back(NumberOf(input.probe->head), input.probe->read_after);
  }
  source.inside_transaction = input.inside_transaction;
  std::erase_if(source.awaited, [&](const auto& probe) {
    if (probe.first > source.position || input.inside_transaction) return false;
    source.proven_past = std::max(source.proven_past, probe.second);
    return true;
  });
  JudgeSuspects();
  AnswerPicture answer;
  answer.sort = AnswerSort::kIngest;
  answer.number = source.position;
  return answer;
}

void Model::Happen(const std::string& source, const core::Event& event) {
  if (const auto* change = std::get_if<core::MovementEvent>(&event.body)) {
    if (Doubt(source, event, *change)) return;
    EndDoubts(source, *change);
    const bool seen = Seen(source, event, *change);
    if (!seen) Happen(source, event, *change);
    if (!seen) NotePlace(source, *change);
    if (!seen || mutation_ == Mutation::kCountsWhatIsSentAgain) LookAtPayment(*change);
  } else if (const auto* gap = std::get_if<core::GapEvent>(&event.body)) {
    gaps_.insert(gap->scope);
  }
}

bool Model::Seen(const std::string& source, const core::Event& event,
                 const core::MovementEvent& change) {
  RowChange& newest = changes_[{source, change.row}];
  const bool seen = newest.event_id == event.id ||
                    (!newest.event_id.empty() && sources_.at(source).coordinates_changed &&
                     newest.image_hash == change.image_hash) ||
                    IsOldInsert(source, change);
  const core::Contribution& row = change.after.has_value() ? *change.after : *change.before;
  if (!IsOldInsert(source, change)) {
    newest = {{change.kind, row.key}, event.id, change.image_hash, change.after};
  }
  return seen;
}

// Once events may come again under other names: a row that counts is not born a second time.
bool Model::IsOldInsert(const std::string& source, const core::MovementEvent& change) const {
  if (change.before.has_value() || !sources_.at(source).coordinates_changed) return false;
  const auto row = rows_.find({RowName{source, change.row}, {change.kind, change.after->key}});
  return row != rows_.end() && !row->second.posted.empty();
}

void Model::Happen(const std::string& source, const core::Event& event,
                   const core::MovementEvent& change) {
  const RowName name{source, change.row};
  if (change.before.has_value() && change.before->status != MovementStatus::kNone) {
    const core::KeyId before{change.kind, change.before->key};
    const bool same_key = change.after.has_value() && change.after->key == change.before->key;
    if (!same_key && keys_.contains(before)) keys_[before].changed_at = now_;
    if (SaysHappened(change.before) && !(same_key && SaysHappened(change.after))) {
      Undo(name, before, *change.before);
    }
  }
  if (!change.after.has_value() || change.after->status == MovementStatus::kNone) return;
  const core::Contribution& after = *change.after;
  if (after.status == MovementStatus::kHappened) return Count(name, event, change);
  Key& key = keys_[{change.kind, after.key}];
  key.event_seen = true;
  key.changed_at = now_;
  if (after.status == MovementStatus::kInProgress) {
    key.in_progress = true;
    return;
  }
  const bool again = change.before.has_value() && change.before->key == after.key &&
                     change.before->status == MovementStatus::kFailed;
  const bool open =
      key.state == KeyState::kAllowed && (key.reservation->state == ReservationState::kPending ||
                                          key.reservation->state == ReservationState::kConfirmed);
  const bool many = FindKind(change.kind.value())->many_lines;
  if (open && key.generation == 1 && !again) {
    if (many) {
      FailLine(key, after.line.order);
    } else if (!key.moved) {
      End(key, ReservationState::kReleased);
    }
  }
  const bool rest = open && many && !key.reservation->open.empty();
  if (!rest) key.in_progress = false;
}

// One order of many will not be moved. The rest stays set aside, but the whole is not allowed any
// more.
void Model::FailLine(Key& key, const OrderId& order) {
  Reserved& reserved = *key.reservation;
  std::erase_if(reserved.open, [&](const Step& step) { return step.line == order; });
  if (reserved.open.empty()) {
    reserved.state = key.moved ? ReservationState::kPosted : ReservationState::kReleased;
  }
  if (reserved.valid_until > now_) reserved.valid_until = now_;
}

// The row no longer counts for the key.
void Model::Undo(const RowName& name, const core::KeyId& key, const core::Contribution& before) {
  const auto found = rows_.find({name, key});
  if (found == rows_.end()) return;
  RowNow& row = found->second;
  const Amounts left = Become(row.posted, AmountsOf(key.kind, before), {});
  const std::vector<Step> steps = Between(row.posted, left);
  const bool undone = TakesBack(row.posted, left);
  if (FitsIn(steps)) {
    row.posted = left;
    Suspect(steps);
  } else {
    gaps_.insert({key.kind, before.account, before.line.order});
  }
  if (keys_.contains(key)) keys_[key].changed_at = now_;
  if (undone && !FindKind(row.kind)->reversible) {
    Violate(ViolationKind::kMovementUndone, "", key, before.account, before.line.order);
  }
}

// Whether another row has happened under the key already.
bool Model::IsDuplicate(const RowName& name, const core::KeyId& id,
                        const std::string& part_key) const {
  for (const auto& [other, row] : rows_) {
    if (other.second != id || other.first == name) continue;
    if (!FindKind(id.kind.value())->many_lines || row.part_key == part_key) return true;
  }
  return false;
}

void Model::Count(const RowName& name, const core::Event&, const core::MovementEvent& change) {
  const core::Contribution& after = *change.after;
  const core::KeyId id{change.kind, after.key};
  const auto found = rows_.find({name, id});
  const RowNow last = found == rows_.end() ? RowNow() : found->second;
  const bool edited = SaysHappened(change.before) && change.before->key == after.key;
  const Amounts before = edited ? AmountsOf(change.kind, *change.before) : Amounts();
  const Amounts posted = Become(last.posted, before, AmountsOf(change.kind, after));
  RowNow next{id.kind.value(), after.part_key, after.account, after.line.order, posted, true};
  const bool same = edited && last.counted && change.before->account == after.account &&
                    change.before->line == after.line && change.before->currency == after.currency;
  if (same) {
    keys_[id].changed_at = now_;
    return;
  }
  if (TakesBack(last.posted, posted) && !FindKind(next.kind)->reversible) {
    Violate(ViolationKind::kMovementUndone, "", id, last.account, last.order);
  }
  // Within an account a row's change is posted as one difference, all or nothing.
  const bool is_one = edited && change.before->account == after.account &&
                      change.before->currency == after.currency;
  const auto key = keys_.find(id);
  const bool first = !(edited && last.counted);  // duplicates are named when a row comes to count
  const bool is_history =
      is_one && !last.counted &&
      change.before->line.order == after.line.order;  // compared when it happened, long ago
  if (!is_history) {
    Compare(id, key == keys_.end() ? nullptr : &key->second, after,
            first && IsDuplicate(name, id, after.part_key));
  }
  Settle(id, after.line.order);  // first: what it set aside makes room for what happened
  const std::vector<Step> steps = Between(last.posted, posted);
  if (!FitsIn(steps)) {
    gaps_.insert({change.kind, after.account, after.line.order});
    next.posted = is_one ? last.posted : Become(last.posted, before, {});
    rows_[{name, id}] = next;
    Suspect(Between(last.posted, next.posted));
    return;
  }
  rows_[{name, id}] = next;
  if (!posted.empty()) BindCurrency(steps);
  Suspect(steps);
}

// Names everything about a happened movement that does not fit what was allowed.
void Model::Compare(const core::KeyId& id, const Key* key, const core::Contribution& row,
                    bool duplicate) {
  const std::string kind = id.kind.value();
  const auto raise = [&](ViolationKind what) {
    Violate(what, "", id, row.account, row.line.order);
  };
  if (duplicate) return raise(ViolationKind::kDuplicateMovement);
  if (kind != "cash_out" && kind != "top_up") {
    const auto bound = currencies_.find({row.account, row.line.order});
    if (bound != currencies_.end() && bound->second != row.currency) {
      raise(ViolationKind::kOtherCurrency);
    }
  }
  if (!FindKind(kind)->gated) return;
  if (key == nullptr) return raise(ViolationKind::kUngated);
  if (key->moved && !key->reservation.has_value()) return;
  switch (key->state) {
    case KeyState::kSeen:
    case KeyState::kHeld:
      return raise(ViolationKind::kUngated);
    case KeyState::kClosed:
      return raise(ViolationKind::kAfterRelease);
    case KeyState::kBlocked:
    case KeyState::kRejected:
      return raise(ViolationKind::kAfterBlock);
    case KeyState::kMoved:
      return;
    case KeyState::kAllowed:
      break;
  }
  if (key->reservation->state == ReservationState::kReleased && !key->moved) {
    raise(ViolationKind::kAfterRelease);
  }
  CompareAmount(id, *key, row);
}

void Model::CompareAmount(const core::KeyId& id, const Key& key, const core::Contribution& row) {
  const std::string kind = id.kind.value();
  const auto raise = [&](ViolationKind what) {
    Violate(what, "", id, row.account, row.line.order);
  };
  const Binding& bound = *key.binding;
  if (row.account != bound.account) raise(ViolationKind::kOtherAccount);
  const auto line = std::find_if(bound.lines.begin(), bound.lines.end(),
                                 [&](const core::Line& l) { return l.order == row.line.order; });
  if (line == bound.lines.end()) raise(ViolationKind::kOtherOrder);
  if (row.currency != bound.amount.currency) {
    const auto first = currencies_.find({row.account, row.line.order});
    const bool named = kind != "cash_out" && first != currencies_.end() &&
                       first->second != row.currency;  // by Compare, once is enough
    if (!named) raise(ViolationKind::kOtherCurrency);
    return;
  }
  if (line == bound.lines.end()) return;
  int64_t allowed = key.reservation->amount.minor_units;
  if (FindKind(kind)->many_lines) {
    allowed = line->amount;
  }
  bool differs = allowed != row.line.amount;
  bool mixed_units = IsPowerOfTenApart(allowed, row.line.amount);
  for (size_t i = 0; i < line->parts.size() && !differs; ++i) {
    const int64_t part = line->parts[i].second;
    const int64_t moved = row.line.parts[i].second;
    mixed_units |= part != moved && IsPowerOfTenApart(part, moved);
  }
  differs |= line->parts != row.line.parts;
  if (differs) raise(mixed_units ? ViolationKind::kUnitMismatch : ViolationKind::kAmountMismatch);
}

// The key has moved: what was set aside for it is no longer pending.
void Model::Settle(const core::KeyId& id, const OrderId& order) {
  Key& key = keys_[id];
  key.moved = true;
  key.event_seen = true;
  key.in_progress = false;
  key.changed_at = now_;
  if (key.state != KeyState::kAllowed) {
    if (key.state != KeyState::kRejected) key.state = KeyState::kMoved;
    return;
  }
  Reserved& reserved = *key.reservation;
  if (reserved.state == ReservationState::kReleased) return;
  if (!FindKind(id.kind.value())->many_lines) return End(key, ReservationState::kPosted);
  std::erase_if(reserved.open, [&](const Step& step) { return step.line == order; });
  if (reserved.open.empty()) reserved.state = ReservationState::kPosted;
}

// Whether every counter stays within 64 bits, with all that is pending counted in full.
bool Model::FitsIn(const std::vector<Step>& added) const {
  std::set<core::BookId> books;
  for (const Step& step : added) books.insert(step.book);
  for (const core::BookId& book : books) {
    std::vector<Numbers> numbers = NumbersOf(book);
    for (const Step& step : added) {
      if (step.book == book) numbers[step.counter].posted += step.amount;
    }
    for (const Numbers& n : numbers) {
      if (n.posted + n.up > std::numeric_limits<int64_t>::max()) return false;
      if (n.posted - n.down < std::numeric_limits<int64_t>::min()) return false;
    }
  }
  return true;
}

void Model::Suspect(const std::vector<Step>& steps) {
  for (const InvariantFacts& invariant : AllInvariants()) {
    for (const Step& step : steps) {
      if (step.book.book != invariant.book) continue;
      if (invariant.influence[step.counter] * step.amount <= 0) continue;
      std::vector<Wide> posted;
      for (const Numbers& n : NumbersOf(step.book)) posted.push_back(n.posted);
      if (invariant.holds(posted) == Truth::kYes) continue;
      const auto [known, is_new] =
          suspects_.try_emplace({invariant.name, step.book}, Suspected{now_, {}});
      if (!is_new && now_ > known->second.since) known->second.worse.push_back({now_, step});
    }
  }
}

void Model::JudgeSuspects() {
  for (auto at = suspects_.begin(); at != suspects_.end();) {
    at = IsSettled(at->first.first, at->first.second, at->second) ? suspects_.erase(at)
                                                                  : std::next(at);
  }
}

// Judges as far as the sources tell. True if nothing is suspected any more.
bool Model::IsSettled(const std::string& name, const core::BookId& book, Suspected& suspected) {
  const InvariantFacts* invariant = nullptr;
  for (const InvariantFacts& each : AllInvariants()) {
    if (each.name == name) invariant = &each;
  }
  const auto proven = [&](absl::Time time) {
    const std::set<std::string> sources = SourcesOf(book.book);
    return std::all_of(sources.begin(), sources.end(),
                       [&](const std::string& s) { return IsProven(s, time); });
  };
  std::vector<Wide> all;
  for (const Numbers& n : NumbersOf(book)) all.push_back(n.posted);
  while (proven(suspected.since)) {
    std::vector<Wide> in_time = all;
    for (const auto& [time, step] : suspected.worse) in_time[step.counter] -= step.amount;
    if (invariant->holds(in_time) != Truth::kYes) {
      ActOn(*invariant, book);
      return true;
    }
    if (suspected.worse.empty() || invariant->holds(all) == Truth::kYes) return true;
    suspected = {suspected.worse.back().first, {}};
  }
  return false;
}

void Model::ActOn(const InvariantFacts& invariant, const core::BookId& book) {
  Violate(ViolationKind::kInvariant, invariant.name, core::KeyId(), book.account, book.order);
  if (!terms_.invariants_react) return;
  if (invariant.book == "order") OpenByItself("*/order:" + book.order.value());
  if (invariant.book == "merchant") {
    OpenByItself("cash_out/account:" + book.account.value());
    OpenByItself("late_refund/account:" + book.account.value());
  }
}

void Model::OpenByItself(const std::string& scope) {
  BreakerNow opened;
  opened.state = core::BreakerState::kOpen;
  opened.mode = core::Verdict::kHold;
  opened.switched_at = now_;
  const BreakerNow* standing = BreakerOver(scope);
  if (standing != nullptr && standing->state == core::BreakerState::kOpen) {
    BreakerNow& kept = breakers_[scope];
    if (kept.until.has_value() || kept.mode == core::Verdict::kAllow) kept.switched_at = now_;
    kept.until.reset();
    kept.mode = std::max(kept.mode, core::Verdict::kHold);
    return;
  }
  breakers_[scope] = opened;
}

void Model::Violate(ViolationKind kind, const std::string& name, const core::KeyId& key,
                    const AccountId& account, const OrderId& order) {
  violations_.insert(ViolationText(kind, name, key, account, order));
  ActOn(kind, key, account);
}

void Model::ActOn(ViolationKind kind, const core::KeyId& key, const AccountId& account) {
  if (mutation_ == Mutation::kForgetsReactions) return;
  core::OnEvent reaction = core::OnEvent::kAlert;
  if (kind == ViolationKind::kDuplicateMovement) reaction = terms_.on_duplicate;
  if (kind == ViolationKind::kUnitMismatch) reaction = terms_.on_unit_mismatch;
  if (reaction == core::OnEvent::kAlert) return;
  // The kind at the account, where it is asked for, or all of the account.
  const bool trips_kind =
      reaction == core::OnEvent::kTrip && terms_.FindCheckpoint(key.kind.value()) != nullptr;
  OpenByItself((trips_kind ? key.kind.value() : "*") + "/account:" + account.value());
}

void Model::BindCurrency(const std::vector<Step>& steps) {
  for (const Step& step : steps) {
    if (step.book.book != "order") continue;
    currencies_.try_emplace({step.book.account, step.book.order}, step.book.currency);
  }
}

}  // namespace fundgate::model
