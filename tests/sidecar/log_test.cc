#include <gtest/gtest.h>

#include <string>

#include "server/sidecar/feed/backoff.h"
#include "server/sidecar/progress.h"

namespace fundgate::sidecar {
namespace {

TEST(Backoff, DoublesUpToItsBoundAndBeginsAnewAfterASuccess) {
  feed::Backoff backoff(absl::Milliseconds(100), absl::Milliseconds(300));
  EXPECT_EQ(backoff.Next(), absl::Milliseconds(100));
  EXPECT_EQ(backoff.Next(), absl::Milliseconds(200));
  EXPECT_EQ(backoff.Next(), absl::Milliseconds(300));
  EXPECT_EQ(backoff.Next(), absl::Milliseconds(300));
  backoff.Reset();
  EXPECT_EQ(backoff.Next(), absl::Milliseconds(100));
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
