#include <gtest/gtest.h>

#include <set>
#include <string>

#include "server/sidecar/feed/backoff.h"
#include "server/sidecar/progress.h"

namespace fundgate::sidecar {
namespace {

TEST(Backoff, DoublesUpToItsBoundAndBeginsAnewAfterASuccess) {
  feed::Backoff backoff(absl::Milliseconds(100), absl::Milliseconds(300), 1);
  const auto is_up_to = [&backoff](int64_t ms) {
    const absl::Duration wait = backoff.Next();
    return wait > absl::Milliseconds(ms) / 2 && wait <= absl::Milliseconds(ms);
  };
  EXPECT_TRUE(is_up_to(100));
  EXPECT_TRUE(is_up_to(200));
  EXPECT_TRUE(is_up_to(300));
  EXPECT_TRUE(is_up_to(300));
  backoff.Reset();
  EXPECT_TRUE(is_up_to(100));
}

TEST(Backoff, ThoseWhoLostTheSameServerDontComeBackAtOnce) {
  std::set<absl::Duration> waits;
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    waits.insert(feed::Backoff(absl::Seconds(5), absl::Seconds(5), seed * 7919).Next());
  }
  EXPECT_GE(waits.size(), 15U);
}

TEST(Progress, NothingIsToldOfWhatIsNew) {
  const absl::Time start = absl::FromUnixSeconds(100'000);
  Progress progress(start);
  for (int second = 0; second < 60; ++second) {
    const absl::Time now = start + absl::Seconds(second);
    EXPECT_FALSE(progress.Read(now - absl::Seconds(1), now).has_value());
  }
}

TEST(Progress, ACatchUpIsToldEveryFewSecondsAndItsEndOnce) {
  const absl::Time start = absl::FromUnixSeconds(100'000);
  Progress progress(start);
  int told = 0;
  for (int second = 1; second <= 20; ++second) {
    const absl::Time now = start + absl::Seconds(second);
    const auto report = progress.Read(now - absl::Hours(1), now);
    if (!report.has_value()) continue;
    ++told;
    EXPECT_FALSE(report->caught_up);
    EXPECT_EQ(report->behind, absl::Hours(1));
    EXPECT_EQ(report->per_second, 1U);
  }
  EXPECT_EQ(told, 4);
  const absl::Time end = start + absl::Seconds(21);
  const auto caught_up = progress.Read(end, end);
  ASSERT_TRUE(caught_up.has_value());
  EXPECT_TRUE(caught_up->caught_up);
  EXPECT_FALSE(progress.Read(end, end).has_value());
}

}  // namespace
}  // namespace fundgate::sidecar
