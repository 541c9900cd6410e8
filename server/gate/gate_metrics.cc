#include "server/gate/gate_metrics.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/machine.h"
#include "server/gate/knowledge.h"
#include "server/gate/meters.h"
#include "server/gate/overload_metrics.h"
#include "server/gate/position_numbers.h"
#include "server/gate/prepared_metrics.h"
#include "server/gate/readiness.h"
#include "server/gate/storage_metrics.h"
#include "server/metrics/process.h"
#include "server/security/security_log.h"

namespace fundgate::gate {
namespace {

using metrics::kNanosecondsPerSecond;
using metrics::Samples;
using metrics::Type;

// Holds that are counted at most: reading them all must not take long.
constexpr uint64_t kMaxHoldsCounted = 50'000;
// Streams of one source that are told of at most: domains, servers or partitions.
constexpr size_t kMaxStreams = 256;

struct Holds {
  uint64_t count = 0;
  absl::Time oldest = absl::InfiniteFuture();
};

Holds CountHolds(const store::View& view) {
  Holds holds;
  const absl::Status scanned =
      view.ScanHolds(core::HoldState::kOpen, std::nullopt, [&holds](const core::HoldEntry& entry) {
        holds.oldest = std::min(holds.oldest, entry.held_at);
        return ++holds.count < kMaxHoldsCounted;
      });
  return scanned.ok() ? holds : Holds();
}

// Everything there is to read, at one moment.
struct Scene {
  explicit Scene(const Backend& from)
      : backend(from),
        view(from.store.view()),
        resident(view->resident()),
        inputs(from.sequencer.statistics()),
        stages(from.sequencer.meters()),
        calls(from.meters),
        holds(CountHolds(*view)),
        now(from.sequencer.Now()) {}

  const Backend& backend;
  const std::shared_ptr<const store::View> view;
  const core::Resident& resident;
  const sequencer::Statistics inputs;
  const sequencer::Meters& stages;
  const Meters& calls;
  const Holds holds;
  const absl::Time now;
};

using Metric = metrics::Metric<Scene>;

std::string Text(std::string_view text) { return std::string(text); }

double Seconds(absl::Duration length) { return absl::ToDoubleSeconds(length); }

double Seconds(absl::Time time) { return Seconds(time - absl::UnixEpoch()); }

// Calls `visit(definition, source)` for each source of the policy; null where nothing is known yet.
template <typename Visit>
void ForEachSource(const Scene& scene, const Visit& visit) {
  if (scene.resident.policy == nullptr) return;
  const auto& sources = scene.resident.of<core::Sources>();
  for (const core::SourceDefinition& definition : scene.resident.policy->sources) {
    const auto found = sources.find(definition.name);
    visit(definition.name, found != sources.end() ? &found->second : nullptr);
  }
}

template <typename Visit>
void ForEachCheckpoint(const Scene& scene, const Visit& visit) {
  if (scene.resident.policy == nullptr) return;
  for (const core::CheckpointDefinition& checkpoint : scene.resident.policy->checkpoints) {
    visit(checkpoint.kind);
  }
}

// ---- Decisions ----

std::string ReasonName(size_t code) {
  return code == 0 ? "none" : Text(core::ToString(static_cast<core::ReasonCode>(code)));
}

// Also those of checkpoints that nobody asked at yet: a counter that is there from the start has
// no first step that rate() can't see.
template <typename Visit>
void ForEachDecisions(const Scene& scene, const Visit& visit) {
  static const DecisionCounts kNone{};
  std::map<std::string, const DecisionCounts*> rows;
  ForEachCheckpoint(scene, [&](const MovementKind& kind) { rows.emplace(kind.value(), &kNone); });
  scene.calls.decisions().ForEach(
      [&](const std::string& name, const DecisionCounts& counts) { rows[name] = &counts; });
  for (const auto& [name, counts] : rows) visit(name, *counts);
}

void ReadDecisions(const Scene& scene, Samples& samples) {
  ForEachDecisions(scene, [&](const std::string& checkpoint, const DecisionCounts& counts) {
    for (const core::Verdict verdict :
         {core::Verdict::kAllow, core::Verdict::kHold, core::Verdict::kBlock}) {
      const auto& by_reason = counts.decisions[static_cast<uint8_t>(verdict)];
      for (size_t code = 0; code < by_reason.size(); ++code) {
        // An ALLOW has no reason, but for a declared one; all others have.
        const bool is_usual = (verdict == core::Verdict::kAllow) == (code == 0);
        if (!is_usual && by_reason[code].value() == 0) continue;
        samples.Add(by_reason[code].value(), {{"checkpoint", checkpoint},
                                              {"verdict", Text(core::ToString(verdict))},
                                              {"reason", ReasonName(code)}});
      }
    }
  });
}

void ReadReasons(const Scene& scene, Samples& samples) {
  ForEachDecisions(scene, [&](const std::string& checkpoint, const DecisionCounts& counts) {
    for (size_t code = 1; code < counts.reasons.size(); ++code) {
      samples.Add(counts.reasons[code].value(),
                  {{"checkpoint", checkpoint}, {"reason", ReasonName(code)}});
    }
  });
}

void ReadReplayed(const Scene& scene, Samples& samples) {
  ForEachDecisions(scene, [&](const std::string& checkpoint, const DecisionCounts& counts) {
    samples.Add(counts.replayed.value(), {{"checkpoint", checkpoint}});
  });
}

// Those that a gate ends calls with.
constexpr std::pair<grpc::StatusCode, const char*> kCodes[] = {
    {grpc::StatusCode::INVALID_ARGUMENT, "INVALID_ARGUMENT"},
    {grpc::StatusCode::NOT_FOUND, "NOT_FOUND"},
    {grpc::StatusCode::FAILED_PRECONDITION, "FAILED_PRECONDITION"},
    {grpc::StatusCode::ABORTED, "ABORTED"},
    {grpc::StatusCode::PERMISSION_DENIED, "PERMISSION_DENIED"},
    {grpc::StatusCode::UNAUTHENTICATED, "UNAUTHENTICATED"},
    {grpc::StatusCode::DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED"},
    {grpc::StatusCode::RESOURCE_EXHAUSTED, "RESOURCE_EXHAUSTED"},
    {grpc::StatusCode::UNAVAILABLE, "UNAVAILABLE"},
    {grpc::StatusCode::INTERNAL, "INTERNAL"},
};

void ReadFailedCalls(const Scene& scene, Samples& samples) {
  for (const auto& [code, name] : kCodes) {
    samples.Add(scene.calls.failed(code), {{"code", name}});
  }
}

void ReadDenials(const Scene& scene, Samples& samples) {
  for (const auto& [reason, count] : scene.backend.denials.counts()) {
    samples.Add(count, {{"reason", Text(security::NameOf(reason))}});
  }
}

void ReadStages(const Scene& scene, Samples& samples) {
  samples.Add(scene.calls.admission(), kNanosecondsPerSecond, {{"stage", "admission"}});
  samples.Add(scene.stages.queued, kNanosecondsPerSecond, {{"stage", "queue"}});
  samples.Add(scene.stages.parked, kNanosecondsPerSecond, {{"stage", "parked"}});
  samples.Add(scene.stages.judged, kNanosecondsPerSecond, {{"stage", "judge"}});
  samples.Add(scene.stages.committed, kNanosecondsPerSecond, {{"stage", "commit"}});
  samples.Add(scene.calls.total(), kNanosecondsPerSecond, {{"stage", "total"}});
}

// ---- Sources ----

void ReadPositions(const Scene& scene, Samples& samples) {
  ForEachSource(scene, [&](const SourceName& name, const core::Source* source) {
    if (source == nullptr) return;
    for (auto& [stream, number] : NumbersOf(source->position.ToString(), kMaxStreams)) {
      samples.Add(number, {{"source", name.value()}, {"stream", std::move(stream)}});
    }
  });
}

void ReadLag(const Scene& scene, Samples& samples) {
  ForEachSource(scene, [&](const SourceName& name, const core::Source* source) {
    if (source == nullptr || source->proven_past == absl::InfinitePast()) return;
    samples.Add(Seconds(std::max(scene.now - source->proven_past, absl::ZeroDuration())),
                {{"source", name.value()}});
  });
}

void ReadProvenPast(const Scene& scene, Samples& samples) {
  ForEachSource(scene, [&](const SourceName& name, const core::Source* source) {
    const bool never = source == nullptr || source->proven_past == absl::InfinitePast();
    samples.Add(never ? 0.0 : Seconds(source->proven_past), {{"source", name.value()}});
  });
}

void ReadConnected(const Scene& scene, Samples& samples) {
  ForEachSource(scene, [&](const SourceName& name, const core::Source* source) {
    const bool is_connected =
        source != nullptr && scene.backend.probes.IsConnected(name, source->epoch);
    samples.Add(is_connected ? 1.0 : 0.0, {{"source", name.value()}});
  });
}

void ReadCommittedAt(const Scene& scene, Samples& samples) {
  ForEachSource(scene, [&](const SourceName& name, const core::Source* /*source*/) {
    const std::optional<absl::Time> at = scene.backend.probes.CommittedAt(name);
    if (at.has_value()) samples.Add(Seconds(*at), {{"source", name.value()}});
  });
}

// ---- What is wrong ----

void ReadViolations(const Scene& scene, Samples& samples) {
  for (const auto& [sort, count] : scene.calls.violations()) {
    samples.Add(count, {{"kind", sort.kind},
                        {"name", sort.name},
                        {"risk_class", sort.risk_class.empty() ? "none" : sort.risk_class}});
  }
}

std::string NameOf(core::BreakerOrigin origin) {
  switch (origin) {
    case core::BreakerOrigin::kOperator:
      return "operator";
    case core::BreakerOrigin::kFreeze:
      return "freeze";
    case core::BreakerOrigin::kTrip:
      return "trip";
    case core::BreakerOrigin::kPlan:
      return "plan";
  }
  return "other";
}

// By origin and mode; scopes name accounts, of which there is no end.
void ReadBreakers(const Scene& scene, Samples& samples) {
  std::map<std::tuple<std::string, std::string, std::string>, uint64_t> counts;
  for (const char* state : {"open", "half_open"}) {
    for (const char* origin : {"operator", "freeze", "trip"}) {
      for (const char* mode : {"HOLD", "BLOCK"}) counts[{state, origin, mode}] = 0;
    }
  }
  for (const auto& [scope, breaker] : scene.resident.of<core::Breakers>()) {
    const bool is_open = breaker.state == core::BreakerState::kOpen;
    ++counts[{is_open ? "open" : "half_open", NameOf(breaker.origin),
              Text(core::ToString(breaker.mode))}];
  }
  for (const auto& [labels, count] : counts) {
    const auto& [state, origin, mode] = labels;
    samples.Add(count, {{"state", state}, {"origin", origin}, {"mode", mode}});
  }
}

template <typename Visit>
void ForEachReservations(const Scene& scene, const Visit& visit) {
  static const ReservationCounts::Row kNone{};
  std::map<std::string, const ReservationCounts::Row*> rows;
  ForEachCheckpoint(scene, [&](const MovementKind& kind) { rows.emplace(kind.value(), &kNone); });
  scene.calls.reservations.rows().ForEach(
      [&](const std::string& name, const ReservationCounts::Row& row) { rows[name] = &row; });
  for (const auto& [name, row] : rows) visit(name, *row);
}

void ReadReservations(const Scene& scene, Samples& samples) {
  ForEachReservations(scene, [&](const std::string& name, const ReservationCounts::Row& row) {
    samples.Add(row.pending.value(), {{"checkpoint", name}, {"state", "pending"}});
    samples.Add(row.confirmed.value(), {{"checkpoint", name}, {"state", "confirmed"}});
  });
}

void ReadOverdue(const Scene& scene, Samples& samples) {
  ForEachReservations(scene, [&](const std::string& name, const ReservationCounts::Row& row) {
    samples.Add(row.overdue.value(), {{"checkpoint", name}});
  });
}

void ReadOutboxAge(const Scene& scene, Samples& samples) {
  absl::Time oldest = scene.now;
  for (const auto& [slot, alert] : scene.resident.of<core::Outbox>()) {
    oldest = std::min(oldest, alert.at);
  }
  samples.Add(Seconds(scene.now - oldest));
}

void ReadHoldAge(const Scene& scene, Samples& samples) {
  samples.Add(
      Seconds(std::max(scene.now - std::min(scene.holds.oldest, scene.now), absl::ZeroDuration())));
}

// ---- The table ----

constexpr Metric kMetrics[] = {
    {"fundgate_build_info", Type::kGauge, "Always 1; the labels say what runs.",
     [](const Scene&, Samples& samples) {
       samples.Add(1.0, {{"version", FUNDGATE_VERSION},
                         {"logic_version", absl::StrCat(core::kLogicVersion)}});
     }},
    {"fundgate_serving", Type::kGauge,
     "1 while checks are answered: there is a policy and the store can write.",
     [](const Scene& scene, Samples& samples) {
       const bool serving =
           scene.resident.policy != nullptr && scene.inputs.failure.ok() && !scene.backend.draining;
       samples.Add(serving ? 1.0 : 0.0);
     }},
    {"fundgate_ready", Type::kGauge,
     "1 once every source that the policy needs was fresh since the start.",
     [](const Scene& scene, Samples& samples) {
       samples.Add(scene.backend.readiness.ready() ? 1.0 : 0.0);
     }},
    {"fundgate_checkpoint_ready", Type::kGauge, "The same of one checkpoint's sources.",
     [](const Scene& scene, Samples& samples) {
       ForEachCheckpoint(scene, [&](const MovementKind& kind) {
         samples.Add(scene.backend.readiness.IsReady(kind) ? 1.0 : 0.0,
                     {{"checkpoint", kind.value()}});
       });
     }},
    {"fundgate_policy_version", Type::kGauge, "The policy in force; 0 before the first.",
     [](const Scene& scene, Samples& samples) { samples.Add(scene.resident.policy_version); }},
    {"fundgate_journal_first_sequence", Type::kGauge,
     "The oldest record that the journal has; 1 unless old ones were dropped.",
     [](const Scene& scene, Samples& samples) {
       const absl::StatusOr<store::JournalCut> cut = scene.view->GetJournalCut();
       if (cut.ok()) samples.Add(cut->first);
     }},
    {"fundgate_journal_sequence", Type::kGauge, "The newest durable record of the journal.",
     [](const Scene& scene, Samples& samples) { samples.Add(scene.resident.clock.sequence); }},

    {"fundgate_decisions_total", Type::kCounter,
     "Checks answered, by verdict and the reason that decided it (none: an ALLOW without one).",
     ReadDecisions},
    {"fundgate_decision_reasons_total", Type::kCounter,
     "Reasons in answers; one answer may have several.", ReadReasons},
    {"fundgate_decisions_replayed_total", Type::kCounter,
     "Answers that were given before: the key was asked for again.", ReadReplayed},
    {"fundgate_failed_calls_total", Type::kCounter,
     "Calls that ended with an error and without an answer, by gRPC code.", ReadFailedCalls},
    {"fundgate_denials_total", Type::kCounter,
     "Connections and calls that were refused for who made them, by reason.", ReadDenials},
    {"fundgate_check_stage_seconds", Type::kHistogram,
     "Time of checks in a stage. total: from the call's arrival until its answer is handed to "
     "gRPC.",
     ReadStages},

    {"fundgate_queue_length", Type::kGauge, "Inputs that wait for the machine.",
     [](const Scene& scene, Samples& samples) { samples.Add(uint64_t{scene.inputs.queue_depth}); }},
    {"fundgate_queue_capacity", Type::kGauge, "Inputs that may wait; one more is refused.",
     [](const Scene& scene, Samples& samples) {
       samples.Add(uint64_t{scene.inputs.queue_capacity});
     }},
    {"fundgate_parked_checks", Type::kGauge, "Checks that wait for sources to be proven.",
     [](const Scene& scene, Samples& samples) { samples.Add(uint64_t{scene.inputs.parked}); }},
    {"fundgate_inputs_total", Type::kCounter, "Inputs of all kinds in written groups.",
     [](const Scene& scene, Samples& samples) { samples.Add(scene.inputs.inputs); }},
    {"fundgate_group_inputs", Type::kHistogram, "Recorded inputs in a written group.",
     [](const Scene& scene, Samples& samples) { samples.Add(scene.stages.group_inputs, 1); }},
    {"fundgate_sync_seconds", Type::kHistogram, "Time of one sync of the write-ahead log.",
     [](const Scene& scene, Samples& samples) {
       samples.Add(scene.stages.sync, kNanosecondsPerSecond);
     }},
    {"fundgate_store_failing", Type::kGauge,
     "1 while the store can't write and inputs are refused for it.",
     [](const Scene& scene, Samples& samples) {
       samples.Add(scene.inputs.failure.ok() ? 0.0 : 1.0);
     }},
    {"fundgate_store_reloads_total", Type::kCounter,
     "Attempts to load the state anew after a failed write.",
     [](const Scene& scene, Samples& samples) { samples.Add(scene.inputs.reloads); }},

    {"fundgate_source_proven_lag_seconds", Type::kGauge,
     "Time since the moment past which the source is proven; none before its first proof.",
     ReadLag},
    {"fundgate_source_proven_timestamp_seconds", Type::kGauge,
     "The moment past which the source is proven, since 1970; 0 before its first proof.",
     ReadProvenPast},
    {"fundgate_source_committed_timestamp_seconds", Type::kGauge,
     "When the newest applied transaction committed, by the source's own clock.", ReadCommittedAt},
    {"fundgate_source_position", Type::kGauge,
     "The last number applied of each of the source's streams: a domain, a server, a partition.",
     ReadPositions},
    {"fundgate_source_connected", Type::kGauge,
     "1 while a feeder with the newest epoch is connected.", ReadConnected},
    {"fundgate_blind_ratio", Type::kGauge,
     "The share of checkpoints that can't be judged on proven knowledge now, 0 to 1; at least "
     "0.001 "
     "while there is any gap.",
     [](const Scene& scene, Samples& samples) {
       samples.Add(BlindPermille(scene.resident, scene.now) / 1000.0);
     }},
    {"fundgate_unproven_scopes", Type::kGauge, "Books, accounts and kinds that aren't fully known.",
     [](const Scene& scene, Samples& samples) {
       samples.Add(uint64_t{scene.resident.of<core::Gaps>().size()});
     }},
    {"fundgate_suspect_invariants", Type::kGauge,
     "Invariants that an event broke and whose cure may still be under way.",
     [](const Scene& scene, Samples& samples) {
       samples.Add(uint64_t{scene.resident.of<core::Suspects>().size()});
     }},
    {"fundgate_clock_drift_seconds", Type::kGauge,
     "The wall clock minus the gate's time, beyond what an operator has accepted.",
     [](const Scene& scene, Samples& samples) {
       samples.Add(Seconds(scene.backend.clock.Drift()));
     }},
    {"fundgate_clock_drifted", Type::kGauge,
     "1 while every source counts as stale because the clock ran away.",
     [](const Scene& scene, Samples& samples) {
       samples.Add(scene.resident.clock.drifted ? 1.0 : 0.0);
     }},

    {"fundgate_violations_total", Type::kCounter,
     "Violations found, by what they are, their name and the risk class of the policy.",
     ReadViolations},
    {"fundgate_open_groups", Type::kGauge, "Groups of violations and holds that aren't resolved.",
     [](const Scene& scene, Samples& samples) {
       samples.Add(uint64_t{scene.resident.of<core::OpenGroups>().size()});
     }},
    {"fundgate_breakers", Type::kGauge, "Breakers that are not closed.", ReadBreakers},
    {"fundgate_holds_waiting", Type::kGauge, "Holds that nobody has reviewed, at most 50000.",
     [](const Scene& scene, Samples& samples) { samples.Add(scene.holds.count); }},
    {"fundgate_hold_oldest_age_seconds", Type::kGauge, "How long the oldest of them waits.",
     ReadHoldAge},
    {"fundgate_reservations", Type::kGauge, "Reservations that are neither posted nor released.",
     ReadReservations},
    {"fundgate_reservations_overdue", Type::kGauge, "Those of them whose time is over.",
     ReadOverdue},
    {"fundgate_outbox_alerts", Type::kGauge, "Alerts and calls that wait to be delivered.",
     [](const Scene& scene, Samples& samples) {
       samples.Add(uint64_t{scene.resident.of<core::Outbox>().size()});
     }},
    {"fundgate_outbox_oldest_age_seconds", Type::kGauge, "How long the oldest of them waits.",
     ReadOutboxAge},
    {"fundgate_keys_forgotten_total", Type::kCounter,
     "Idempotency keys that were forgotten, at the end of their retention.",
     [](const Scene& scene, Samples& samples) { samples.Add(scene.calls.keys_forgotten()); }},
};

}  // namespace

std::vector<metrics::Family> ReadGateMetrics(const Backend& backend) {
  std::vector<metrics::Family> families;
  metrics::Read<Scene>(kMetrics, Scene(backend), families);
  ReadOverloadMetrics(backend, families);
  ReadPreparedMetrics(backend, families);
  ReadStorageMetrics(backend, families);
  metrics::ReadProcess(families);
  return families;
}

}  // namespace fundgate::gate
