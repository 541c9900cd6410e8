#include "client/fundctl/exit_codes.h"

namespace fundgate::fundctl {

ExitCode ExitCodeOf(v1::Verdict verdict) {
  switch (verdict) {
    case v1::VERDICT_ALLOW:
      return kOk;
    case v1::VERDICT_HOLD:
      return kHold;
    case v1::VERDICT_BLOCK:
      return kBlock;
    default:
      return kError;
  }
}

ExitCode ExitCodeOf(const absl::Status& status) {
  if (status.ok()) return kOk;
  const bool unreachable =
      absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) || absl::IsCancelled(status);
  return unreachable ? kUnreachable : kError;
}

}  // namespace fundgate::fundctl
