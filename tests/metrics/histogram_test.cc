#include "server/metrics/histogram.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <thread>

#include "server/metrics/named_rows.h"

namespace fundgate::metrics {
namespace {

using ::testing::ElementsAre;

constexpr int64_t kBounds[] = {10, 20};

TEST(Histogram, ABoundBelongsToItsOwnBucketAndWhatIsLargerToTheLast) {
  Histogram histogram(kBounds);
  for (const int64_t value : {0, 10, 11, 20, 21, 1'000}) histogram.Observe(value);
  EXPECT_THAT(histogram.Read().counts, ElementsAre(2, 2, 2));
  EXPECT_EQ(histogram.Read().sum, 1'062U);
}

TEST(Histogram, WhatIsLessThanNothingAddsNothingToTheSum) {
  Histogram histogram(kBounds);
  histogram.Observe(-5);
  EXPECT_THAT(histogram.Read().counts, ElementsAre(1, 0, 0));
  EXPECT_EQ(histogram.Read().sum, 0U);
}

TEST(Histogram, BoundsOfTimesGoFromAMicrosecondToTenSeconds) {
  EXPECT_EQ(kTimeBounds.front(), 1'000);
  EXPECT_EQ(kTimeBounds.back(), 10'000'000'000);
  EXPECT_TRUE(std::is_sorted(kTimeBounds.begin(), kTimeBounds.end()));
}

TEST(Histogram, IsReadWhileItIsObserved) {
  Histogram histogram(kBounds);
  std::thread observer([&histogram] {
    for (int i = 0; i < 10'000; ++i) histogram.Observe(i % 30);
  });
  uint64_t seen = 0;
  while (seen < 10'000) {
    const Histogram::Reading reading = histogram.Read();
    const uint64_t count =
        std::accumulate(reading.counts.begin(), reading.counts.end(), uint64_t{0});
    EXPECT_GE(count, seen);
    seen = count;
  }
  observer.join();
}

TEST(NamedRows, ARowIsThereOnceForItsName) {
  NamedRows<OwnedCounter> rows;
  rows.Of("refund").Add();
  rows.Of("settlement").Add(2);
  rows.Of("refund").Add();
  std::vector<std::pair<std::string, uint64_t>> seen;
  rows.ForEach([&seen](const std::string& name, const OwnedCounter& count) {
    seen.emplace_back(name, count.value());
  });
  EXPECT_THAT(seen, ElementsAre(std::pair("refund", 2U), std::pair("settlement", 2U)));
}

}  // namespace
}  // namespace fundgate::metrics
