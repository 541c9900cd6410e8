// Journal records as traces; see convert_audit.h.
#include <string>
#include <utility>
#include <variant>

#include "server/gate/convert_audit.h"
#include "server/gate/convert_breakers.h"
#include "server/gate/convert_check.h"
#include "server/gate/convert_decision.h"
#include "server/gate/convert_events.h"
#include "server/gate/convert_leases.h"
#include "server/gate/convert_plans.h"
#include "server/gate/convert_review.h"
#include "server/gate/convert_snapshots.h"
#include "server/gate/convert_values.h"

namespace fundgate::gate {
namespace {

// Writes what an input was into a trace. Each kind of input has its own line here.
struct InputWriter {
  const store::JournalEntry& entry;
  v1::Trace& trace;

  void operator()(const core::CheckInput& check) const {
    trace.set_kind(v1::TRACE_KIND_CHECK);
    *trace.mutable_check() = ToProto(check);
    *trace.mutable_arrived_at() = ToProto(check.arrived_at);
  }
  void operator()(const core::ConfirmInput& confirm) const {
    trace.set_kind(v1::TRACE_KIND_CONFIRM);
    *trace.mutable_confirm() = ToProto(confirm);
  }
  void operator()(const core::ReleaseInput& release) const {
    trace.set_kind(v1::TRACE_KIND_RELEASE);
    *trace.mutable_release() = ToProto(release);
  }
  void operator()(const core::RejectHoldInput& reject) const {
    trace.set_kind(v1::TRACE_KIND_HOLD_REVIEW);
    *trace.mutable_reject_hold() = ToProto(reject);
  }
  void operator()(const core::ApproveHoldInput& approve) const {
    trace.set_kind(v1::TRACE_KIND_HOLD_REVIEW);
    *trace.mutable_approve_hold() = ToProto(approve);
  }
  void operator()(const core::AcknowledgeInput& acknowledge) const {
    trace.set_kind(v1::TRACE_KIND_VIOLATION_REVIEW);
    *trace.mutable_acknowledge_violation() = ToProto(acknowledge);
  }
  void operator()(const core::ResolveInput& resolve) const {
    trace.set_kind(v1::TRACE_KIND_VIOLATION_REVIEW);
    *trace.mutable_resolve_violation() = ToProto(resolve);
  }
  void operator()(const core::DeliveredInput& delivered) const {
    trace.set_kind(v1::TRACE_KIND_DELIVERY);
    for (const auto& [slot, id] : delivered.alerts) {
      *trace.mutable_delivery()->add_alert_ids() = id;
    }
  }
  void operator()(const core::GrantEpochInput& grant) const {
    trace.set_kind(v1::TRACE_KIND_EPOCH);
    v1::EpochGrant& proto = *trace.mutable_epoch();
    proto.set_source(grant.source.value());
    proto.set_coordinates_changed(grant.coordinates_changed);
    proto.set_mapping_version(grant.mapping_version);
    if (const auto* answer = std::get_if<core::EpochGrant>(&entry.answer)) {
      proto.set_epoch(answer->epoch);
    }
  }
  void operator()(const core::IngestInput& batch) const {
    trace.set_kind(v1::TRACE_KIND_INGEST);
    const auto* answer = std::get_if<core::IngestAnswer>(&entry.answer);
    *trace.mutable_ingest() = ToSummary(batch, answer == nullptr ? 0 : answer->violations);
  }
  void operator()(const core::TripBreakerInput& trip) const {
    trace.set_kind(v1::TRACE_KIND_BREAKER);
    *trace.mutable_trip_breaker() = ToProto(trip);
  }
  void operator()(const core::HalfOpenBreakerInput& half_open) const {
    trace.set_kind(v1::TRACE_KIND_BREAKER);
    *trace.mutable_half_open_breaker() = ToProto(half_open);
  }
  void operator()(const core::ResetBreakerInput& reset) const {
    trace.set_kind(v1::TRACE_KIND_BREAKER);
    *trace.mutable_reset_breaker() = ToProto(reset);
  }
  void operator()(const core::ApplyPolicyInput& apply) const {
    trace.set_kind(v1::TRACE_KIND_POLICY);
    v1::PolicyVersion& proto = *trace.mutable_policy();
    proto.set_actor(apply.actor);
    proto.set_comment(apply.comment);
    proto.set_document_hash(Sha256(apply.text));
    if (const auto* answer = std::get_if<core::PolicyAnswer>(&entry.answer)) {
      proto.set_version(answer->version);
      *proto.mutable_applied_at() = ToProto(entry.input.time);
    }
  }
  void operator()(const core::ResnapshotInput& wanted) const {
    trace.set_kind(v1::TRACE_KIND_SNAPSHOT);
    *trace.mutable_resnapshot_source() = ToProto(wanted);
  }
  void operator()(const core::CancelResnapshotInput& cancel) const {
    trace.set_kind(v1::TRACE_KIND_SNAPSHOT);
    *trace.mutable_cancel_resnapshot() = ToProto(cancel);
  }
  void operator()(const core::RunPlanInput& run) const {
    trace.set_kind(v1::TRACE_KIND_PLAN);
    *trace.mutable_run_plan() = ToProto(run);
  }
  void operator()(const core::UndoPlanInput& undo) const {
    trace.set_kind(v1::TRACE_KIND_PLAN);
    *trace.mutable_undo_plan() = ToProto(undo);
  }
  void operator()(const core::GrantLeaseInput& grant) const {
    trace.set_kind(v1::TRACE_KIND_LEASE);
    *trace.mutable_take_lease() = ToProto(grant);
  }
  void operator()(const core::ReportLeaseInput& report) const {
    trace.set_kind(v1::TRACE_KIND_LEASE);
    *trace.mutable_report_allowed() = ToProto(report);
  }
  void operator()(const core::TickInput&) const {
    trace.set_kind(v1::TRACE_KIND_TICK);
    trace.mutable_tick();
  }
  void operator()(const core::ClockDriftInput& drift) const {
    trace.set_kind(v1::TRACE_KIND_CLOCK);
    trace.mutable_clock()->set_kind(v1::CLOCK_CHANGE_KIND_DRIFT);
    *trace.mutable_clock()->mutable_drift() = ToProto(drift.drift);
  }
  void operator()(const core::AcceptTimeInput& accept) const {
    trace.set_kind(v1::TRACE_KIND_CLOCK);
    trace.mutable_clock()->set_kind(v1::CLOCK_CHANGE_KIND_ACCEPT);
    trace.mutable_clock()->set_actor(accept.actor);
    trace.mutable_clock()->set_reason(accept.reason);
  }
};

void WriteAnswer(const store::JournalEntry& entry, v1::Trace& trace) {
  if (const auto* decision = std::get_if<core::Decision>(&entry.answer)) {
    *trace.mutable_decision() = ToProto(*decision);
    const auto* check = std::get_if<core::CheckInput>(&entry.input.body);
    if (const auto* report = std::get_if<core::ReportLeaseInput>(&entry.input.body)) {
      check = &report->check;
    }
    if (decision->verdict == core::Verdict::kAllow && check != nullptr) {
      *trace.mutable_decision()->mutable_reservation() = NewReservation(*decision, *check);
    }
  } else if (const auto* reservation = std::get_if<core::ReservationAnswer>(&entry.answer)) {
    *trace.mutable_reservation() = ToProto(*reservation, nullptr);
  } else if (const auto* breaker = std::get_if<core::BreakerAnswer>(&entry.answer)) {
    *trace.mutable_breaker() = ToProto(breaker->breaker);
    trace.mutable_breaker()->set_sequence(entry.sequence);
  } else if (const auto* refusal = std::get_if<core::Refusal>(&entry.answer)) {
    trace.set_refused(std::string(refusal->status.message()));
  }
}

}  // namespace

v1::Trace ToTrace(const store::JournalEntry& entry) {
  v1::Trace trace;
  trace.set_sequence(entry.sequence);
  *trace.mutable_time() = ToProto(entry.input.time);
  std::visit(InputWriter{entry, trace}, entry.input.body);
  WriteAnswer(entry, trace);
  trace.set_previous_hash(entry.previous_hash);
  trace.set_hash(entry.hash);
  trace.set_logic_version(entry.logic_version);
  trace.set_policy_version(entry.policy_version);
  return trace;
}

}  // namespace fundgate::gate
