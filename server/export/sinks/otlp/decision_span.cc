#include "server/export/sinks/otlp/decision_span.h"

#include <string>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/export/sinks/otlp/trace_context.h"

namespace fundgate::exporting {
namespace {

using opentelemetry::proto::common::v1::KeyValue;
using opentelemetry::proto::trace::v1::Span;

void Add(KeyValue& attribute, const std::string& name, const std::string& value) {
  attribute.set_key(name);
  attribute.mutable_value()->set_string_value(value);
}

std::optional<TraceContext> ContextOf(const core::CheckInput& check) {
  const auto found = check.attributes.find(kTraceparent);
  if (found == check.attributes.end()) return std::nullopt;
  const auto* text = std::get_if<std::string>(&found->second);
  return text != nullptr ? ParseTraceContext(*text) : std::nullopt;
}

uint64_t Nanos(absl::Time time) { return static_cast<uint64_t>(absl::ToUnixNanos(time)); }

void AddReason(const core::Reason& reason, const std::string& name, uint64_t at, Span& span) {
  Span::Event& event = *span.add_events();
  event.set_time_unix_nano(at);
  event.set_name("fundgate.reason");
  Add(*event.add_attributes(), "fundgate.reason.code", std::string(core::ToString(reason.code)));
  Add(*event.add_attributes(), "fundgate.reason.name", name);
  Add(*event.add_attributes(), "fundgate.reason.verdict",
      std::string(core::ToString(reason.verdict)));
}

}  // namespace

std::optional<Span> ToSpan(const store::JournalEntry& entry,
                           const std::function<std::string(const std::string& name)>& shown) {
  const auto* check = std::get_if<core::CheckInput>(&entry.input.body);
  const auto* decision = std::get_if<core::Decision>(&entry.answer);
  if (check == nullptr || decision == nullptr) return std::nullopt;
  Span span;
  const std::optional<TraceContext> context = ContextOf(*check);
  span.set_trace_id(context.has_value() ? context->trace_id : entry.hash.substr(8, 16));
  span.set_span_id(entry.hash.substr(0, 8));
  if (context.has_value()) span.set_parent_span_id(context->parent_id);
  span.set_name(absl::StrCat("fundgate check ", check->key.kind.value()));
  span.set_kind(Span::SPAN_KIND_SERVER);
  span.set_start_time_unix_nano(Nanos(check->arrived_at));
  span.set_end_time_unix_nano(Nanos(entry.input.time));
  Add(*span.add_attributes(), "fundgate.decision_id", decision->id);
  Add(*span.add_attributes(), "fundgate.checkpoint", check->key.kind.value());
  Add(*span.add_attributes(), "fundgate.verdict", std::string(core::ToString(decision->verdict)));
  if (!check->request_id.empty()) {
    Add(*span.add_attributes(), "fundgate.request_id", check->request_id);
  }
  KeyValue& sequence = *span.add_attributes();
  sequence.set_key("fundgate.sequence");
  sequence.mutable_value()->set_int_value(static_cast<int64_t>(entry.sequence));
  KeyValue& policy = *span.add_attributes();
  policy.set_key("fundgate.policy_version");
  policy.mutable_value()->set_int_value(static_cast<int64_t>(decision->policy_version));
  KeyValue& replayed = *span.add_attributes();
  replayed.set_key("fundgate.replayed");
  replayed.mutable_value()->set_bool_value(decision->replayed);
  for (const core::Reason& reason : decision->reasons) {
    AddReason(reason, shown ? shown(reason.name) : reason.name, span.end_time_unix_nano(), span);
  }
  return span;
}

}  // namespace fundgate::exporting
