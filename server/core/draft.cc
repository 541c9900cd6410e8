#include "server/core/draft.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"

namespace fundgate::core {

Draft::Draft(const StateReader& state, absl::Time now)
    : state_(state),
      now_(now),
      sequence_(state.resident().clock.sequence + 1),
      clock_(state.resident().clock) {}

const Book& Draft::ReadBook(const BookId& id, const BookDefinition& definition) {
  const Book* book = Find<Books>(id);
  if (book != nullptr && book->counters.size() == definition.counters.size()) return *book;
  return zero_books_
      .try_emplace(definition.counters.size(), Book{Counters(definition.counters.size())})
      .first->second;
}

Book& Draft::MutableBook(const BookId& id, const BookDefinition& definition) {
  Book& book = Mutable<Books>(id);
  book.counters.resize(definition.counters.size());
  return book;
}

KeyRecord& Draft::MutableKey(const KeyId& id) {
  KeyRecord& record = Mutable<Keys>(id);
  record.changed_at = now_;
  return record;
}

void Draft::EraseKey(const KeyId& id) {
  (void)FindKey(id);  // so that its hold is known to have been there
  Erase<Keys>(id);
}

const Hold* Draft::HoldBefore(const KeyId& id) const {
  const auto found = holds_before_.find(id);
  return found == holds_before_.end() ? nullptr : &found->second;
}

std::optional<KeyRecord> Draft::LoadKey(const KeyId& id) {
  std::optional<KeyRecord> record = state_.Find<Keys>(id);
  if (record.has_value() && record->hold.has_value()) holds_before_.emplace(id, *record->hold);
  return record;
}

void Draft::WakeBy(const KeyId& id, absl::Time at) {
  // Not a change of the key itself: changed_at stays.
  KeyRecord& record = Mutable<Keys>(id);
  if (record.wake_at.has_value()) {
    if (*record.wake_at <= at) return;
    Erase<Timers>({*record.wake_at, id});
  }
  record.wake_at = at;
  Put<Timers>({at, id}, {});
}

const Source& Draft::ReadSource(const SourceName& name) const {
  static const Source kNeverHeardOf;
  // None is ever erased.
  if (const Source* changed = tables_.of<Sources>().FindHere(name)) return *changed;
  const auto source = before().of<Sources>().find(name);
  return source == before().of<Sources>().end() ? kNeverHeardOf : source->second;
}

Breaker& Draft::MutableBreaker(const std::string& scope) {
  Breaker& breaker = Mutable<Breakers>(scope);
  breaker.scope = scope;
  return breaker;
}

size_t Draft::CountBreakers() const {
  const auto& open_before = before().of<Breakers>();
  size_t count = open_before.size();
  tables_.of<Breakers>().ForEachChanged([&](const std::string& scope, const Breaker& breaker) {
    const bool was_open = open_before.contains(scope);
    const bool is_open = breaker.state != BreakerState::kClosed;
    if (was_open && !is_open) --count;
    if (!was_open && is_open) ++count;
  });
  return count;
}

std::vector<std::pair<SuspectId, Suspect>> Draft::Suspects() const {
  std::vector<std::pair<SuspectId, Suspect>> all;
  ForEach<core::Suspects>(
      [&all](const SuspectId& id, const Suspect& suspect) { all.emplace_back(id, suspect); });
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return all;
}

Budget Draft::BlindSpent(const MovementKind& checkpoint) {
  const Budget* spent = Find<core::BlindSpent>(checkpoint);
  return spent == nullptr ? Budget{} : *spent;
}

void Draft::SetBlindSpent(const MovementKind& checkpoint, std::optional<Budget> spent) {
  if (spent.has_value()) {
    Put<core::BlindSpent>(checkpoint, *spent);
  } else {
    Erase<core::BlindSpent>(checkpoint);
  }
}

std::string Draft::NameOf(char letter, size_t count) const {
  return absl::StrCat(std::string(1, letter), absl::Hex(sequence_, absl::kZeroPad16), "-", count);
}

void Draft::AddViolation(Violation violation) {
  const std::string id = NameOf('v', found_violations_.size());
  violation.id = id;
  violation.at = now_;
  violation.history |= history_;
  found_violations_.push_back(id);
  Put<Violations>(id, std::move(violation));
}

void Draft::SetPolicy(PolicyRecord record, std::shared_ptr<const Policy> policy) {
  changed_ = true;
  policy_record_ = std::move(record);
  new_policy_ = std::move(policy);
}

void Draft::TakeInto(Changes& changes) && {
  for (const std::string& scope : Changed<Breakers>()) {
    const Breaker* breaker = Find<Breakers>(scope);
    if (breaker != nullptr && breaker->state == BreakerState::kClosed) Erase<Breakers>(scope);
  }
  changes.Take(std::move(records_));
  changes.policy_record = std::move(policy_record_);
  changes.policy = std::move(new_policy_);
  clock_.sequence = sequence_;
  clock_.time = now_;
  changes.clock = clock_;
}

}  // namespace fundgate::core
