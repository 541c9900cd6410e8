#include "tests/torture/history.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace fundgate::torture {
namespace {

std::string Seconds(Instant instant) {
  if (instant == kNever) return "never";
  return absl::StrFormat("%.6f s", static_cast<double>(instant) / 1e9);
}

std::string Asked(const Operation& operation) {
  switch (operation.what) {
    case What::kCheck:
      return absl::StrCat("Check ", operation.key, " of ", operation.amount);
    case What::kConfirm:
      return absl::StrCat("Confirm ", operation.key, " by ", operation.decision, " with ",
                          operation.amount);
    case What::kRelease:
      return absl::StrCat("Release ", operation.key, " by ", operation.decision);
    case What::kRead:
      return "GetBook";
    case What::kPaid:
      return absl::StrCat("row: payment ", operation.key, " of ", operation.amount);
    case What::kRefunded:
      return absl::StrCat("row: refund ", operation.key, " of ", operation.amount);
    case What::kFailed:
      return absl::StrCat("row: refund ", operation.key, " of ", operation.amount, " failed");
  }
  return "?";
}

std::string Answered(const Operation& operation) {
  switch (operation.heard) {
    case Heard::kNothing:
      return "nothing was heard";
    case Heard::kDone:
      if (operation.what != What::kRead) return "done";
      return absl::StrCat("paid ", operation.paid, ", refunded ", operation.refunded, ", pending ",
                          operation.pending);
    case Heard::kRefused:
      return "refused";
    case Heard::kAllow:
      return absl::StrCat("ALLOW ", operation.decision, operation.replayed ? ", replayed" : "");
    case Heard::kHold:
      return "HOLD";
    case Heard::kOverdrawn:
      return "BLOCK, more than was paid";
    case Heard::kAlreadyMoved:
      return "BLOCK, has moved already";
    case Heard::kConflict:
      return "BLOCK, the key is another movement's";
    case Heard::kStrange:
      return operation.strange;
  }
  return "?";
}

}  // namespace

std::string ToString(const Operation& operation) {
  return absl::StrCat("client ", operation.client, ", ", Seconds(operation.invoked), " to ",
                      Seconds(operation.returned), ": ", Asked(operation), " -> ",
                      Answered(operation));
}

}  // namespace fundgate::torture
