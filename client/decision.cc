// What a decision permits, and the names of its values.
#include <ctime>

#include "absl/strings/str_cat.h"
#include "fundgate/client.h"
#include "fundgate/types/text.h"

namespace fundgate::client {

BootClock::time_point BootClock::now() {
  timespec time{};
  ::clock_gettime(CLOCK_BOOTTIME, &time);
  return time_point(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
}

std::string_view NameOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::kAllow:
      return "ALLOW";
    case Verdict::kHold:
      return "HOLD";
    case Verdict::kBlock:
      return "BLOCK";
  }
  return "HOLD";
}

std::string_view NameOf(ReasonCode code) {
  switch (code) {
    case ReasonCode::kInvariant:
      return "INVARIANT";
    case ReasonCode::kIdempotencyConflict:
      return "IDEMPOTENCY_CONFLICT";
    case ReasonCode::kAlreadyMoved:
      return "ALREADY_MOVED";
    case ReasonCode::kInDoubt:
      return "IN_DOUBT";
    case ReasonCode::kRule:
      return "RULE";
    case ReasonCode::kBreaker:
      return "BREAKER";
    case ReasonCode::kStaleSource:
      return "STALE_SOURCE";
    case ReasonCode::kUnproven:
      return "UNPROVEN";
    case ReasonCode::kHeld:
      return "HELD";
    case ReasonCode::kRejected:
      return "REJECTED";
    case ReasonCode::kLimit:
      return "LIMIT";
    case ReasonCode::kLease:
      return "LEASE";
    case ReasonCode::kGateUnreachable:
      return "GATE_UNREACHABLE";
    case ReasonCode::kOther:
      break;
  }
  return "OTHER";
}

absl::Status Decision::MayStart(BootClock::time_point now) const {
  const std::string movement =
      absl::StrCat(checkpoint.value(), " ", idempotency_key.value(), " of ", account.value());
  if (verdict != Verdict::kAllow) {
    std::string why = absl::StrCat(movement, ": ", ToAbsl(NameOf(verdict)));
    for (const Reason& reason : reasons) {
      if (reason.verdict == Verdict::kAllow) continue;  // only reported
      absl::StrAppend(&why, "; ", ToAbsl(NameOf(reason.code)), reason.name.empty() ? "" : " ",
                      reason.name, ": ", reason.message);
    }
    return absl::FailedPreconditionError(why);
  }
  if (!start_before.has_value()) {
    return absl::FailedPreconditionError(
        absl::StrCat(movement, ": decision ", decision_id,
                     " says ALLOW, but how long it still holds isn't known here; ask again with "
                     "the same key"));
  }
  if (now >= *start_before) {
    return absl::DeadlineExceededError(
        absl::StrCat(movement, ": the ALLOW of decision ", decision_id, " was valid until ",
                     absl::FormatTime(valid_until, absl::UTCTimeZone()),
                     " and must not be used any more; Release it, then ask again"));
  }
  return absl::OkStatus();
}

}  // namespace fundgate::client
