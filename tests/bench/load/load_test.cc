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
#include "tests/bench/load/population.h"

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

TEST(Shuffle, TakesEveryNumberOnceAndBack) {
  for (const uint64_t count : {1, 2, 3, 4, 10, 97, 1000, 4096}) {
    const Shuffle shuffle(count);
    std::set<uint64_t> values;
    for (uint64_t place = 0; place < count; ++place) {
      EXPECT_TRUE(values.insert(shuffle.At(place)).second);
      EXPECT_EQ(shuffle.PlaceOf(shuffle.At(place)), place);
    }
    EXPECT_LT(*values.rbegin(), count);
  }
  const Shuffle large(90'000'000);
  for (uint64_t place = 0; place < 90'000'000; place += 1'234'567) {
    EXPECT_EQ(large.PlaceOf(large.At(place)), place);
  }
}

TEST(Population, NamesSortByTheirPlacesAndAreFoundByTheirNumbers) {
  const Population population(100, 50, 10, 7);
  EXPECT_EQ(population.keys(), 500U);
  std::set<uint64_t> numbers;
  std::string last;
  for (uint64_t place = 0; place < population.refunds(); ++place) {
    const uint64_t number = population.RefundAt(place);
    EXPECT_FALSE(population.IsPayment(number));
    EXPECT_TRUE(numbers.insert(number).second);
    EXPECT_GT(population.NameOf(number), last);
    last = population.NameOf(number);
    EXPECT_EQ(last, ScatteredName(place, population.refunds()));
    EXPECT_EQ(population.OrderOf(number), 100 + number / 10);
  }
  for (uint64_t place = 0; place < population.orders(); ++place) {
    const uint64_t number = population.PaymentAt(place);
    EXPECT_TRUE(population.IsPayment(number));
    EXPECT_TRUE(numbers.insert(number).second);
    EXPECT_EQ(population.NameOf(number), ScatteredName(place, population.orders()));
  }
  EXPECT_EQ(numbers.size(), 500U);
}

TEST(Movements, OfOldKeysAreThoseOfAFilledStore) {
  const Shop shop{.orders = 50, .accounts = 7, .keys_of_order = 10, .keys = Keys::kOld};
  const Population population(0, 50, 10, 7);
  std::map<std::string, uint64_t> orders;
  for (uint64_t number = 0; number < population.keys(); ++number) {
    if (!population.IsPayment(number)) {
      orders[population.NameOf(number)] = population.OrderOf(number);
    }
  }
  Movements movements("a", Spread::kUniform, 1, shop);
  std::set<std::string> seen;
  for (int i = 0; i < 10'000; ++i) {
    const Movement& movement = movements.Next();
    ASSERT_TRUE(orders.contains(movement.key));
    EXPECT_EQ(movement.order, NameOf(orders[movement.key]));
    EXPECT_EQ(movement.account, AccountOf(orders[movement.key], 7));
    seen.insert(movement.key);
  }
  EXPECT_EQ(seen.size(), orders.size());
}

TEST(Movements, ScatteredKeysAreNewAndLieEverywhere) {
  const Shop shop{.keys = Keys::kScattered};
  Movements movements("a", Spread::kUniform, 1, shop);
  Movements others("b", Spread::kUniform, 1, shop);
  std::set<std::string> keys;
  std::set<char> first_digits;
  for (int i = 0; i < 10'000; ++i) {
    EXPECT_TRUE(keys.insert(movements.Next().key).second);
    EXPECT_TRUE(keys.insert(others.Next().key).second);
  }
  for (const std::string& key : keys) first_digits.insert(key.front());
  EXPECT_EQ(first_digits.size(), 16U);
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
