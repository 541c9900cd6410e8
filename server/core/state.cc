#include "server/core/state.h"

namespace fundgate::core {
namespace {

// Puts each value, or removes the record where there is none.
template <typename Map, typename List>
void AbsorbInto(Map& map, const List& changed) {
  for (const auto& [key, value] : changed) {
    if (value.has_value()) {
      map.insert_or_assign(key, *value);
    } else {
      map.erase(key);
    }
  }
}

template <typename Id, typename Record>
std::optional<Record> FindIn(const std::map<Id, Record>& records, const Id& id) {
  const auto found = records.find(id);
  return found == records.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

void Resident::Absorb(const Changes& changes) {
  for (const auto& [name, source] : changes.sources) sources.insert_or_assign(name, source);
  AbsorbInto(breakers, changes.breakers);
  AbsorbInto(gaps, changes.gaps);
  AbsorbInto(suspects, changes.suspects);
  AbsorbInto(blind_spent, changes.blind_spent);
  if (changes.policy_record.has_value()) {
    policy_version = changes.policy_record->version;
    policy = changes.policy;
  }
  if (changes.clock.has_value()) clock = *changes.clock;
}

std::optional<Book> MemoryState::FindBook(const BookId& id) const { return FindIn(books_, id); }

std::optional<Family> MemoryState::FindFamily(const FamilyId& id) const {
  return FindIn(families_, id);
}

std::optional<KeyRecord> MemoryState::FindKey(const KeyId& id) const { return FindIn(keys_, id); }

std::vector<Timer> MemoryState::DueTimers(absl::Time time, size_t limit) const {
  std::vector<Timer> due;
  for (const Timer& timer : timers_) {
    if (timer.at > time || due.size() == limit) break;
    due.push_back(timer);
  }
  return due;
}

void MemoryState::Absorb(const Changes& changes) {
  resident_.Absorb(changes);
  for (const auto& [id, book] : changes.books) books_.insert_or_assign(id, book);
  for (const auto& [id, family] : changes.families) families_.insert_or_assign(id, family);
  AbsorbInto(keys_, changes.keys);
  for (const Timer& timer : changes.timers_removed) timers_.erase(timer);
  timers_.insert(changes.timers_added.begin(), changes.timers_added.end());
  violations_.insert(violations_.end(), changes.violations.begin(), changes.violations.end());
  if (changes.policy_record.has_value()) policies_.push_back(*changes.policy_record);
}

}  // namespace fundgate::core
