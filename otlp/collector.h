// A collector of OpenTelemetry: where it is, and what it is sent.
#ifndef OTLP_COLLECTOR_H_
#define OTLP_COLLECTOR_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "grpcpp/channel.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"

namespace fundgate::otlp {

struct CollectorAddress {
  std::string host_port;   // HOST:PORT
  bool encrypted = false;  // by TLS

  // "http://HOST:PORT" or "https://HOST:PORT", with or without a slash behind. INVALID_ARGUMENT for
  // anything else, and for another machine without encryption: decisions are nobody else's.
  static absl::StatusOr<CollectorAddress> Parse(const std::string& url);
};

// `ca_file` says who signs the collector's certificate; empty: the system's authorities. What
// connection::ReadGuardedFile says of that file. Whether the collector answers shows with the first
// call.
absl::StatusOr<std::shared_ptr<grpc::Channel>> Connect(const CollectorAddress& address,
                                                       const std::string& ca_file);

// Spans of one gate, for one request. Not safe for several threads.
class SpanRequest {
 public:
  // `version` is the sending program's.
  explicit SpanRequest(const std::string& version);

  void Add(opentelemetry::proto::trace::v1::Span span);
  size_t size() const;
  const opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest& message() const {
    return message_;
  }

 private:
  opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest message_;
};

// What a collector says of a request that it has taken. Sending it again wouldn't help: whatever
// was refused is refused for what it is.
struct PartialSuccess {
  uint64_t rejected_spans = 0;  // of those in the request
  std::string message;          // for people: why, or what else it wants; at most 1 KiB

  bool empty() const { return rejected_spans == 0 && message.empty(); }
};

// `sent` were in the request: no more can have been refused. What can't be read says nothing.
// https://github.com/open-telemetry/opentelemetry-proto/blob/v1.0.0/docs/specification.md#partial-success
PartialSuccess ReadPartialSuccess(
    const opentelemetry::proto::collector::trace::v1::ExportTraceServiceResponse& response,
    size_t sent);

}  // namespace fundgate::otlp

#endif  // OTLP_COLLECTOR_H_
