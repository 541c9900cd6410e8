#include "server/core/rules/rule.h"

namespace fundgate::core {
namespace {

constexpr uint64_t kFnvOffset = 0xcbf29ce484222325ULL;
constexpr uint64_t kFnvPrime = 0x100000001b3ULL;

uint64_t Fnv1a(uint64_t hash, std::string_view bytes) {
  for (const char c : bytes) hash = (hash ^ static_cast<uint8_t>(c)) * kFnvPrime;
  return hash;
}

}  // namespace

std::string_view ToString(Severity severity) {
  switch (severity) {
    case Severity::kLow:
      return "low";
    case Severity::kMedium:
      return "medium";
    case Severity::kHigh:
      return "high";
    case Severity::kCritical:
      return "critical";
  }
  return "?";
}

std::string FieldOf(const Rollout& rollout) {
  switch (rollout.by) {
    case Rollout::By::kAccount:
      return "account_id";
    case Rollout::By::kOrder:
      return "order_id";
    case Rollout::By::kKey:
      return "idempotency_key";
    case Rollout::By::kAttribute:
      return "attributes." + rollout.attribute;
  }
  return "?";
}

bool IsInShare(std::string_view rule, std::string_view value, int64_t percent) {
  constexpr std::string_view kZero("\0", 1);
  const uint64_t hash = Fnv1a(Fnv1a(Fnv1a(kFnvOffset, rule), kZero), value);
  return static_cast<int64_t>((hash ^ hash >> 32U) % 100) < percent;
}

}  // namespace fundgate::core
