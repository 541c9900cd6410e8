#include "server/sequencer/input_clock.h"

#include <gtest/gtest.h>

#include "tests/sequencer/manual_clock.h"

namespace fundgate::sequencer {
namespace {

TEST(InputClock, StartsAtTheWallClockAndFollowsTheSteadyClock) {
  ManualClock manual;
  InputClock clock(manual.sources(), absl::InfinitePast());
  const absl::Time start = manual.wall();
  EXPECT_EQ(clock.Now(), start);
  manual.Advance(absl::Seconds(3));
  EXPECT_EQ(clock.Now(), start + absl::Seconds(3));
}

TEST(InputClock, StartsAtTheJournalsTimeWhereThatIsLater) {
  ManualClock manual;
  const absl::Time journal = manual.wall() + absl::Hours(1);
  InputClock clock(manual.sources(), journal);
  EXPECT_EQ(clock.Now(), journal);
  EXPECT_EQ(clock.Drift(), -absl::Hours(1));
}

TEST(InputClock, DoesNotJumpWhenTheWallClockIsSetADayForwardOrBack) {
  for (const absl::Duration jump : {absl::Hours(24), -absl::Hours(24)}) {
    ManualClock manual;
    InputClock clock(manual.sources(), absl::InfinitePast());
    const absl::Time before = clock.Now();
    manual.ShiftWall(jump);
    EXPECT_EQ(clock.Now(), before);
    EXPECT_EQ(clock.Drift(), jump);
    manual.Advance(absl::Seconds(1));
    EXPECT_EQ(clock.Now(), before + absl::Seconds(1));
  }
}

TEST(InputClock, ContinuesFromAnAcceptedWallClockThatIsAhead) {
  ManualClock manual;
  InputClock clock(manual.sources(), absl::InfinitePast());
  manual.ShiftWall(absl::Hours(24));
  clock.AcceptWallClock();
  EXPECT_EQ(clock.Now(), manual.wall());
  EXPECT_EQ(clock.Drift(), absl::ZeroDuration());
}

TEST(InputClock, NeverGoesBackToAnAcceptedWallClockThatIsBehind) {
  ManualClock manual;
  InputClock clock(manual.sources(), absl::InfinitePast());
  const absl::Time before = clock.Now();
  manual.ShiftWall(-absl::Hours(24));
  clock.AcceptWallClock();
  EXPECT_EQ(clock.Now(), before);
  manual.Advance(absl::Seconds(1));
  EXPECT_EQ(clock.Now(), before + absl::Seconds(1));
  EXPECT_EQ(clock.Drift(), absl::ZeroDuration()) << "an accepted gap is reported again";
}

TEST(InputClock, ReportsADriftAfterAnAcceptedOne) {
  ManualClock manual;
  InputClock clock(manual.sources(), absl::InfinitePast());
  manual.ShiftWall(-absl::Hours(24));
  clock.AcceptWallClock();
  manual.ShiftWall(absl::Hours(24));
  EXPECT_EQ(clock.Drift(), absl::Hours(24));
}

TEST(InputClock, TellsRealClocksFromThoseMovedByHand) {
  ManualClock manual;
  InputClock by_hand(manual.sources(), absl::InfinitePast());
  int moves = 0;
  EXPECT_TRUE(by_hand.Watch([&moves] { ++moves; }));
  manual.Advance(absl::Seconds(1));
  EXPECT_EQ(moves, 1);
  EXPECT_TRUE(by_hand.Watch(nullptr));
  manual.Advance(absl::Seconds(1));
  EXPECT_EQ(moves, 1);

  InputClock real(TimeSources::System(), absl::InfinitePast());
  EXPECT_FALSE(real.Watch([] {}));
  const absl::Time first = real.Now();
  EXPECT_LE(first, real.Now());
}

}  // namespace
}  // namespace fundgate::sequencer
