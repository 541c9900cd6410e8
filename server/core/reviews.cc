#include "server/core/reviews.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/core/grouping.h"

namespace fundgate::core {
namespace {

Refusal NoSuch(const std::string& id) {
  return Refusal{absl::NotFoundError(absl::StrCat("there is no violation and no group ", id))};
}

Refusal AlreadyResolved(const std::string& id, const Review& review) {
  return Refusal{absl::FailedPreconditionError(
      absl::StrCat(id, " is resolved", review.cause.has_value() ? " as " : "",
                   review.cause.has_value() ? std::string(ToString(*review.cause)) : "", " by ",
                   review.resolved->actor, ": ", review.resolved->reason))};
}

void AcknowledgeGroup(Draft& draft, Group& group, const Remark& remark) {
  if (group.review.state != ReviewState::kOpen) return;
  group.review.state = ReviewState::kAcknowledged;
  group.review.acknowledged = remark;
  draft.Mutable<OpenGroups>(group.key).escalate_at = NextEscalation(draft, group);
}

// One violation of a group that goes on.
void ResolveOne(Draft& draft, const Violation& found, const ResolveInput& input,
                const Remark& remark) {
  Violation& violation = draft.Mutable<Violations>(found.id);
  violation.review.state = ReviewState::kResolved;
  violation.review.resolved = remark;
  violation.review.cause = input.cause;
  Tally& tally = TallyOf(draft, violation.name);
  tally.real_loss += input.cause == Cause::kRealLoss ? 1 : 0;
  tally.bad_data += input.cause == Cause::kBadData ? 1 : 0;
  tally.wrong_rule += input.cause == Cause::kWrongRule ? 1 : 0;
  if (violation.group.empty()) return;
  Group& group = draft.Mutable<Groups>(violation.group);
  group.review.cause = input.cause;  // stands if it was the last one
  Leave(draft, violation.group, violation.name);
}

}  // namespace

Review EffectiveReview(const Violation& violation, const Group& group) {
  return violation.review.state >= group.review.state ? violation.review : group.review;
}

Answer Acknowledge(Draft& draft, const AcknowledgeInput& input) {
  const Remark remark{input.actor, input.reason, draft.now()};
  if (draft.Find<Groups>(input.id) != nullptr) {
    Group& group = draft.Mutable<Groups>(input.id);
    if (group.review.state == ReviewState::kResolved) {
      return AlreadyResolved(input.id, group.review);
    }
    AcknowledgeGroup(draft, group, remark);
    return Done{};
  }
  const Violation* found = draft.Find<Violations>(input.id);
  if (found == nullptr) return NoSuch(input.id);
  const Group* group = draft.Find<Groups>(found->group);
  const Review review = group == nullptr ? found->review : EffectiveReview(*found, *group);
  if (review.state == ReviewState::kResolved) return AlreadyResolved(input.id, review);
  if (found->review.state == ReviewState::kOpen) {
    Violation& violation = draft.Mutable<Violations>(input.id);
    violation.review.state = ReviewState::kAcknowledged;
    violation.review.acknowledged = remark;
  }
  if (group != nullptr) AcknowledgeGroup(draft, draft.Mutable<Groups>(found->group), remark);
  return Done{};
}

Answer ResolveReview(Draft& draft, const ResolveInput& input) {
  const Remark remark{input.actor, input.reason, draft.now()};
  if (const Group* group = draft.Find<Groups>(input.id)) {
    if (group->review.state == ReviewState::kResolved) {
      return AlreadyResolved(input.id, group->review);
    }
    Resolve(draft, input.id, remark, input.cause);
    return Done{};
  }
  const Violation* found = draft.Find<Violations>(input.id);
  if (found == nullptr) return NoSuch(input.id);
  const Group* group = draft.Find<Groups>(found->group);
  const Review review = group == nullptr ? found->review : EffectiveReview(*found, *group);
  if (review.state == ReviewState::kResolved) return AlreadyResolved(input.id, review);
  ResolveOne(draft, *found, input, remark);
  return Done{};
}

}  // namespace fundgate::core
