#include "tests/bench/load/plan.h"

#include <algorithm>

#include "absl/strings/str_format.h"

namespace fundgate::bench {
namespace {

std::string Quoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    const bool is_plain = c >= ' ' && c <= '~' && c != '"' && c != '\\';
    quoted += is_plain ? c : '?';
  }
  return quoted + '"';
}

}  // namespace

std::string ToJson(const Plan& plan, const Result& result, std::chrono::duration<double> cpu) {
  const auto micros = [&result](double share) {
    return static_cast<double>(result.latencies.At(share)) / 1000;
  };
  const double whole = plan.warm_up.count() + plan.length.count();
  return absl::StrFormat(
      "{\"rate\": %.1f, \"checks\": %d, \"errors\": %d, \"first_error\": %s, \"p50\": %.1f, "
      "\"p99\": %.1f, \"p99_9\": %.1f, \"max\": %.1f, \"client_cores\": %.3f, "
      "\"message_bytes\": %d}",
      static_cast<double>(result.checks) / plan.length.count(), result.checks, result.errors,
      Quoted(result.first_error), micros(0.5), micros(0.99), micros(0.999),
      static_cast<double>(result.latencies.max()) / 1000, cpu.count() / whole,
      result.message_bytes);
}

}  // namespace fundgate::bench
