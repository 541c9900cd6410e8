#include "server/gate/status_service.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "server/core/machine.h"
#include "server/gate/convert_snapshots.h"
#include "server/gate/convert_values.h"
#include "server/gate/guard.h"
#include "server/gate/knowledge.h"
#include "server/gate/readiness.h"

namespace fundgate::gate {
namespace {

void FillGaps(const core::Resident& resident, const SourceName& name, v1::SourceStatus& status) {
  for (const auto& [scope, gap] : resident.of<core::Gaps>()) {
    const bool is_its =
        gap.source == name || std::binary_search(gap.also.begin(), gap.also.end(), name);
    if (!is_its) continue;
    status.set_gaps(status.gaps() + 1);
    v1::SourceGap& oldest = *status.mutable_oldest_gap();
    const auto since = ToProto(gap.since);
    if (oldest.has_since() && oldest.since().seconds() <= since.seconds()) continue;
    oldest.set_movement_kind(scope.kind.value());
    oldest.set_account_id(scope.account.value());
    oldest.set_order_id(scope.order.value());
    *oldest.mutable_since() = since;
    oldest.set_count(gap.count);
    oldest.set_reason(gap.reason);
  }
}

void FillSources(const Backend& backend, const core::Resident& resident, absl::Time now,
                 v1::GetStatusResponse& response) {
  if (resident.policy == nullptr) return;
  for (const core::SourceDefinition& definition : resident.policy->sources) {
    v1::SourceStatus& status = *response.add_sources();
    status.set_name(definition.name.value());
    FillGaps(resident, definition.name, status);
    const auto run = resident.of<core::SnapshotRuns>().find(definition.name);
    if (run != resident.of<core::SnapshotRuns>().end()) {
      *status.mutable_snapshot() = ToProto(run->second);
    }
    const std::optional<absl::Time> committed_at = backend.probes.CommittedAt(definition.name);
    if (committed_at.has_value()) *status.mutable_committed_at() = ToProto(*committed_at);
    const auto found = resident.of<core::Sources>().find(definition.name);
    if (found == resident.of<core::Sources>().end()) continue;
    const core::Source& source = found->second;
    status.set_position(source.position.ToString());
    status.set_epoch(source.epoch);
    status.set_feeder_connected(backend.probes.IsConnected(definition.name, source.epoch));
    if (source.proven_past != absl::InfinitePast()) {
      *status.mutable_proven_past() = ToProto(source.proven_past);
      *status.mutable_lag() = ToProto(std::max(now - source.proven_past, absl::ZeroDuration()));
    }
    if (!source.awaited.empty()) {
      status.set_waiting_for_position(source.awaited.back().head.ToString());
    }
  }
}

std::string NotServingReason(const Backend& backend, const core::Resident& resident,
                             const sequencer::Statistics& statistics) {
  if (backend.draining) return "the gate is shutting down";
  if (!statistics.failure.ok()) return std::string(statistics.failure.message());
  if (resident.policy == nullptr) {
    return "the gate has no policy yet; apply one with `fundctl policy apply`";
  }
  return "";
}

}  // namespace

grpc::ServerUnaryReactor* StatusService::GetStatus(grpc::CallbackServerContext* context,
                                                   const v1::GetStatusRequest* /*request*/,
                                                   v1::GetStatusResponse* response) {
  if (auto* refused = Refuse(backend_, *context, "Status/GetStatus")) return refused;
  const std::shared_ptr<const store::View> view = backend_.store.view();
  const core::Resident& resident = view->resident();
  const sequencer::Statistics statistics = backend_.sequencer.statistics();
  const absl::Time now = backend_.sequencer.Now();
  response->set_not_serving_reason(NotServingReason(backend_, resident, statistics));
  response->set_serving(response->not_serving_reason().empty());
  response->set_ready(backend_.readiness.ready());
  response->set_not_ready_reason(backend_.readiness.WhyNot(resident, now));
  response->set_recovered(true);
  response->set_policy_version(resident.policy_version);
  response->set_last_sequence(resident.clock.sequence);
  *response->mutable_gate_time() = ToProto(now);
  FillSources(backend_, resident, now, *response);
  for (const auto& [scope, breaker] : resident.of<core::Breakers>()) {
    if (breaker.state == core::BreakerState::kOpen) {
      response->set_breakers_open(response->breakers_open() + 1);
    } else {
      response->set_breakers_half_open(response->breakers_half_open() + 1);
    }
  }
  response->set_queue_depth(statistics.queue_depth);
  response->set_queue_capacity(statistics.queue_capacity);
  response->set_parked_checks(statistics.parked);
  response->set_unproven_scopes(resident.of<core::Gaps>().size());
  response->set_alerts_waiting(resident.of<core::Outbox>().size());
  response->set_open_groups(resident.of<core::OpenGroups>().size());
  if (!resident.of<core::Outbox>().empty()) {
    const auto oldest =
        std::min_element(resident.of<core::Outbox>().begin(), resident.of<core::Outbox>().end(),
                         [](const auto& a, const auto& b) { return a.second.at < b.second.at; });
    *response->mutable_oldest_alert_at() = ToProto(oldest->second.at);
  }
  response->set_blind_permille(BlindPermille(resident, now));
  response->set_clock_state(resident.clock.drifted ? v1::CLOCK_STATE_DRIFTED
                                                   : v1::CLOCK_STATE_IN_STEP);
  *response->mutable_clock_drift() = ToProto(backend_.clock.Drift());
  response->set_software_version(FUNDGATE_VERSION);
  response->set_logic_version(core::kLogicVersion);
  *response->mutable_started_at() = ToProto(backend_.started_at);
  return FinishNow(*context, grpc::Status::OK);
}

grpc::ServerUnaryReactor* StatusService::AcceptTime(grpc::CallbackServerContext* context,
                                                    const v1::AcceptTimeRequest* request,
                                                    v1::AcceptTimeResponse* response) {
  const auto asked = Signed(backend_, *context, "Status/AcceptTime", *request);
  if (!asked.ok()) return FinishNow(*context, ToGrpc(asked.status()));
  Problems problems;
  problems.Text("actor", asked->actor(), 1, kMaxActorBytes);
  problems.Text("reason", asked->reason(), 1, kMaxReasonBytes);
  if (!problems.empty()) return FinishNow(*context, InvalidArgument(problems));
  return SubmitInput<core::Done>(
      backend_, *context, core::AcceptTimeInput{asked->actor(), asked->reason()},
      [this, response](const core::Done&) {
        *response->mutable_gate_time() = ToProto(backend_.sequencer.Now());
        return grpc::Status::OK;
      });
}

}  // namespace fundgate::gate
