#include "server/gate/readiness.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/gate/knowledge.h"

namespace fundgate::gate {

bool Readiness::Look(const core::Resident& resident, absl::Time now) {
  if (resident.policy == nullptr || resident.clock.drifted) return false;
  const sequencer::MutexLock lock(mutex_);
  bool news = false;
  bool all = true;
  for (const core::CheckpointDefinition& checkpoint : resident.policy->checkpoints) {
    if (checkpoints_.contains(checkpoint.kind)) continue;
    if (StaleSources(resident, checkpoint, now).empty()) {
      news = checkpoints_.insert(checkpoint.kind).second;
    } else {
      all = false;
    }
  }
  complete_ = all;
  if (all && !ready_) news = ready_ = true;
  return news;
}

void Readiness::PolicyChanged() {
  const sequencer::MutexLock lock(mutex_);
  complete_ = false;
}

void Readiness::HoldFor(std::string why) {
  const sequencer::MutexLock lock(mutex_);
  held_ = std::move(why);
}

bool Readiness::complete() const {
  const sequencer::MutexLock lock(mutex_);
  return complete_;
}

bool Readiness::ready() const {
  const sequencer::MutexLock lock(mutex_);
  return ready_ && held_.empty();
}

bool Readiness::IsReady(const MovementKind& checkpoint) const {
  const sequencer::MutexLock lock(mutex_);
  return held_.empty() && checkpoints_.contains(checkpoint);
}

std::string Readiness::WhyNot(const core::Resident& resident, absl::Time now) const {
  if (ready()) return "";
  {
    const sequencer::MutexLock lock(mutex_);
    if (!held_.empty()) return held_;
  }
  if (resident.policy == nullptr) return "the gate has no policy yet";
  if (resident.clock.drifted) return "the clock has drifted: every source counts as stale";
  std::set<SourceName> waiting;
  for (const core::CheckpointDefinition& checkpoint : resident.policy->checkpoints) {
    if (IsReady(checkpoint.kind)) continue;
    const std::vector<SourceName> stale = StaleSources(resident, checkpoint, now);
    waiting.insert(stale.begin(), stale.end());
  }
  std::string names;
  for (const SourceName& name : waiting) {
    absl::StrAppend(&names, names.empty() ? "" : ", ", name.value());
  }
  return absl::StrCat("no proof since the start that these sources are fresh: ", names);
}

}  // namespace fundgate::gate
