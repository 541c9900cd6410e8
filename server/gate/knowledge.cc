#include "server/gate/knowledge.h"

#include <algorithm>
#include <cstddef>

namespace fundgate::gate {
namespace {

// True if a whole kind of movement is unproven that changes a book which the checkpoint's changes.
bool IsUnproven(const core::Resident& resident, const core::CheckpointDefinition& checkpoint) {
  const core::Policy& policy = *resident.policy;
  const auto& own = policy.movements[checkpoint.movement].effects;
  return std::any_of(
      resident.of<core::Gaps>().begin(), resident.of<core::Gaps>().end(), [&](const auto& gap) {
        const core::GapScope& scope = gap.first;
        if (!scope.account.empty() || !scope.order.empty()) return false;
        const core::MovementDefinition* movement = policy.FindMovement(scope.kind);
        if (movement == nullptr) return false;
        return std::any_of(
            movement->effects.begin(), movement->effects.end(), [&](const core::Effect& effect) {
              return std::any_of(own.begin(), own.end(), [&](const core::Effect& mine) {
                return mine.book == effect.book;
              });
            });
      });
}

}  // namespace

std::vector<SourceName> StaleSources(const core::Resident& resident,
                                     const core::CheckpointDefinition& checkpoint, absl::Time now) {
  std::vector<SourceName> stale;
  for (const SourceName& name : checkpoint.sources) {
    const auto source = resident.of<core::Sources>().find(name);
    if (source == resident.of<core::Sources>().end() ||
        !source->second.IsProvenPast(now - checkpoint.max_staleness)) {
      stale.push_back(name);
    }
  }
  return stale;
}

int32_t BlindPermille(const core::Resident& resident, absl::Time now) {
  constexpr size_t kAll = 1000;
  if (resident.policy == nullptr || resident.clock.drifted) return kAll;
  const auto& checkpoints = resident.policy->checkpoints;
  if (checkpoints.empty()) return 0;
  const auto blind = static_cast<size_t>(std::count_if(
      checkpoints.begin(), checkpoints.end(), [&](const core::CheckpointDefinition& checkpoint) {
        return !StaleSources(resident, checkpoint, now).empty() || IsUnproven(resident, checkpoint);
      }));
  return static_cast<int32_t>((blind * kAll + checkpoints.size() - 1) / checkpoints.size());
}

}  // namespace fundgate::gate
