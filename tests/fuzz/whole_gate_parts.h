// What a gate without connections consists of.
#ifndef TESTS_FUZZ_WHOLE_GATE_PARTS_H_
#define TESTS_FUZZ_WHOLE_GATE_PARTS_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "server/core/input.h"
#include "server/core/outcome.h"
#include "server/core/state.h"
#include "server/gate/access.h"
#include "server/gate/alerts_service.h"
#include "server/gate/audit_service.h"
#include "server/gate/backend.h"
#include "server/gate/breakers_service.h"
#include "server/gate/gate_service.h"
#include "server/gate/holds_service.h"
#include "server/gate/ingest_service.h"
#include "server/gate/leases_service.h"
#include "server/gate/masking.h"
#include "server/gate/meters.h"
#include "server/gate/outbox_access.h"
#include "server/gate/overload.h"
#include "server/gate/plans_service.h"
#include "server/gate/policies_service.h"
#include "server/gate/probe_hub.h"
#include "server/gate/readiness.h"
#include "server/gate/security_service.h"
#include "server/gate/sources_service.h"
#include "server/gate/status_service.h"
#include "server/gate/stream.h"
#include "server/gate/violations_service.h"
#include "server/gate/workers.h"
#include "server/security/security_log.h"
#include "server/sequencer/input_clock.h"
#include "server/sequencer/pipeline.h"
#include "server/sequencer/sequencer.h"
#include "server/store/store.h"
#include "tests/fuzz/whole_gate.h"

namespace fundgate::fuzz {

const core::ApplyPolicyInput& WorkedPolicy();

// A sequencer that does nothing by itself.
class TurnedSequencer final : public sequencer::Sequencer {
 public:
  TurnedSequencer(store::Store& store, sequencer::InputClock& clock,
                  sequencer::ProbeRequest request_probe);

  // Judges, writes and answers what there is; false if there was nothing.
  bool Turn();

  std::optional<sequencer::TurnedAway> TurnAway(const sequencer::Newcomer& newcomer) override {
    return pipeline_->TurnAway(newcomer);
  }
  absl::Status Submit(core::Input input, std::optional<absl::Duration> time_left,
                      sequencer::Callback done) override {
    return pipeline_->Submit(std::move(input), time_left, std::move(done));
  }
  uint64_t AddObserver(sequencer::Observer observer) override {
    return pipeline_->AddObserver(std::move(observer));
  }
  void RemoveObserver(uint64_t id) override { pipeline_->RemoveObserver(id); }
  sequencer::Statistics statistics() const override { return pipeline_->statistics(); }
  const sequencer::Meters& meters() const override { return pipeline_->meters(); }
  absl::Time Now() const override { return pipeline_->Now(); }
  void Shutdown() override;

 private:
  const std::unique_ptr<sequencer::Pipeline> pipeline_;
};

// Each stands on those before it.
struct WholeGate::Parts {
  Parts();
  ~Parts();

  // Everything that was given to the workers is done.
  void FinishJobs();
  void Observe(Sequence sequence, const core::Input& input, const core::Outcome& outcome);

  core::MemoryState replayed;
  bool replays = true;
  uint64_t recorded = 0;

  const std::unique_ptr<store::Store> store;
  gate::OpenStreams streams;
  gate::ProbeHub probes;
  gate::Meters meters;
  gate::Readiness readiness;
  security::SecurityLog denials;
  gate::Access access;
  gate::Overload overload;
  gate::Masking masking;
  sequencer::InputClock clock;
  TurnedSequencer turned;
  gate::Workers workers;
  std::atomic<bool> draining = false;
  gate::Backend backend;
  gate::OutboxAccess outbox;

  gate::GateService gate_service;
  gate::BreakersService breakers;
  gate::PlansService plans;
  gate::LeasesService leases;
  gate::IngestService ingest;
  gate::SourcesService sources;
  gate::StatusService status;
  gate::PoliciesService policies;
  gate::AuditService audit;
  gate::HoldsService holds;
  gate::ViolationsService violations;
  gate::AlertsService alerts;
  gate::SecurityService security_service;
};

}  // namespace fundgate::fuzz

#endif  // TESTS_FUZZ_WHOLE_GATE_PARTS_H_
