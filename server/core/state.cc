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
  AbsorbInto(alerts.open_groups, changes.open_groups);
  AbsorbInto(alerts.outbox, changes.outbox);
  AbsorbInto(alerts.tallies, changes.tallies);
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

std::optional<Violation> MemoryState::FindViolation(const std::string& id) const {
  const auto place = violation_places_.find(id);
  if (place == violation_places_.end()) return std::nullopt;
  return violations_[place->second];
}

std::optional<Group> MemoryState::FindGroup(const std::string& id) const {
  return FindIn(groups_, id);
}

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
  for (const HoldEntry& entry : changes.holds_removed) holds_.erase(entry);
  holds_.insert(changes.holds_added.begin(), changes.holds_added.end());
  for (const Violation& violation : changes.violations) {
    violation_places_.emplace(violation.id, violations_.size());
    violations_.push_back(violation);
  }
  for (const Violation& violation : changes.violations_reviewed) {
    violations_[violation_places_.at(violation.id)] = violation;
  }
  AbsorbInto(groups_, changes.groups);
  if (changes.policy_record.has_value()) policies_.push_back(*changes.policy_record);
}

}  // namespace fundgate::core
