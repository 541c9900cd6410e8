#include "server/security/token_bucket.h"

#include <gtest/gtest.h>

namespace fundgate::security {
namespace {

constexpr absl::Duration kStart = absl::Hours(5);

TEST(TokenBucket, LetsABurstPassAndThenSoManyASecond) {
  TokenBucket bucket(10, 3);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(bucket.Take(kStart), absl::ZeroDuration()) << i;
  EXPECT_EQ(bucket.Take(kStart), absl::Milliseconds(100));
  EXPECT_EQ(bucket.Take(kStart + absl::Milliseconds(99)), absl::Milliseconds(1));
  EXPECT_EQ(bucket.Take(kStart + absl::Milliseconds(100)), absl::ZeroDuration());
  EXPECT_EQ(bucket.Take(kStart + absl::Milliseconds(100)), absl::Milliseconds(100));
}

TEST(TokenBucket, IsNeverFullerThanItsBurst) {
  TokenBucket bucket(1000, 2);
  EXPECT_EQ(bucket.Take(kStart), absl::ZeroDuration());
  const absl::Duration later = kStart + absl::Hours(1);
  EXPECT_EQ(bucket.Take(later), absl::ZeroDuration());
  EXPECT_EQ(bucket.Take(later), absl::ZeroDuration());
  EXPECT_EQ(bucket.Take(later), absl::Milliseconds(1));
}

TEST(TokenBucket, ALargeRequestPassesAndThoseAfterItWait) {
  TokenBucket bucket(100, 10);
  EXPECT_EQ(bucket.Take(kStart), absl::ZeroDuration());
  bucket.Charge(999, kStart);
  EXPECT_EQ(bucket.Take(kStart), absl::Milliseconds(9910));
  EXPECT_EQ(bucket.Take(kStart + absl::Milliseconds(9910)), absl::ZeroDuration());
}

TEST(TokenBucket, WhatIsRefusedCostsNothing) {
  TokenBucket bucket(1, 1);
  EXPECT_EQ(bucket.Take(kStart), absl::ZeroDuration());
  for (int i = 0; i < 100; ++i) EXPECT_GT(bucket.Take(kStart), absl::ZeroDuration());
  EXPECT_EQ(bucket.Take(kStart + absl::Seconds(1)), absl::ZeroDuration());
}

}  // namespace
}  // namespace fundgate::security
