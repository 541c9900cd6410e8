#include "server/sequencer/probe_requests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace fundgate::sequencer {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const SourceName kTill("till");
const absl::Time kNoon = absl::FromUnixSeconds(1'800'000'000);

class ProbeRequestsTest : public testing::Test {
 protected:
  // What is asked this long after noon.
  std::vector<SourceName> AskedAt(absl::Duration after_noon) {
    return requests_.TakeDue(steady_noon_ + after_noon, kNoon + after_noon,
                             [this](const SourceName&) { return awaited_; });
  }
  absl::Duration NextDue() const { return requests_.next_due() - steady_noon_; }

  const absl::Duration steady_noon_ = absl::Hours(7);
  ProbeRequests requests_{absl::Milliseconds(2), absl::Milliseconds(50)};
  bool awaited_ = true;
};

TEST_F(ProbeRequestsTest, NobodyWaitsNobodyIsAsked) {
  EXPECT_EQ(requests_.next_due(), absl::InfiniteDuration());
  EXPECT_THAT(AskedAt(absl::ZeroDuration()), IsEmpty());
}

TEST_F(ProbeRequestsTest, TheFirstNeedAsksAtOnce) {
  requests_.Need(kTill, kNoon);
  EXPECT_THAT(AskedAt(absl::ZeroDuration()), ElementsAre(kTill));
}

TEST_F(ProbeRequestsTest, ARequestUnderWayServesAllWhoArrivedBeforeIt) {
  requests_.Need(kTill, kNoon);
  EXPECT_THAT(AskedAt(absl::Milliseconds(1)), ElementsAre(kTill));
  requests_.Need(kTill, kNoon + absl::Milliseconds(1));
  EXPECT_THAT(AskedAt(absl::Milliseconds(10)), IsEmpty());
}

TEST_F(ProbeRequestsTest, ALaterArrivalAsksAgainAfterTheSpacing) {
  requests_.Need(kTill, kNoon);
  EXPECT_THAT(AskedAt(absl::ZeroDuration()), ElementsAre(kTill));
  requests_.Need(kTill, kNoon + absl::Milliseconds(1));
  EXPECT_EQ(NextDue(), absl::Milliseconds(2));
  EXPECT_THAT(AskedAt(absl::Milliseconds(1)), IsEmpty());
  EXPECT_THAT(AskedAt(absl::Milliseconds(2)), ElementsAre(kTill));
}

TEST_F(ProbeRequestsTest, AnUnansweredRequestIsMadeAgain) {
  requests_.Need(kTill, kNoon);
  EXPECT_THAT(AskedAt(absl::ZeroDuration()), ElementsAre(kTill));
  EXPECT_EQ(NextDue(), absl::Milliseconds(50));
  EXPECT_THAT(AskedAt(absl::Milliseconds(49)), IsEmpty());
  EXPECT_THAT(AskedAt(absl::Milliseconds(50)), ElementsAre(kTill));
}

TEST_F(ProbeRequestsTest, IsForgottenWhenNobodyWaitsAnyMore) {
  requests_.Need(kTill, kNoon);
  EXPECT_THAT(AskedAt(absl::ZeroDuration()), ElementsAre(kTill));
  awaited_ = false;
  EXPECT_THAT(AskedAt(absl::Milliseconds(50)), IsEmpty());
  EXPECT_EQ(requests_.next_due(), absl::InfiniteDuration());
}

}  // namespace
}  // namespace fundgate::sequencer
