#include "server/gate/ingest_service.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "server/gate/convert_events.h"
#include "server/gate/convert_snapshots.h"
#include "server/gate/convert_values.h"
#include "server/gate/guard.h"
#include "server/gate/stream.h"

namespace fundgate::gate {
namespace {

// Calls `use` with the run that reads the source's tables anew, unless it is over.
template <typename Use>
void WithActiveRun(const Backend& backend, const SourceName& source, const Use& use) {
  const std::shared_ptr<const store::View> view = backend.store.view();
  const auto& runs = view->resident().of<core::SnapshotRuns>();
  const auto run = runs.find(source);
  if (run != runs.end() && run->second.is_active()) use(run->second);
}

using Reactor = grpc::ServerBidiReactor<v1::IngestRequest, v1::IngestAck>;

// One feeder's stream. Batches go to the sequencer as they come, so that they stay in order; each
// is acknowledged once it is durable. A request for a probe is an acknowledgement of its own, so
// that a feeder can count the others; there is at most one that isn't written yet.
class IngestStream final : public Stream<Reactor, v1::IngestAck>, public Feeder {
 public:
  IngestStream(const Backend& backend, const grpc::CallbackServerContext& context)
      : backend_(backend), context_(context) {}

  void RequestProbe() override {
    const auto self = shared_from_this();
    const sequencer::MutexLock lock(mutex_);
    if (ending() || asking_) return;
    asking_ = true;
    v1::IngestAck request = newest_;
    request.set_probe_now(true);
    Send(std::move(request));
  }

  uint64_t epoch() const override {
    const sequencer::MutexLock lock(mutex_);
    return newest_.epoch();
  }

 private:
  void Start() override FUNDGATE_REQUIRES(mutex_) { ReadOn(); }

  // What the feeder may take as the time before which it read its primary.
  void BeforeWrite(v1::IngestAck& ack) override FUNDGATE_REQUIRES(mutex_) {
    *ack.mutable_gate_time() = ToProto(backend_.sequencer.Now());
    if (ack.probe_now()) asking_ = false;
  }

  void AfterWrite() override FUNDGATE_REQUIRES(mutex_) { ReadOn(); }

  void Ending() override FUNDGATE_REQUIRES(mutex_) {
    if (connected_) backend_.probes.Disconnect(*source_, this);
  }

  bool Busy() const override FUNDGATE_REQUIRES(mutex_) { return under_way_ > 0; }

  void ReadOn() FUNDGATE_REQUIRES(mutex_) {
    if (reading_ || ending() || under_way_ + queued() >= kMaxBatchesOfStream) return;
    reading_ = true;
    StartRead(&request_);
  }

  void OnReadDone(bool ok) override {
    const auto self = std::static_pointer_cast<IngestStream>(shared_from_this());
    const sequencer::MutexLock lock(mutex_);
    reading_ = false;
    if (!ok) return End(grpc::Status::OK);
    if (ending()) return;
    const absl::StatusOr<Call> call = backend_.access.Admit(context_, "Ingest/Ingest");
    if (!call.ok()) return End(ToGrpc(call.status()));
    if (absl::Status allowed = call->AllowSource(request_.source()); !allowed.ok()) {
      return End(ToGrpc(allowed));
    }
    Problems problems;
    core::IngestInput batch = ToIngest(request_, problems);
    if (source_.has_value() && batch.source != *source_) {
      problems.Add("source",
                   absl::StrCat("is \"", batch.source.value(), "\", but this stream began with \"",
                                source_->value(), "\"; open one stream for each source"));
    }
    std::optional<absl::Time> committed_at;
    if (request_.has_committed_at()) {
      committed_at = ToTime(request_.committed_at(), "committed_at", problems);
    }
    if (!problems.empty()) return End(InvalidArgument(problems));
    source_ = batch.source;
    Submit(self, std::move(batch), committed_at);
  }

  void Submit(const std::shared_ptr<IngestStream>& self, core::IngestInput batch,
              std::optional<absl::Time> committed_at) FUNDGATE_REQUIRES(mutex_) {
    const uint64_t epoch = batch.epoch;
    core::Input input;
    input.body = std::move(batch);
    const absl::Status submitted =
        backend_.sequencer.Submit(std::move(input), std::nullopt,
                                  [self, epoch, committed_at](absl::StatusOr<core::Answer> answer) {
                                    self->Applied(epoch, committed_at, std::move(answer));
                                  });
    if (!submitted.ok()) return End(ToGrpc(submitted));
    ++under_way_;
    ReadOn();
  }

  void Applied(uint64_t epoch, std::optional<absl::Time> committed_at,
               absl::StatusOr<core::Answer> answer) {
    answer = Taken(std::move(answer));
    const sequencer::MutexLock lock(mutex_);
    --under_way_;
    if (!answer.ok()) {
      End(ToGrpc(answer.status()));
    } else {
      if (committed_at.has_value()) backend_.probes.SetCommittedAt(*source_, *committed_at);
      Acknowledge(epoch, std::get<core::IngestAnswer>(*answer));
    }
    ReadOn();
    Pump();
  }

  void Acknowledge(uint64_t epoch, const core::IngestAnswer& answer) FUNDGATE_REQUIRES(mutex_) {
    newest_.set_position(answer.position.ToString());
    newest_.set_epoch(epoch);
    uint64_t wanted = 0;
    WithActiveRun(backend_, *source_,
                  [&wanted](const core::SnapshotRun& run) { wanted = run.run; });
    newest_.set_snapshot_run(wanted);
    Send(newest_);
    // Only now: who feeds a source has had a batch accepted under the newest epoch.
    if (!connected_ && !ending()) {
      connected_ = true;
      backend_.probes.Connect(*source_, std::static_pointer_cast<IngestStream>(shared_from_this()));
    }
  }

  const Backend& backend_;
  const grpc::CallbackServerContext& context_;
  v1::IngestRequest request_ FUNDGATE_GUARDED_BY(mutex_);
  v1::IngestAck newest_ FUNDGATE_GUARDED_BY(mutex_);
  std::optional<SourceName> source_ FUNDGATE_GUARDED_BY(mutex_);  // that the stream began with
  bool connected_ FUNDGATE_GUARDED_BY(mutex_) = false;            // to the hub
  bool asking_ FUNDGATE_GUARDED_BY(mutex_) = false;  // a request for a probe waits to be written
  size_t under_way_ FUNDGATE_GUARDED_BY(mutex_) = 0;
  bool reading_ FUNDGATE_GUARDED_BY(mutex_) = false;
};

}  // namespace

Reactor* IngestService::Ingest(grpc::CallbackServerContext* context) {
  auto* refused = RefuseStream<Reactor>(backend_, *context, "Ingest/Ingest");
  if (refused != nullptr) return refused;
  return IngestStream::Open(std::make_shared<IngestStream>(backend_, *context), backend_.streams);
}

grpc::ServerUnaryReactor* IngestService::GetPosition(grpc::CallbackServerContext* context,
                                                     const v1::GetPositionRequest* request,
                                                     v1::GetPositionResponse* response) {
  const absl::StatusOr<Call> call = backend_.access.Admit(*context, "Ingest/GetPosition");
  if (!call.ok()) return FinishNow(*context, ToGrpc(call.status()));
  if (absl::Status allowed = call->AllowSource(request->source()); !allowed.ok()) {
    return FinishNow(*context, ToGrpc(allowed));
  }
  Problems problems;
  core::GrantEpochInput input = ToGrantEpoch(*request, problems);
  if (!problems.empty()) return FinishNow(*context, InvalidArgument(problems));
  const SourceName source = input.source;
  return SubmitInput<core::EpochGrant>(
      backend_, *context, std::move(input),
      [this, source, response](const core::EpochGrant& grant) {
        response->set_position(grant.position.ToString());
        response->set_epoch(grant.epoch);
        *response->mutable_gate_time() = ToProto(backend_.sequencer.Now());
        const auto policy = PresentPolicy(backend_);
        const core::SourceDefinition* definition =
            policy.ok() ? (*policy)->FindSource(source) : nullptr;
        if (definition != nullptr) response->set_mapping_version(definition->mapping_version);
        WithActiveRun(backend_, source, [response](const core::SnapshotRun& run) {
          *response->mutable_snapshot() = ToOrder(run);
        });
        return grpc::Status::OK;
      });
}

}  // namespace fundgate::gate
