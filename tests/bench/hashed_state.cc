#include "tests/bench/hashed_state.h"

#include <algorithm>
#include <variant>

namespace fundgate::bench {
namespace {

template <typename Ids>
void KeepFirst(Ids& ids, size_t limit) {
  std::sort(ids.begin(), ids.end());
  if (ids.size() > limit) ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(limit), ids.end());
}

}  // namespace

void HashedState::Absorb(const core::Changes& changes) {
  resident_.Absorb(changes);
  core::StoredKinds::ForEach([&]<typename Kind>(Kind) {
    for (const auto& [id, record] : changes.of<Kind>()) {
      if (record.has_value()) {
        tables_.of<Kind>().insert_or_assign(id, *record);
      } else {
        tables_.of<Kind>().erase(id);
      }
    }
  });
}

void HashedState::Answer(const core::AnyLookup& lookup) const {
  std::visit(
      [this]<typename Kind>(const core::Lookup<Kind>& asked) {
        const auto found = tables_.of<Kind>().find(asked.id);
        if (found != tables_.of<Kind>().end()) asked.found = found->second;
      },
      lookup);
}

void HashedState::Answer(const core::AnyDueLookup& lookup) const {
  std::visit(
      [this]<typename Kind>(const core::DueLookup<Kind>& asked) {
        for (const auto& [id, record] : tables_.of<Kind>()) {
          const bool is_due = core::SameLane<Kind>(id, asked.from) && id.at <= asked.time;
          if (is_due && !(id < asked.from)) asked.found.push_back(id);
        }
        KeepFirst(asked.found, asked.limit);
      },
      lookup);
}

void HashedState::Answer(const core::KeysLookup& lookup) const {
  for (const auto& [id, record] : tables_.of<core::Keys>()) {
    if (lookup.after < id) lookup.found.push_back(id);
  }
  KeepFirst(lookup.found, lookup.limit);
}

}  // namespace fundgate::bench
