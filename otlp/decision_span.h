// A decision of the journal as a span of OpenTelemetry.
#ifndef OTLP_DECISION_SPAN_H_
#define OTLP_DECISION_SPAN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "opentelemetry/proto/trace/v1/trace.pb.h"

namespace fundgate::otlp {

// What a span tells of a decision, in the contract's words without their prefixes ("BLOCK",
// "INVARIANT").
struct DecisionFacts {
  struct Reason {
    std::string code;
    std::string name;
    std::string verdict;
  };

  uint64_t sequence = 0;  // of its record
  std::string hash;       // of its record, 32 bytes
  std::string decision_id;
  std::string checkpoint;
  std::string verdict;
  std::string request_id;   // empty: the caller gave none
  std::string traceparent;  // the caller's; empty: it gave none
  absl::Time arrived_at;
  absl::Time decided_at;
  uint64_t policy_version = 0;
  bool replayed = false;
  std::vector<Reason> reasons;
};

// Under the caller's trace context; a check without one begins a trace of its own. Its ids are made
// of the record's hash, so a span that is sent again, by whomever, has them again. It names the
// decision, verdict, checkpoint and reasons, and no account, order, key or amount: whoever may know
// them finds them by the decision's name.
opentelemetry::proto::trace::v1::Span ToSpan(const DecisionFacts& decision);

}  // namespace fundgate::otlp

#endif  // OTLP_DECISION_SPAN_H_
