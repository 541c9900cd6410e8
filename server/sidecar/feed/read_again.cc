#include "server/sidecar/feed/read_again.h"

namespace fundgate::feed {

ReadAgain::ReadAgain(const SourcePosition& position)
    : position_(position), streams_(position.UndecidedStreams()) {}

bool ReadAgain::Takes(const Step& step) {
  if (streams_.empty()) return false;
  const bool covered = position_.Covers(step);
  if (position_.form() == PositionForm::kGtidSets) {
    // Its numbers come in any order; but all of what was told stands before all that is new.
    if (!covered) streams_.clear();
    return covered;
  }
  if (!streams_.contains(step.stream)) return false;
  if (!covered || position_.MayRepeat(step)) streams_.erase(step.stream);
  return covered;
}

}  // namespace fundgate::feed
