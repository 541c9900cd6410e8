#include "server/core/draft.h"

#include <algorithm>
#include <iterator>

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
      .try_emplace(definition.counters.size(),
                   Book{std::vector<Counter>(definition.counters.size())})
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

const Source& Draft::ReadSource(const SourceName& name) {
  static const Source kNeverHeardOf;
  const Source* source = Find<Sources>(name);
  return source == nullptr ? kNeverHeardOf : *source;
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
  const auto& drafted = tables_.of<core::Suspects>();
  for (const auto& [id, suspect] : before().of<core::Suspects>()) {
    if (!drafted.Holds(id)) all.emplace_back(id, suspect);
  }
  drafted.ForEachChanged(
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
  AllKinds::ForEach(
      [&]<typename Kind>(Kind) { changes.of<Kind>() = tables_.of<Kind>().TakeChanged(); });
  for (auto& [scope, breaker] : changes.of<Breakers>()) {
    if (breaker.has_value() && breaker->state == BreakerState::kClosed) breaker.reset();
  }
  changes.violations = std::move(violations_);
  changes.policy_record = std::move(policy_record_);
  changes.policy = std::move(new_policy_);
  clock_.sequence = sequence_;
  clock_.time = now_;
  changes.clock = clock_;
  return changes;
}

}  // namespace fundgate::core
