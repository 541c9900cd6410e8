#include "client/retry.h"

#include "gtest/gtest.h"

namespace fundgate::client {
namespace {

RetryOptions Options() {
  RetryOptions options;
  options.initial_pause = absl::Milliseconds(20);
  options.longest_pause = absl::Milliseconds(100);
  return options;
}

TEST(Pause, DoublesUpToTheLongestAndIsDrawnFromItsUpperHalf) {
  const int expected_ms[] = {20, 40, 80, 100, 100};
  for (int attempt = 1; attempt <= 5; ++attempt) {
    const PauseRange range = PauseAfter(Options(), attempt, std::nullopt);
    EXPECT_EQ(range.longest, absl::Milliseconds(expected_ms[attempt - 1])) << attempt;
    EXPECT_EQ(range.shortest, range.longest / 2) << attempt;
  }
}

TEST(Pause, IsNeverShorterThanTheGateAsked) {
  const PauseRange range = PauseAfter(Options(), 1, absl::Seconds(2));
  EXPECT_EQ(range.shortest, absl::Seconds(2));
  EXPECT_EQ(range.longest, absl::Seconds(2) + absl::Milliseconds(20));
}

TEST(Pause, StaysBoundedAfterVeryManyAttempts) {
  EXPECT_EQ(PauseAfter(Options(), 1'000'000, std::nullopt).longest, absl::Milliseconds(100));
}

TEST(MayTryAgain, HoldsOnlyForWhatTimeMayCure) {
  using Code = absl::StatusCode;
  for (const Code code : {Code::kUnavailable, Code::kResourceExhausted, Code::kDeadlineExceeded}) {
    EXPECT_TRUE(MayTryAgain(code)) << absl::StatusCodeToString(code);
  }
  for (const Code code :
       {Code::kOk, Code::kInvalidArgument, Code::kNotFound, Code::kFailedPrecondition,
        Code::kAborted, Code::kInternal, Code::kUnauthenticated, Code::kPermissionDenied,
        Code::kUnimplemented, Code::kCancelled, Code::kDataLoss, Code::kUnknown}) {
    EXPECT_FALSE(MayTryAgain(code)) << absl::StatusCodeToString(code);
  }
}

}  // namespace
}  // namespace fundgate::client
