#include "server/core/decision.h"

namespace fundgate::core {

std::string_view ToString(ReasonCode code) {
  switch (code) {
    case ReasonCode::kIdempotencyConflict:
      return "IDEMPOTENCY_CONFLICT";
    case ReasonCode::kAlreadyMoved:
      return "ALREADY_MOVED";
    case ReasonCode::kRejected:
      return "REJECTED";
    case ReasonCode::kInDoubt:
      return "IN_DOUBT";
    case ReasonCode::kHeld:
      return "HELD";
    case ReasonCode::kInvariant:
      return "INVARIANT";
    case ReasonCode::kBreaker:
      return "BREAKER";
    case ReasonCode::kUnproven:
      return "UNPROVEN";
    case ReasonCode::kStaleSource:
      return "STALE_SOURCE";
    case ReasonCode::kRule:
      return "RULE";
    case ReasonCode::kLimit:
      return "LIMIT";
    case ReasonCode::kLease:
      return "LEASE";
  }
  return "?";
}

std::string_view ToString(Verdict verdict) {
  switch (verdict) {
    case Verdict::kAllow:
      return "ALLOW";
    case Verdict::kHold:
      return "HOLD";
    case Verdict::kBlock:
      return "BLOCK";
  }
  return "?";
}

bool IsTransient(ReasonCode code) {
  switch (code) {
    case ReasonCode::kIdempotencyConflict:
    case ReasonCode::kAlreadyMoved:
    case ReasonCode::kRejected:
      return false;
    case ReasonCode::kInDoubt:
    case ReasonCode::kHeld:
    case ReasonCode::kInvariant:
    case ReasonCode::kBreaker:
    case ReasonCode::kUnproven:
    case ReasonCode::kStaleSource:
    case ReasonCode::kRule:
    case ReasonCode::kLimit:
    case ReasonCode::kLease:
      return true;
  }
  return false;
}

}  // namespace fundgate::core
