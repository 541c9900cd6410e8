#include "otlp/decision_span.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "connection/trace_context.h"

namespace fundgate::otlp {
namespace {

using opentelemetry::proto::common::v1::AnyValue;
using opentelemetry::proto::common::v1::KeyValue;
using opentelemetry::proto::trace::v1::Span;

// The value, still empty, of an attribute of this name, of a span or an event.
template <typename Owner>
AnyValue& Named(Owner& owner, const char* name) {
  KeyValue& attribute = *owner.add_attributes();
  attribute.set_key(name);
  return *attribute.mutable_value();
}

uint64_t Nanos(absl::Time time) { return static_cast<uint64_t>(absl::ToUnixNanos(time)); }

void AddReason(const DecisionFacts::Reason& reason, uint64_t at, Span& span) {
  Span::Event& event = *span.add_events();
  event.set_time_unix_nano(at);
  event.set_name("fundgate.reason");
  Named(event, "fundgate.reason.code").set_string_value(reason.code);
  Named(event, "fundgate.reason.name").set_string_value(reason.name);
  Named(event, "fundgate.reason.verdict").set_string_value(reason.verdict);
}

}  // namespace

Span ToSpan(const DecisionFacts& decision) {
  Span span;
  const std::optional<connection::TraceContext> context =
      connection::ParseTraceContext(decision.traceparent);
  span.set_trace_id(context.has_value() ? context->trace_id : decision.hash.substr(8, 16));
  span.set_span_id(decision.hash.substr(0, 8));
  if (context.has_value()) span.set_parent_span_id(context->parent_id);
  span.set_name(absl::StrCat("fundgate check ", decision.checkpoint));
  span.set_kind(Span::SPAN_KIND_SERVER);
  span.set_start_time_unix_nano(Nanos(decision.arrived_at));
  span.set_end_time_unix_nano(Nanos(decision.decided_at));
  Named(span, "fundgate.decision_id").set_string_value(decision.decision_id);
  Named(span, "fundgate.checkpoint").set_string_value(decision.checkpoint);
  Named(span, "fundgate.verdict").set_string_value(decision.verdict);
  if (!decision.request_id.empty()) {
    Named(span, "fundgate.request_id").set_string_value(decision.request_id);
  }
  Named(span, "fundgate.sequence").set_int_value(static_cast<int64_t>(decision.sequence));
  Named(span, "fundgate.policy_version")
      .set_int_value(static_cast<int64_t>(decision.policy_version));
  Named(span, "fundgate.replayed").set_bool_value(decision.replayed);
  for (const DecisionFacts::Reason& reason : decision.reasons) {
    AddReason(reason, span.end_time_unix_nano(), span);
  }
  return span;
}

}  // namespace fundgate::otlp
