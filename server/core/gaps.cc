#include "server/core/gaps.h"

#include <algorithm>
#include <utility>
#include <vector>

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
  gap.newest = draft.sequence();
  if (gap.source == source) return;
  const auto place = std::lower_bound(gap.also.begin(), gap.also.end(), source);
  if (place == gap.also.end() || *place != source) gap.also.insert(place, source);
}

void UnmarkGap(Draft& draft, GapScope scope) {
  if (draft.FindGap(scope) == nullptr) scope = Widened(scope);
  if (draft.FindGap(scope) == nullptr) return;
  Gap& gap = draft.MutableGap(scope);
  gap.count -= 1;
  if (gap.count == 0) draft.Erase<Gaps>(scope);
}

void HealGap(Draft& draft, const GapScope& scope, const SourceName& source) {
  const Gap* gap = draft.FindGap(scope);
  if (gap == nullptr) return;
  std::vector<SourceName> left = gap->also;
  if (gap->source != source) {
    std::erase(left, source);
    draft.MutableGap(scope).also = std::move(left);
    return;
  }
  if (left.empty()) return draft.Erase<Gaps>(scope);
  Gap& other = draft.MutableGap(scope);
  other.source = left.front();
  left.erase(left.begin());
  other.also = std::move(left);
}

}  // namespace fundgate::core
