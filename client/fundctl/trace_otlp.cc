#include "client/fundctl/trace_otlp.h"

#include <chrono>
#include <ostream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "client/fundctl/asked.h"
#include "client/fundctl/output.h"
#include "connection/trace_context.h"
#include "fundgate/types/status_macros.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.grpc.pb.h"
#include "otlp/collector.h"
#include "otlp/decision_span.h"

namespace fundgate::fundctl {
namespace {

namespace collector = opentelemetry::proto::collector::trace::v1;

constexpr size_t kBatch = 512;
constexpr uint64_t kTellEvery = 20 * kBatch;
constexpr std::chrono::seconds kTimeout{10};  // of one request

absl::Time TimeOf(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

otlp::DecisionFacts FactsOf(const v1::Trace& trace) {
  const v1::Decision& decision = trace.decision();
  otlp::DecisionFacts facts;
  facts.sequence = trace.sequence();
  facts.hash = trace.hash();
  facts.decision_id = decision.decision_id();
  facts.checkpoint = AskedOf(trace).checkpoint();
  facts.verdict = WithoutPrefix(v1::Verdict_Name(decision.verdict()), "VERDICT_");
  facts.request_id = AskedOf(trace).request_id();
  const auto traceparent = AskedOf(trace).attributes().find(connection::kTraceparent);
  if (traceparent != AskedOf(trace).attributes().end()) {
    facts.traceparent = traceparent->second.string_value();
  }
  // What a lease allowed didn't wait for the gate.
  facts.arrived_at = TimeOf(trace.has_arrived_at() ? trace.arrived_at() : trace.time());
  facts.decided_at = TimeOf(trace.time());
  facts.policy_version = decision.policy_version();
  facts.replayed = decision.replayed();
  for (const v1::Reason& reason : decision.reasons()) {
    facts.reasons.push_back({WithoutPrefix(v1::ReasonCode_Name(reason.code()), "REASON_CODE_"),
                             reason.name(),
                             WithoutPrefix(v1::Verdict_Name(reason.verdict()), "VERDICT_")});
  }
  return facts;
}

class OtlpSender final : public SpanSender {
 public:
  OtlpSender(Context& context, std::string url, const std::shared_ptr<grpc::Channel>& channel)
      : context_(context),
        url_(std::move(url)),
        stub_(collector::TraceService::NewStub(channel)),
        request_(FUNDGATE_VERSION) {}

  absl::Status Add(const v1::Trace& trace) override {
    if (!trace.has_decision()) return absl::OkStatus();
    // Ids are made of the hash: of one too short there would be none.
    if (trace.hash().size() != 32) {
      return absl::DataLossError(
          absl::StrCat("record ", trace.sequence(), " came without its hash"));
    }
    request_.Add(otlp::ToSpan(FactsOf(trace)));
    newest_ = trace.sequence();
    return request_.size() < kBatch ? absl::OkStatus() : Send();
  }

  absl::Status Finish() override {
    if (request_.size() > 0) FUNDGATE_RETURN_IF_ERROR(Send());
    context_.err << "sent " << sent_ << (sent_ == 1 ? " span" : " spans") << " to " << url_;
    if (sent_ > 0) context_.err << ", up to record " << taken_;
    if (rejected_ > 0) context_.err << "; it has refused " << rejected_;
    context_.err << "\n";
    return absl::OkStatus();
  }

 private:
  absl::Status Send() {
    grpc::ClientContext call;
    call.set_deadline(std::chrono::system_clock::now() + kTimeout);
    collector::ExportTraceServiceResponse response;
    const grpc::Status status = stub_->Export(&call, request_.message(), &response);
    if (!status.ok()) {
      const std::string from =
          sent_ > 0 ? absl::StrCat("; go on with --from-sequence ", taken_ + 1) : "";
      return absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                          absl::StrCat("the collector ", url_, " has taken ", sent_,
                                       " spans and not the next: ", status.error_message(), from));
    }
    const otlp::PartialSuccess partial = otlp::ReadPartialSuccess(response, request_.size());
    if (!partial.empty()) {
      context_.err << "of the spans up to record " << newest_ << " the collector has refused "
                   << partial.rejected_spans << ": " << partial.message << "\n";
    }
    const uint64_t before = sent_ / kTellEvery;
    sent_ += request_.size();
    rejected_ += partial.rejected_spans;
    taken_ = newest_;
    request_ = otlp::SpanRequest(FUNDGATE_VERSION);
    if (sent_ / kTellEvery > before) {
      context_.err << "  " << sent_ << " spans, up to record " << taken_ << "\n";
    }
    return absl::OkStatus();
  }

  Context& context_;
  const std::string url_;
  const std::unique_ptr<collector::TraceService::Stub> stub_;
  otlp::SpanRequest request_;
  uint64_t newest_ = 0;  // the record of the last span that was added
  uint64_t taken_ = 0;   // the record of the last span that the collector has taken
  uint64_t sent_ = 0;
  uint64_t rejected_ = 0;  // of those
};

}  // namespace

absl::StatusOr<std::unique_ptr<SpanSender>> SpanSender::Start(Context& context,
                                                              const std::string& url,
                                                              const std::string& ca_file) {
  FUNDGATE_ASSIGN_OR_RETURN(const otlp::CollectorAddress address,
                            otlp::CollectorAddress::Parse(url));
  FUNDGATE_ASSIGN_OR_RETURN(const auto channel, otlp::Connect(address, ca_file));
  return std::make_unique<OtlpSender>(context, url, channel);
}

}  // namespace fundgate::fundctl
