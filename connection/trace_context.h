// The W3C trace context, level 1: which call of which trace a check was made in.
#ifndef CONNECTION_TRACE_CONTEXT_H_
#define CONNECTION_TRACE_CONTEXT_H_

#include <optional>
#include <string>
#include <string_view>

namespace fundgate::connection {

// The attribute of a check that holds its caller's.
inline constexpr char kTraceparent[] = "traceparent";

struct TraceContext {
  std::string trace_id;   // 16 bytes
  std::string parent_id;  // 8 bytes

  friend bool operator==(const TraceContext&, const TraceContext&) = default;
};

// "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01". Nothing for what is none: other
// lengths, upper case, ids of zeros only, version ff. Of later versions the first four parts count.
// Whether the caller keeps its own spans is not asked: decisions are never sampled.
std::optional<TraceContext> ParseTraceContext(std::string_view traceparent);

}  // namespace fundgate::connection

#endif  // CONNECTION_TRACE_CONTEXT_H_
