// What the load's figures rest on.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/bench/load/histogram.h"
#include "tests/bench/load/movements.h"
#include "tests/bench/load/plan.h"

namespace fundgate::bench {
namespace {

TEST(Histogram, TellsWhatASortedListTellsAtMostOnePercentTooLong) {
  std::mt19937_64 random(1);
  std::lognormal_distribution<double> latency(12, 2);
  Histogram histogram;
  std::vector<int64_t> list;
  for (int i = 0; i < 100'000; ++i) {
    list.push_back(static_cast<int64_t>(latency(random)));
    histogram.Add(list.back());
  }
  std::sort(list.begin(), list.end());
  for (const double share : {0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999}) {
    const auto rank = static_cast<size_t>(std::ceil(share * static_cast<double>(list.size())));
    const int64_t exact = list[rank - 1];
    EXPECT_GE(histogram.At(share), exact) << share;
    EXPECT_LE(histogram.At(share), exact + exact / 100) << share;
  }
  EXPECT_EQ(histogram.At(1), list.back());
  EXPECT_EQ(histogram.max(), list.back());
  EXPECT_EQ(histogram.count(), list.size());
}

TEST(Histogram, CountsEveryShortDurationByItself) {
  for (int64_t nanoseconds = 0; nanoseconds < 256; ++nanoseconds) {
    Histogram histogram;
    histogram.Add(nanoseconds);
    histogram.Add(1'000'000);
    EXPECT_EQ(histogram.At(0.5), nanoseconds);
  }
}

TEST(Histogram, TakesTheLongestDurationThatThereIs) {
  Histogram histogram;
  histogram.Add(INT64_MAX);
  histogram.Add(-1);
  EXPECT_EQ(histogram.At(0.5), 0);
  EXPECT_EQ(histogram.At(1), INT64_MAX);
}

TEST(Histogram, MergesIntoWhatOneWouldHaveCounted) {
  Histogram one;
  Histogram other;
  Histogram both;
  for (int64_t i = 0; i < 1000; ++i) {
    (i % 3 == 0 ? one : other).Add(i * i);
    both.Add(i * i);
  }
  one.Merge(other);
  EXPECT_EQ(one.count(), both.count());
  EXPECT_EQ(one.max(), both.max());
  for (const double share : {0.1, 0.5, 0.9, 0.99}) EXPECT_EQ(one.At(share), both.At(share));
}

TEST(Movements, NeverRepeatAKey) {
  Movements movements("a", Spread::kUniform, 1);
  Movements others("b", Spread::kUniform, 1);
  std::set<std::string> keys;
  for (int i = 0; i < 70'000; ++i) {
    EXPECT_TRUE(keys.insert(movements.Next().key).second);
    EXPECT_TRUE(keys.insert(others.Next().key).second);
  }
}

std::map<std::string, int> OrdersOf(Spread spread, int count) {
  Movements movements("a", spread, 1);
  std::map<std::string, int> orders;
  for (int i = 0; i < count; ++i) ++orders[std::string(movements.Next().order)];
  return orders;
}

TEST(Movements, SpreadAsTheyAreTold) {
  constexpr int kCount = 60'000;
  const std::map<std::string, int> uniform = OrdersOf(Spread::kUniform, kCount);
  EXPECT_GT(uniform.size(), 9'900U);
  EXPECT_LT(uniform.at("o0"), 30);

  const std::map<std::string, int> zipf = OrdersOf(Spread::kZipf, kCount);
  EXPECT_GT(zipf.at("o0"), kCount / 15);
  EXPECT_NEAR(zipf.at("o0"), 10 * zipf.at("o9"), kCount / 100);

  Movements hot("a", Spread::kHot, 1);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(hot.Next().account, "m0");
  EXPECT_EQ(OrdersOf(Spread::kHot, kCount).size(), kOrders / kAccounts);
}

TEST(Arrivals, ComeAtTheirRateAndNeverInStep) {
  Arrivals arrivals(1000, 1);
  const Clock::time_point begun = arrivals.next();
  std::vector<int64_t> gaps;
  for (int i = 0; i < 100'000; ++i) {
    const Clock::time_point before = arrivals.next();
    arrivals.Advance();
    gaps.push_back((arrivals.next() - before).count());
  }
  const std::chrono::duration<double> whole = arrivals.next() - begun;
  EXPECT_NEAR(whole.count(), 100, 1);
  // Exponential gaps: their median is ln 2 of their mean.
  std::nth_element(gaps.begin(), gaps.begin() + 50'000, gaps.end());
  EXPECT_NEAR(static_cast<double>(gaps[50'000]), 1e6 * std::log(2), 2e4);
}

}  // namespace
}  // namespace fundgate::bench
