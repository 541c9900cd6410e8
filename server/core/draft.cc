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
  return keys_.Find(id, [this](const KeyId& key) { return state_.FindKey(key); });
}

KeyRecord& Draft::MutableKey(const KeyId& id) {
  changed_ = true;
  KeyRecord& record = keys_.Mutable(id, [this](const KeyId& key) { return state_.FindKey(key); });
  record.changed_at = now_;
  return record;
}

void Draft::EraseKey(const KeyId& id) {
  changed_ = true;
  keys_.Erase(id);
}

void Draft::WakeBy(const KeyId& id, absl::Time at) {
  changed_ = true;
  // Not a change of the key itself: changed_at stays.
  KeyRecord& record = keys_.Mutable(id, [this](const KeyId& key) { return state_.FindKey(key); });
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
  keys_.Mutable(id, [this](const KeyId& key) { return state_.FindKey(key); }).wake_at.reset();
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

void Draft::AddViolation(Violation violation) {
  changed_ = true;
  violation.id = absl::StrCat("v", absl::Hex(sequence_, absl::kZeroPad16), "-", violations_.size());
  violation.at = now_;
  violations_.push_back(std::move(violation));
}

void Draft::SetPolicy(PolicyRecord record, std::shared_ptr<const Policy> policy) {
  changed_ = true;
  policy_record_ = std::move(record);
  new_policy_ = std::move(policy);
}

Changes Draft::Take() && {
  Changes changes;
  changes.books = TakePresent(books_);
  changes.families = TakePresent(families_);
  changes.keys = keys_.TakeChanged();
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
  changes.policy_record = std::move(policy_record_);
  changes.policy = std::move(new_policy_);
  clock_.sequence = sequence_;
  clock_.time = now_;
  changes.clock = clock_;
  return changes;
}

}  // namespace fundgate::core
