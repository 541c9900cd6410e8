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

}  // namespace

void Resident::Absorb(const Changes& changes) {
  ResidentKinds::ForEach([&]<typename Kind>(Kind) { AbsorbInto(of<Kind>(), changes.of<Kind>()); });
  if (changes.policy_record.has_value()) {
    policy_version = changes.policy_record->version;
    policy = changes.policy;
  }
  if (changes.clock.has_value()) clock = *changes.clock;
}

void MemoryState::Answer(const AnyLookup& lookup) const {
  std::visit(
      [this]<typename Kind>(const Lookup<Kind>& asked) {
        const auto found = tables_.of<Kind>().find(asked.id);
        if (found != tables_.of<Kind>().end()) asked.found = found->second;
      },
      lookup);
}

void MemoryState::Answer(const AnyDueLookup& lookup) const {
  std::visit(
      [this]<typename Kind>(const DueLookup<Kind>& asked) {
        const auto& queue = tables_.of<Kind>();
        for (auto entry = queue.lower_bound(asked.from); entry != queue.end(); ++entry) {
          const auto& id = entry->first;
          if (!SameLane<Kind>(id, asked.from) || id.at > asked.time) break;
          if (asked.found.size() == asked.limit) break;
          asked.found.push_back(id);
        }
      },
      lookup);
}

void MemoryState::Answer(const KeysLookup& lookup) const {
  const auto& keys = tables_.of<Keys>();
  for (auto entry = keys.upper_bound(lookup.after); entry != keys.end(); ++entry) {
    if (lookup.found.size() == lookup.limit) break;
    lookup.found.push_back(entry->first);
  }
}

std::vector<Violation> MemoryState::violations() const {
  std::vector<Violation> all;
  for (const auto& [id, violation] : of<Violations>()) all.push_back(violation);
  return all;
}

void MemoryState::Absorb(const Changes& changes) {
  resident_.Absorb(changes);
  StoredKinds::ForEach(
      [&]<typename Kind>(Kind) { AbsorbInto(tables_.of<Kind>(), changes.of<Kind>()); });
  if (changes.policy_record.has_value()) policies_.push_back(*changes.policy_record);
}

}  // namespace fundgate::core
