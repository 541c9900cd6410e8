#include "server/gate/prepared_metrics.h"

#include <map>
#include <memory>
#include <string>
#include <utility>

namespace fundgate::gate {
namespace {

using metrics::Samples;
using metrics::Type;

using Scene = std::shared_ptr<const store::View>;

// Of one checkpoint.
struct Leased {
  std::string currency;
  uint64_t count = 0;
  double left = 0;  // in minor units
};

// Also of checkpoints that lease and of which nobody has one.
std::map<std::string, Leased> ReadLeases(const core::Resident& resident) {
  std::map<std::string, Leased> leased;
  if (resident.policy != nullptr) {
    for (const core::CheckpointDefinition& checkpoint : resident.policy->checkpoints) {
      if (!checkpoint.lease.has_value()) continue;
      leased[checkpoint.kind.value()].currency = checkpoint.lease->budget.amount.currency.code();
    }
  }
  for (const auto& [id, lease] : resident.of<core::Leases>()) {
    Leased& of = leased[lease.checkpoint.value()];
    of.currency = lease.left.amount.currency.code();
    ++of.count;
    of.left += static_cast<double>(lease.left.amount.minor_units);
  }
  return leased;
}

constexpr metrics::Metric<Scene> kMetrics[] = {
    {"fundgate_leases", Type::kGauge, "Leases that callers have.",
     [](const Scene& view, Samples& samples) {
       for (const auto& [checkpoint, leased] : ReadLeases(view->resident())) {
         samples.Add(leased.count, {{"checkpoint", checkpoint}});
       }
     }},
    {"fundgate_leased_minor_units", Type::kGauge,
     "Money that leases may still allow, in minor units of its currency.",
     [](const Scene& view, Samples& samples) {
       for (const auto& [checkpoint, leased] : ReadLeases(view->resident())) {
         samples.Add(leased.left, {{"checkpoint", checkpoint}, {"currency", leased.currency}});
       }
     }},
    {"fundgate_plan_running", Type::kGauge, "1 while the plan is in force.",
     [](const Scene& view, Samples& samples) {
       const core::Resident& resident = view->resident();
       std::map<std::string, bool> running;
       if (resident.policy != nullptr) {
         for (const core::PlanDefinition& plan : resident.policy->plans) running[plan.name];
       }
       for (const auto& [name, run] : resident.of<core::PlanRuns>()) running[name] = true;
       for (const auto& [name, is_running] : running) {
         samples.Add(is_running ? 1.0 : 0.0, {{"plan", name}});
       }
     }},
};

}  // namespace

void ReadPreparedMetrics(const Backend& backend, std::vector<metrics::Family>& families) {
  metrics::Read<Scene>(kMetrics, backend.store.view(), families);
}

}  // namespace fundgate::gate
