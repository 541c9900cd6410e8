#include "server/core/records.h"

namespace fundgate::core {

std::string_view ToString(ViolationKind kind) {
  switch (kind) {
    case ViolationKind::kUngated:
      return "ungated";
    case ViolationKind::kAfterRelease:
      return "after_release";
    case ViolationKind::kAfterBlock:
      return "after_block";
    case ViolationKind::kDuplicateMovement:
      return "duplicate_movement";
    case ViolationKind::kAmountMismatch:
      return "amount_mismatch";
    case ViolationKind::kUnitMismatch:
      return "unit_mismatch";
    case ViolationKind::kOtherAccount:
      return "other_account";
    case ViolationKind::kOtherOrder:
      return "other_order";
    case ViolationKind::kOtherCurrency:
      return "other_currency";
    case ViolationKind::kMovementUndone:
      return "movement_undone";
    case ViolationKind::kInvariant:
      return "invariant";
    case ViolationKind::kOverdue:
      return "overdue";
    case ViolationKind::kMatchMissing:
      return "match_missing";
    case ViolationKind::kMatchDiffers:
      return "match_differs";
    case ViolationKind::kChainBroken:
      return "chain_broken";
    case ViolationKind::kTransition:
      return "transition";
    case ViolationKind::kStuck:
      return "stuck";
    case ViolationKind::kGuard:
      return "guard";
    case ViolationKind::kFactUnreadable:
      return "fact_unreadable";
    case ViolationKind::kRule:
      return "rule";
    case ViolationKind::kBreakerTripped:
      return "breaker_tripped";
    case ViolationKind::kLeaseOverrun:
      return "lease_overrun";
  }
  return "?";
}

}  // namespace fundgate::core
