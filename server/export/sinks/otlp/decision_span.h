// A decision of the journal as a span of OpenTelemetry.
#ifndef SERVER_EXPORT_SINKS_OTLP_DECISION_SPAN_H_
#define SERVER_EXPORT_SINKS_OTLP_DECISION_SPAN_H_

#include <functional>
#include <optional>
#include <string>

#include "opentelemetry/proto/trace/v1/trace.pb.h"
#include "server/store/view.h"

namespace fundgate::exporting {

// The attribute of a check that holds its caller's trace context.
inline constexpr char kTraceparent[] = "traceparent";

// Under the caller's trace context; a check without one begins a trace of its own. Its ids are made
// of the record's hash, so a span that is sent again is the same. It names the decision, verdict,
// checkpoint and reasons, and no account, order, key or amount: whoever may know them finds them
// by the decision's name. Nothing for records that are no decision. `shown` gives a reason's name
// as outsiders may see it: a breaker's is its scope, with a value in it; empty: as it is.
std::optional<opentelemetry::proto::trace::v1::Span> ToSpan(
    const store::JournalEntry& entry,
    const std::function<std::string(const std::string& name)>& shown = nullptr);

}  // namespace fundgate::exporting

#endif  // SERVER_EXPORT_SINKS_OTLP_DECISION_SPAN_H_
