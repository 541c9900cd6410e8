// fundctl trace export --otlp: decisions of the journal as spans, sent to a collector.
#ifndef CLIENT_FUNDCTL_TRACE_OTLP_H_
#define CLIENT_FUNDCTL_TRACE_OTLP_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/fundctl/context.h"
#include "fundgate/v1/audit.pb.h"

namespace fundgate::fundctl {

// Sends spans in order, many by one request; each request is taken before the next is sent. The
// spans are those that a gate with --otlp sends by itself, with the same ids.
class SpanSender {
 public:
  // `url` as otlp::CollectorAddress::Parse wants it, `ca_file` as otlp::Connect. Tells
  // `context.err` from time to time how far it is. `context` must outlive it.
  static absl::StatusOr<std::unique_ptr<SpanSender>> Start(Context& context, const std::string& url,
                                                           const std::string& ca_file);

  virtual ~SpanSender() = default;

  // A record without a decision is left out. What the collector answered, if it has not
  // taken the spans that were sent.
  virtual absl::Status Add(const v1::Trace& trace) = 0;

  // Sends what is left, and says what was sent. Once, at the end.
  virtual absl::Status Finish() = 0;
};

}  // namespace fundgate::fundctl

#endif  // CLIENT_FUNDCTL_TRACE_OTLP_H_
