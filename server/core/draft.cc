#include "server/core/draft.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"

namespace fundgate::core {
namespace {

// Reads from one of the resident maps.
template <typename Map>
auto LoadFrom(const Map& map) {
  return [&map](const typename Map::key_type& id) -> std::optional<typename Map::mapped_type> {
    const auto found = map.find(id);
    return found == map.end() ? std::nullopt : std::optional(found->second);
  };
}

// The changed records of a table whose records never go away.
template <typename Id, typename Record>
std::vector<std::pair<Id, Record>> TakePresent(DraftTable<Id, Record>& table) {
  std::vector<std::pair<Id, Record>> present;
  for (auto& [id, record] : table.TakeChanged()) present.emplace_back(id, *std::move(record));
  return present;
}

}  // namespace

Draft::Draft(const StateReader& state, absl::Time now)
    : state_(state),
      now_(now),
      sequence_(state.resident().clock.sequence + 1),
      clock_(state.resident().clock) {}

bool Draft::KnowsBook(const BookId& id) {
  return books_.Find(id, [this](const BookId& book) { return state_.FindBook(book); }) != nullptr;
}

const Book& Draft::ReadBook(const BookId& id, const BookDefinition& definition) {
  const Book* book =
      books_.Find(id, [this](const BookId& wanted) { return state_.FindBook(wanted); });
  if (book != nullptr && book->counters.size() == definition.counters.size()) return *book;
  return zero_books_
      .try_emplace(definition.counters.size(),
                   Book{std::vector<Counter>(definition.counters.size())})
      .first->second;
}

Book& Draft::MutableBook(const BookId& id, const BookDefinition& definition) {
  changed_ = true;
  Book& book = books_.Mutable(id, [this](const BookId& wanted) { return state_.FindBook(wanted); });
  book.counters.resize(definition.counters.size());
  return book;
}

const Family* Draft::FindFamily(const FamilyId& id) {
  return families_.Find(id, [this](const FamilyId& family) { return state_.FindFamily(family); });
}

Family& Draft::MutableFamily(const FamilyId& id) {
  changed_ = true;
  return families_.Mutable(id,
                           [this](const FamilyId& family) { return state_.FindFamily(family); });
}

const KeyRecord* Draft::FindKey(const KeyId& id) {
  return keys_.Find(id, [this](const KeyId& key) { return LoadKey(key); });
}

KeyRecord& Draft::MutableKey(const KeyId& id) {
  changed_ = true;
  KeyRecord& record = keys_.Mutable(id, [this](const KeyId& key) { return LoadKey(key); });
  record.changed_at = now_;
  return record;
}

void Draft::EraseKey(const KeyId& id) {
  changed_ = true;
  (void)FindKey(id);  // so that its hold is known to have been there
  keys_.Erase(id);
}

Hold& Draft::MutableHold(const KeyId& id) {
  changed_ = true;
  KeyRecord& record = keys_.Mutable(id, [this](const KeyId& key) { return LoadKey(key); });
  return record.hold.has_value() ? *record.hold : record.hold.emplace();
}

void Draft::EndHold(const KeyId& id) {
  changed_ = true;
  keys_.Mutable(id, [this](const KeyId& key) { return LoadKey(key); }).hold.reset();
}

const Hold* Draft::HoldBefore(const KeyId& id) const {
  const auto found = holds_before_.find(id);
  return found == holds_before_.end() ? nullptr : &found->second;
}

std::vector<KeyId> Draft::ChangedKeys() const { return keys_.ChangedIds(); }

std::optional<KeyRecord> Draft::LoadKey(const KeyId& id) {
  std::optional<KeyRecord> record = state_.FindKey(id);
  if (record.has_value() && record->hold.has_value()) holds_before_.emplace(id, *record->hold);
  return record;
}

void Draft::WakeBy(const KeyId& id, absl::Time at) {
  changed_ = true;
  // Not a change of the key itself: changed_at stays.
  KeyRecord& record = keys_.Mutable(id, [this](const KeyId& key) { return LoadKey(key); });
  if (record.wake_at.has_value()) {
    if (*record.wake_at <= at) return;
    const Timer old{*record.wake_at, id};
    if (timers_added_.erase(old) == 0) timers_removed_.insert(old);
  }
  record.wake_at = at;
  timers_added_.insert(Timer{at, id});
}

void Draft::RemoveTimer(const Timer& timer) {
  changed_ = true;
  timers_removed_.insert(timer);
}

void Draft::ClearWake(const KeyId& id) {
  changed_ = true;
  keys_.Mutable(id, [this](const KeyId& key) { return LoadKey(key); }).wake_at.reset();
}

const Source& Draft::ReadSource(const SourceName& name) {
  static const Source kNeverHeardOf;
  const Source* source = sources_.Find(name, LoadFrom(before().sources));
  return source == nullptr ? kNeverHeardOf : *source;
}

Source& Draft::MutableSource(const SourceName& name) {
  changed_ = true;
  return sources_.Mutable(name, LoadFrom(before().sources));
}

const Breaker* Draft::FindBreaker(const std::string& scope) {
  return breakers_.Find(scope, LoadFrom(before().breakers));
}

Breaker& Draft::MutableBreaker(const std::string& scope) {
  changed_ = true;
  Breaker& breaker = breakers_.Mutable(scope, LoadFrom(before().breakers));
  breaker.scope = scope;
  return breaker;
}

size_t Draft::CountBreakers() const {
  size_t count = before().breakers.size();
  breakers_.ForEachChanged([&](const std::string& scope, const Breaker& breaker) {
    const bool was_open = before().breakers.contains(scope);
    const bool is_open = breaker.state != BreakerState::kClosed;
    if (was_open && !is_open) --count;
    if (!was_open && is_open) ++count;
  });
  return count;
}

const Gap* Draft::FindGap(const GapScope& scope) {
  return gaps_.Find(scope, LoadFrom(before().gaps));
}

Gap& Draft::MutableGap(const GapScope& scope) {
  changed_ = true;
  return gaps_.Mutable(scope, LoadFrom(before().gaps));
}

Suspect& Draft::MutableSuspect(const SuspectId& id) {
  changed_ = true;
  return suspects_.Mutable(id, LoadFrom(before().suspects));
}

std::vector<std::pair<SuspectId, Suspect>> Draft::Suspects() const {
  std::vector<std::pair<SuspectId, Suspect>> all;
  for (const auto& [id, suspect] : before().suspects) {
    if (!suspects_.Holds(id)) all.emplace_back(id, suspect);
  }
  suspects_.ForEachChanged(
      [&all](const SuspectId& id, const Suspect& suspect) { all.emplace_back(id, suspect); });
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return all;
}

Budget Draft::BlindSpent(const MovementKind& checkpoint) {
  const Budget* spent = blind_spent_.Find(checkpoint, LoadFrom(before().blind_spent));
  return spent == nullptr ? Budget{} : *spent;
}

void Draft::SetBlindSpent(const MovementKind& checkpoint, std::optional<Budget> spent) {
  changed_ = true;
  if (spent.has_value()) {
    blind_spent_.Mutable(checkpoint, LoadFrom(before().blind_spent)) = *spent;
  } else {
    blind_spent_.Erase(checkpoint);
  }
}

std::string Draft::NameOf(char letter, size_t count) const {
  return absl::StrCat(std::string(1, letter), absl::Hex(sequence_, absl::kZeroPad16), "-", count);
}

const Violation* Draft::FindViolation(const std::string& id) {
  return reviewed_.Find(id,
                        [this](const std::string& wanted) { return state_.FindViolation(wanted); });
}

Violation& Draft::MutableViolation(const std::string& id) {
  changed_ = true;
  return reviewed_.Mutable(
      id, [this](const std::string& wanted) { return state_.FindViolation(wanted); });
}

const Group* Draft::FindGroup(const std::string& id) {
  return groups_.Find(id, [this](const std::string& wanted) { return state_.FindGroup(wanted); });
}

Group& Draft::MutableGroup(const std::string& id) {
  changed_ = true;
  return groups_.Mutable(id,
                         [this](const std::string& wanted) { return state_.FindGroup(wanted); });
}

const OpenGroup* Draft::FindOpenGroup(const GroupKey& key) {
  return open_groups_.Find(key, LoadFrom(before().alerts.open_groups));
}

OpenGroup& Draft::MutableOpenGroup(const GroupKey& key) {
  changed_ = true;
  return open_groups_.Mutable(key, LoadFrom(before().alerts.open_groups));
}

void Draft::CloseGroup(const GroupKey& key) {
  changed_ = true;
  open_groups_.Erase(key);
}

size_t Draft::CountOpenGroups() const {
  const auto& groups = before().alerts.open_groups;
  return groups.size() + static_cast<size_t>(open_groups_.Growth(
                             [&groups](const GroupKey& key) { return groups.contains(key); }));
}

const Alert* Draft::FindWaiting(const std::string& slot) {
  return outbox_.Find(slot, LoadFrom(before().alerts.outbox));
}

Alert& Draft::MutableWaiting(const std::string& slot) {
  changed_ = true;
  return outbox_.Mutable(slot, LoadFrom(before().alerts.outbox));
}

void Draft::EraseWaiting(const std::string& slot) {
  changed_ = true;
  outbox_.Erase(slot);
}

absl::btree_map<std::string, Alert> Draft::Waiting() const {
  absl::btree_map<std::string, Alert> waiting = before().alerts.outbox;
  for (const std::string& slot : outbox_.ChangedIds()) waiting.erase(slot);
  outbox_.ForEachChanged(
      [&waiting](const std::string& slot, const Alert& alert) { waiting.emplace(slot, alert); });
  return waiting;
}

size_t Draft::CountWaiting() const {
  const auto& outbox = before().alerts.outbox;
  return outbox.size() + static_cast<size_t>(outbox_.Growth(
                             [&outbox](const std::string& slot) { return outbox.contains(slot); }));
}

const Tally* Draft::FindTally(const std::string& name) {
  return tallies_.Find(name, LoadFrom(before().alerts.tallies));
}

Tally& Draft::MutableTally(const std::string& name) {
  changed_ = true;
  return tallies_.Mutable(name, LoadFrom(before().alerts.tallies));
}

void Draft::AddViolation(Violation violation) {
  changed_ = true;
  violation.id = NameOf('v', violations_.size());
  violation.at = now_;
  violations_.push_back(std::move(violation));
}

void Draft::SetPolicy(PolicyRecord record, std::shared_ptr<const Policy> policy) {
  changed_ = true;
  policy_record_ = std::move(record);
  new_policy_ = std::move(policy);
}

namespace {

std::optional<HoldEntry> EntryOf(const KeyId& key, const Hold* hold) {
  if (hold == nullptr) return std::nullopt;
  return HoldEntry{hold->state, hold->held_at, key};
}

}  // namespace

// The queue's index follows the records, so that the two can't differ.
void Draft::TakeHolds(Changes& changes) const {
  for (const auto& [id, record] : changes.keys) {
    const std::optional<HoldEntry> before = EntryOf(id, HoldBefore(id));
    const std::optional<HoldEntry> after =
        EntryOf(id, record.has_value() && record->hold.has_value() ? &*record->hold : nullptr);
    if (before == after) continue;
    if (before.has_value()) changes.holds_removed.push_back(*before);
    if (after.has_value()) changes.holds_added.push_back(*after);
  }
}

Changes Draft::Take() && {
  Changes changes;
  changes.books = TakePresent(books_);
  changes.families = TakePresent(families_);
  changes.keys = keys_.TakeChanged();
  TakeHolds(changes);
  changes.timers_added.assign(timers_added_.begin(), timers_added_.end());
  changes.timers_removed.assign(timers_removed_.begin(), timers_removed_.end());
  changes.sources = TakePresent(sources_);
  changes.breakers = breakers_.TakeChanged();
  for (auto& [scope, breaker] : changes.breakers) {
    if (breaker.has_value() && breaker->state == BreakerState::kClosed) breaker.reset();
  }
  changes.gaps = gaps_.TakeChanged();
  changes.suspects = suspects_.TakeChanged();
  changes.blind_spent = blind_spent_.TakeChanged();
  changes.violations = std::move(violations_);
  for (auto& [id, violation] : TakePresent(reviewed_)) {
    changes.violations_reviewed.push_back(std::move(violation));
  }
  changes.groups = groups_.TakeChanged();
  changes.open_groups = open_groups_.TakeChanged();
  changes.outbox = outbox_.TakeChanged();
  changes.tallies = tallies_.TakeChanged();
  changes.policy_record = std::move(policy_record_);
  changes.policy = std::move(new_policy_);
  clock_.sequence = sequence_;
  clock_.time = now_;
  changes.clock = clock_;
  return changes;
}

}  // namespace fundgate::core
