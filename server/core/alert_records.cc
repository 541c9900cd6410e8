#include "server/core/alert_records.h"

namespace fundgate::core {

std::string_view ToString(AlertKind kind) {
  switch (kind) {
    case AlertKind::kOpened:
      return "opened";
    case AlertKind::kRenewed:
      return "renewed";
    case AlertKind::kEscalated:
      return "escalated";
    case AlertKind::kResolved:
      return "resolved";
    case AlertKind::kCall:
      return "call";
  }
  return "?";
}

std::string_view ToString(Cause cause) {
  switch (cause) {
    case Cause::kRealLoss:
      return "real_loss";
    case Cause::kBadData:
      return "bad_data";
    case Cause::kWrongRule:
      return "wrong_rule";
  }
  return "?";
}

}  // namespace fundgate::core
