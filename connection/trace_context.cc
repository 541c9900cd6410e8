#include "connection/trace_context.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "fundgate/types/text.h"

namespace fundgate::connection {
namespace {

constexpr size_t kLength = 55;  // of version 00

bool IsHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char digit) {
    return (digit >= '0' && digit <= '9') || (digit >= 'a' && digit <= 'f');
  });
}

// The bytes of an id, which isn't all zeros.
std::optional<std::string> IdOf(std::string_view text) {
  if (!IsHex(text) || text.find_first_not_of('0') == std::string_view::npos) return std::nullopt;
  return absl::HexStringToBytes(ToAbsl(text));
}

}  // namespace

std::optional<TraceContext> ParseTraceContext(std::string_view traceparent) {
  if (traceparent.size() < kLength || traceparent[2] != '-' || traceparent[35] != '-' ||
      traceparent[52] != '-') {
    return std::nullopt;
  }
  const std::string_view version = traceparent.substr(0, 2);
  const std::string_view flags = traceparent.substr(53, 2);
  const bool is_longer = traceparent.size() > kLength;
  if (!IsHex(version) || version == "ff" || !IsHex(flags)) return std::nullopt;
  if (is_longer && (version == "00" || traceparent[kLength] != '-')) return std::nullopt;
  std::optional<std::string> trace_id = IdOf(traceparent.substr(3, 32));
  std::optional<std::string> parent_id = IdOf(traceparent.substr(36, 16));
  if (!trace_id.has_value() || !parent_id.has_value()) return std::nullopt;
  return TraceContext{*std::move(trace_id), *std::move(parent_id)};
}

}  // namespace fundgate::connection
