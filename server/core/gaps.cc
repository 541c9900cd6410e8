#include "server/core/gaps.h"

namespace fundgate::core {
namespace {

GapScope Widened(const GapScope& scope) { return {scope.kind, AccountId(), OrderId()}; }

}  // namespace

void MarkGap(Draft& draft, GapScope scope, const SourceName& source, const std::string& reason) {
  if (draft.FindGap(scope) == nullptr && draft.before().of<Gaps>().size() >= kMaxGaps) {
    scope = Widened(scope);
  }
  Gap& gap = draft.MutableGap(scope);
  if (gap.count == 0) {
    gap.since = draft.now();
    gap.source = source;
    gap.reason = reason;
  }
  gap.count += 1;
}

void UnmarkGap(Draft& draft, GapScope scope) {
  if (draft.FindGap(scope) == nullptr) scope = Widened(scope);
  if (draft.FindGap(scope) == nullptr) return;
  Gap& gap = draft.MutableGap(scope);
  gap.count -= 1;
  if (gap.count == 0) draft.Erase<Gaps>(scope);
}

}  // namespace fundgate::core
