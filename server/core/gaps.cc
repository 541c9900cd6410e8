#include "server/core/gaps.h"

namespace fundgate::core {

GapScope MarkGap(Draft& draft, GapScope scope, const SourceName& source,
                 const std::string& reason) {
  if (draft.FindGap(scope) == nullptr && draft.before().of<Gaps>().size() >= kMaxGaps) {
    scope.account = AccountId();
    scope.order = OrderId();
  }
  Gap& gap = draft.MutableGap(scope);
  if (gap.count == 0) {
    gap.since = draft.now();
    gap.source = source;
    gap.reason = reason;
  }
  gap.count += 1;
  return scope;
}

void UnmarkGap(Draft& draft, const GapScope& scope) {
  const Gap* gap = draft.FindGap(scope);
  if (gap == nullptr) return;
  if (gap->count == 1) return draft.Erase<Gaps>(scope);
  draft.MutableGap(scope).count -= 1;
}

}  // namespace fundgate::core
