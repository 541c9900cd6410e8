#include "server/gate/knowledge.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

namespace fundgate::gate {
namespace {

// How much of what a checkpoint is judged by is unproven.
enum class Unproven : uint8_t { kNothing, kParts, kAll };

bool Shares(const core::MovementDefinition& a, const core::MovementDefinition& b) {
  return std::any_of(a.effects.begin(), a.effects.end(), [&b](const core::Effect& effect) {
    return std::any_of(b.effects.begin(), b.effects.end(),
                       [&effect](const core::Effect& other) { return other.book == effect.book; });
  });
}

// All if a whole kind of movement is unproven that changes a book which the checkpoint's changes;
// parts if some of its accounts or orders are.
Unproven UnprovenOf(const core::Resident& resident, const core::CheckpointDefinition& checkpoint) {
  const core::Policy& policy = *resident.policy;
  Unproven most = Unproven::kNothing;
  for (const auto& [scope, gap] : resident.of<core::Gaps>()) {
    const core::MovementDefinition* movement = policy.FindMovement(scope.kind);
    if (movement == nullptr || !Shares(*movement, policy.movements[checkpoint.movement])) continue;
    if (scope.account.empty() && scope.order.empty()) return Unproven::kAll;
    most = Unproven::kParts;
  }
  return most;
}

// True if there is a gap of a kind or a fact that the policy knows, whoever is judged by it.
bool HasGap(const core::Resident& resident) {
  const core::Policy& policy = *resident.policy;
  const auto& gaps = resident.of<core::Gaps>();
  return std::any_of(gaps.begin(), gaps.end(), [&policy](const auto& gap) {
    const std::string& kind = gap.first.kind.value();
    return policy.FindMovement(gap.first.kind) != nullptr ||
           std::any_of(policy.facts.begin(), policy.facts.end(),
                       [&kind](const core::FactDefinition& fact) { return fact.name == kind; });
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
  size_t blind = 0;  // thousandths, over all checkpoints
  for (const core::CheckpointDefinition& checkpoint : checkpoints) {
    const Unproven unproven = UnprovenOf(resident, checkpoint);
    if (unproven == Unproven::kAll || !StaleSources(resident, checkpoint, now).empty()) {
      blind += kAll;
    } else if (unproven == Unproven::kParts) {
      blind += 1;
    }
  }
  const size_t share =
      checkpoints.empty() ? 0 : (blind + checkpoints.size() - 1) / checkpoints.size();
  return static_cast<int32_t>(std::max<size_t>(share, HasGap(resident) ? 1 : 0));
}

}  // namespace fundgate::gate
