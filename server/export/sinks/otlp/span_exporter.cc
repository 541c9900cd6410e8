#include "server/export/sinks/otlp/span_exporter.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "fundgate/types/status_macros.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.grpc.pb.h"
#include "otlp/decision_span.h"
#include "server/export/sinks/otlp/journal_cursor.h"
#include "server/export/sinks/otlp/journal_decision.h"
#include "server/metrics/counter.h"

namespace fundgate::exporting {
namespace {

namespace collector = opentelemetry::proto::collector::trace::v1;

using metrics::Samples;
using metrics::Type;

// Spans of the next records.
struct Batch {
  otlp::SpanRequest request;
  Sequence next = 0;     // after the last record read
  absl::Time newest;     // of that record
  absl::Status failure;  // of the reading
};

// What it tells, at one moment.
struct Scene {
  Sequence behind = 0;
  absl::Duration age;
  uint64_t spans = 0;
  uint64_t requests = 0;
  uint64_t failures = 0;
  uint64_t rejected = 0;
};

constexpr metrics::Metric<Scene> kMetrics[] = {
    {"fundgate_otlp_behind_records", Type::kGauge,
     "Records of the journal that the collector of spans was not told of yet.",
     [](const Scene& scene, Samples& samples) { samples.Add(scene.behind); }},
    {"fundgate_otlp_behind_seconds", Type::kGauge,
     "How old the newest record is that it was told of, if there are newer ones.",
     [](const Scene& scene, Samples& samples) { samples.Add(absl::ToDoubleSeconds(scene.age)); }},
    {"fundgate_otlp_spans_total", Type::kCounter, "Spans that the collector has taken.",
     [](const Scene& scene, Samples& samples) { samples.Add(scene.spans); }},
    {"fundgate_otlp_requests_total", Type::kCounter, "Requests that the collector has taken.",
     [](const Scene& scene, Samples& samples) { samples.Add(scene.requests); }},
    {"fundgate_otlp_failures_total", Type::kCounter, "Requests that failed and are sent again.",
     [](const Scene& scene, Samples& samples) { samples.Add(scene.failures); }},
    {"fundgate_otlp_rejected_total", Type::kCounter,
     "Spans that the collector has refused for what they are; they are not sent again.",
     [](const Scene& scene, Samples& samples) { samples.Add(scene.rejected); }},
};

class OtlpExporter final : public SpanExporter {
 public:
  OtlpExporter(SpanExporterOptions options, JournalAccess journal, logging::Log log,
               const std::shared_ptr<grpc::Channel>& channel, Sequence next)
      : options_(std::move(options)),
        journal_(std::move(journal)),
        log_(std::move(log)),
        cursor_(options_.cursor_file),
        stub_(collector::TraceService::NewStub(channel)),
        next_(next),
        told_at_nanos_(absl::GetCurrentTimeNanos()),
        thread_([this] { Run(); }) {}

  ~OtlpExporter() override {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stopping_ = true;
      if (call_ != nullptr) call_->TryCancel();
    }
    changed_.notify_all();
    thread_.join();
  }

  Sequence next() const override { return next_; }

  void ReadMetrics(std::vector<metrics::Family>& families) const override {
    const Sequence newest = journal_.newest();
    const Sequence next = next_;
    Scene scene;
    scene.behind = newest >= next ? newest - next + 1 : 0;
    if (scene.behind > 0) scene.age = absl::Now() - absl::FromUnixNanos(told_at_nanos_);
    scene.spans = spans_.value();
    scene.requests = requests_.value();
    scene.failures = failures_.value();
    scene.rejected = rejected_.value();
    metrics::Read<Scene>(kMetrics, scene, families);
  }

 private:
  void Run() {
    absl::Duration wait;
    while (!Wait(wait)) {
      const absl::StatusOr<bool> more = SendSome();
      if (more.ok()) {
        if (failing_) log_.Info("the collector of spans takes them again");
        failing_ = false;
        wait = *more ? absl::ZeroDuration() : options_.look_every;
        continue;
      }
      failures_.Add();
      if (!std::exchange(failing_, true)) {
        log_.Warning("spans of decisions can't be sent; they wait in the journal",
                     {{"collector", options_.collector.host_port},
                      {"reason", std::string(more.status().message())}});
      }
      wait = std::clamp(2 * wait, options_.shortest_wait, options_.longest_wait);
    }
  }

  // False if it was at the journal's end.
  absl::StatusOr<bool> SendSome() {
    if (journal_.newest() < next_) return false;
    Batch batch = ReadBatch();
    FUNDGATE_RETURN_IF_ERROR(batch.failure);
    if (batch.next == next_) return false;
    if (batch.request.size() > 0) FUNDGATE_RETURN_IF_ERROR(Send(batch));
    FUNDGATE_RETURN_IF_ERROR(cursor_.Store(batch.next));
    next_ = batch.next;
    told_at_nanos_ = absl::ToUnixNanos(batch.newest);
    return true;
  }

  Batch ReadBatch() {
    Batch batch{otlp::SpanRequest(options_.version)};
    batch.next = next_;
    const Sequence first = next_;
    batch.failure = journal_.scan(first, [&](const store::JournalEntry& entry) {
      if (batch.request.size() == options_.batch_spans ||
          entry.sequence - first >= options_.batch_records) {
        return false;
      }
      if (const auto decision = DecisionOf(entry, journal_.shown); decision.has_value()) {
        batch.request.Add(otlp::ToSpan(*decision));
      }
      batch.next = entry.sequence + 1;
      batch.newest = entry.input.time;
      return true;
    });
    return batch;
  }

  absl::Status Send(const Batch& batch) {
    grpc::ClientContext call;
    call.set_deadline(absl::ToChronoTime(absl::Now() + options_.timeout));
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (stopping_) return absl::CancelledError("stopping");
      call_ = &call;
    }
    collector::ExportTraceServiceResponse response;
    const grpc::Status status = stub_->Export(&call, batch.request.message(), &response);
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      call_ = nullptr;
    }
    if (!status.ok()) {
      return absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                          status.error_message());
    }
    const otlp::PartialSuccess partial = otlp::ReadPartialSuccess(response, batch.request.size());
    Tell(partial, batch);
    spans_.Add(batch.request.size() - partial.rejected_spans);
    rejected_.Add(partial.rejected_spans);
    requests_.Add();
    return absl::OkStatus();
  }

  // Once for each thing that it says, however many requests in a row it says it of.
  void Tell(const otlp::PartialSuccess& partial, const Batch& batch) {
    const bool is_told = partial.message == told_.message &&
                         (partial.rejected_spans > 0) == (told_.rejected_spans > 0);
    told_ = partial;
    if (is_told) return;
    if (partial.empty()) return log_.Info("the collector of spans takes all of them again");
    log_.Warning(partial.rejected_spans > 0
                     ? "the collector has refused spans of decisions; they are not sent again"
                     : "the collector has taken spans, and had something to say of them",
                 {{"collector", options_.collector.host_port},
                  {"rejected", absl::StrCat(partial.rejected_spans)},
                  {"before_record", absl::StrCat(batch.next)},
                  {"reason", partial.message}});
  }

  // True if it is stopping.
  bool Wait(absl::Duration length) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait_for(lock, absl::ToChronoNanoseconds(length), [this] { return stopping_; });
    return stopping_;
  }

  const SpanExporterOptions options_;
  const JournalAccess journal_;
  const logging::Log log_;
  const JournalCursor cursor_;
  const std::unique_ptr<collector::TraceService::Stub> stub_;
  bool failing_ = false;       // the thread's, as the next one
  otlp::PartialSuccess told_;  // what it said last

  std::atomic<Sequence> next_;
  std::atomic<int64_t> told_at_nanos_;
  metrics::OwnedCounter spans_;
  metrics::OwnedCounter requests_;
  metrics::OwnedCounter failures_;
  metrics::OwnedCounter rejected_;

  std::mutex mutex_;  // over all below
  std::condition_variable changed_;
  bool stopping_ = false;
  grpc::ClientContext* call_ = nullptr;  // under way

  std::thread thread_;  // last: it uses all of the above
};

}  // namespace

absl::StatusOr<std::unique_ptr<SpanExporter>> SpanExporter::Start(SpanExporterOptions options,
                                                                  JournalAccess journal,
                                                                  logging::Log log) {
  FUNDGATE_ASSIGN_OR_RETURN(const auto channel, otlp::Connect(options.collector, options.ca_file));
  FUNDGATE_ASSIGN_OR_RETURN(std::optional<Sequence> next,
                            JournalCursor(options.cursor_file).Load());
  const Sequence newest = journal.newest();
  if (next.has_value() && *next > newest + 1) {
    log.Warning("the journal ends before the record to be sent next: it was restored from a copy",
                {{"next", absl::StrCat(*next)}, {"newest", absl::StrCat(newest)}});
    next.reset();
  }
  if (!next.has_value()) {
    next = newest + 1;
    FUNDGATE_RETURN_IF_ERROR(JournalCursor(options.cursor_file).Store(*next));
  }
  return std::make_unique<OtlpExporter>(std::move(options), std::move(journal), std::move(log),
                                        channel, *next);
}

}  // namespace fundgate::exporting
