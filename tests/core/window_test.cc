// One window over time, against a plain list of what was counted.
#include "server/core/windows/window.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/core/world.h"

namespace fundgate::core::testing {
namespace {

const Currency kCny = M("CNY 1.00").currency;
const Currency kUsd = M("USD 1.00").currency;
const absl::Time kNoon = absl::FromUnixSeconds(1'800'000'000);  // the begin of a minute

WindowDefinition Hour() {
  WindowDefinition definition;
  definition.name = WindowName("hour");
  definition.span = absl::Hours(1);
  definition.resolution = absl::Minutes(1);
  definition.distinct = WindowDefinition::Distinct::kAttribute;
  definition.distinct_max = 3;
  definition.meaning = 7;
  return definition;
}

WindowTotals At(const Window& window, const WindowDefinition& definition, absl::Time now,
                Currency currency = kCny) {
  return TotalsOf(window, definition, now, currency);
}

TEST(Window, CountsForItsSpanAndUpToOneResolutionLonger) {
  const WindowDefinition hour = Hour();
  Window window;
  const absl::Time counted = kNoon + absl::Seconds(20);
  CountIn(window, hour, counted, {M("CNY 5.00"), {}});
  EXPECT_EQ(At(window, hour, counted).count, 1);
  EXPECT_EQ(At(window, hour, counted + absl::Hours(1)).count, 1);
  const absl::Time end = kNoon + absl::Minutes(61);  // its minute has ended an hour ago
  EXPECT_EQ(At(window, hour, end - absl::Nanoseconds(1)).count, 1);
  EXPECT_EQ(At(window, hour, end).count, 0);
  EXPECT_EQ(EndOf(window, hour), end);
}

TEST(Window, SumsAndMaximaAreOfOneCurrencyAndCountsOfAll) {
  const WindowDefinition hour = Hour();
  Window window;
  CountIn(window, hour, kNoon, {M("CNY 5.00"), {}});
  CountIn(window, hour, kNoon, {M("USD 9.00"), {}});
  CountIn(window, hour, kNoon + absl::Minutes(3), {M("CNY 7.00"), {}});
  const WindowTotals cny = At(window, hour, kNoon + absl::Minutes(5));
  EXPECT_EQ(cny.count, 3);
  EXPECT_EQ(cny.sum, 1200);
  EXPECT_EQ(cny.largest, 700);
  const WindowTotals usd = At(window, hour, kNoon + absl::Minutes(5), kUsd);
  EXPECT_EQ(usd.sum, 900);
  EXPECT_EQ(usd.count, 3);
}

TEST(Window, ASumStopsAtTheLargestNumberInsteadOfWrapping) {
  const WindowDefinition hour = Hour();
  Window window;
  const Money most{kCny, std::numeric_limits<int64_t>::max() - 1};
  CountIn(window, hour, kNoon, {most, {}});
  CountIn(window, hour, kNoon, {most, {}});
  CountIn(window, hour, kNoon + absl::Minutes(2), {most, {}});
  EXPECT_EQ(At(window, hour, kNoon + absl::Minutes(2)).sum, std::numeric_limits<int64_t>::max());
}

TEST(Window, ToldApartExactlyUpToItsBoundAndOneMore) {
  const WindowDefinition hour = Hour();
  Window window;
  for (const char* value : {"a", "b", "a", "c"}) {
    CountIn(window, hour, kNoon, {M("CNY 1.00"), {value}});
  }
  EXPECT_EQ(At(window, hour, kNoon).distinct, 3);
  for (const char* value : {"d", "e", "f"}) {
    CountIn(window, hour, kNoon, {M("CNY 1.00"), {value}});
  }
  EXPECT_EQ(At(window, hour, kNoon).distinct, 4);
}

TEST(Window, AnotherResolutionTakesOverWhatCounts) {
  const WindowDefinition hour = Hour();
  WindowDefinition coarse = Hour();
  coarse.resolution = absl::Minutes(20);
  Window window;
  CountIn(window, hour, kNoon, {M("CNY 5.00"), {"a"}});
  const absl::Time end = EndOf(window, hour);
  EXPECT_EQ(At(window, coarse, end - absl::Nanoseconds(1)).sum, 500);
  EXPECT_EQ(At(window, coarse, end - absl::Nanoseconds(1)).distinct, 1);
  CountIn(window, coarse, kNoon + absl::Minutes(30), {M("CNY 1.00"), {"b"}});
  EXPECT_EQ(window.resolution, coarse.resolution);
  EXPECT_EQ(At(window, coarse, kNoon + absl::Minutes(30)).count, 2);
}

TEST(Window, OfAnotherMeaningBeginsAnew) {
  const WindowDefinition hour = Hour();
  WindowDefinition other = Hour();
  other.meaning = 8;
  Window window;
  CountIn(window, hour, kNoon, {M("CNY 5.00"), {"a"}});
  EXPECT_EQ(At(window, other, kNoon).count, 0);
  CountIn(window, other, kNoon, {M("CNY 1.00"), {"b"}});
  EXPECT_EQ(At(window, other, kNoon).sum, 100);
  EXPECT_EQ(At(window, other, kNoon).distinct, 1);
}

// What was counted, one by one.
struct Entry {
  absl::Time at;
  Money amount;
  std::string value;
  bool success = false;
};

int64_t Floor(absl::Time time, absl::Duration unit) {
  absl::Duration rest;
  return absl::IDivDuration(time - absl::UnixEpoch(), unit, &rest);
}

// The rule in words: whatever lies in this bucket or in one of the span's buckets before it.
WindowTotals Naive(const std::vector<Entry>& all, const WindowDefinition& definition,
                   absl::Time now) {
  WindowTotals totals;
  std::set<std::string> values;
  for (const Entry& one : all) {
    const int64_t age = Floor(now, definition.resolution) - Floor(one.at, definition.resolution);
    const bool counts = age <= definition.span / definition.resolution;
    EXPECT_TRUE(counts || now - one.at > definition.span);
    EXPECT_TRUE(!counts || now - one.at < definition.span + definition.resolution);
    if (!counts) continue;
    ++totals.count;
    totals.successes += one.success ? 1 : 0;
    if (!one.value.empty()) values.insert(one.value);
    if (one.amount.currency != kCny) continue;
    totals.sum += one.amount.minor_units;
    totals.largest = std::max(totals.largest, one.amount.minor_units);
  }
  totals.distinct = static_cast<int64_t>(std::min(values.size(), definition.distinct_max + 1));
  return totals;
}

TEST(Window, AgreesWithAListOfEverythingForRandomTimes) {
  std::mt19937_64 random(20261126);
  const auto up_to = [&random](uint64_t most) { return random() % (most + 1); };
  for (int round = 0; round < 300; ++round) {
    WindowDefinition definition = Hour();
    definition.resolution = absl::Milliseconds(1 + up_to(5000));
    definition.span = static_cast<int64_t>(1 + up_to(40)) * definition.resolution;
    definition.distinct_max = 1 + up_to(6);
    Window window;
    std::vector<Entry> all;
    absl::Time now = kNoon + absl::Microseconds(up_to(10'000'000));
    for (int step = 0; step < 120; ++step) {
      now += up_to(3) == 0 ? absl::Microseconds(up_to(1'000'000)) : definition.span / 17;
      if (up_to(2) > 0) {
        const Entry one{now, Money{up_to(3) == 0 ? kUsd : kCny, int64_t(1 + up_to(1000))},
                        up_to(4) == 0 ? "" : std::string(1, static_cast<char>('a' + up_to(9))),
                        up_to(3) == 0};
        std::vector<std::string> values;
        if (!one.value.empty()) values.push_back(one.value);
        CountIn(window, definition, now, {one.amount, values, one.success});
        all.push_back(one);
      }
      const WindowTotals expected = Naive(all, definition, now);
      const WindowTotals found = At(window, definition, now);
      ASSERT_EQ(found.count, expected.count) << "round " << round << ", step " << step;
      ASSERT_EQ(found.sum, expected.sum);
      ASSERT_EQ(found.largest, expected.largest);
      ASSERT_EQ(found.distinct, expected.distinct);
      ASSERT_EQ(found.successes, expected.successes);
      ASSERT_LE(window.buckets.size(), 2 * (definition.span / definition.resolution + 2));
      ASSERT_LE(window.values.size(), definition.distinct_max + 1);
    }
    EXPECT_GT(At(window, definition, EndOf(window, definition) - absl::Nanoseconds(1)).count, 0);
    EXPECT_EQ(At(window, definition, EndOf(window, definition)).count, 0);
  }
}

// ---- Compared with earlier days ----

WindowDefinition WithBaseline(int64_t days) {
  WindowDefinition definition = Hour();
  definition.baseline_days = days;
  return definition;
}

TEST(WindowBaseline, IsTheSameHourOfEarlierDaysWithoutToday) {
  const WindowDefinition week = WithBaseline(7);
  Window window;
  CountIn(window, week, kNoon, {M("CNY 1.00"), {}, true});
  CountIn(window, week, kNoon + absl::Minutes(59), {M("CNY 1.00"), {}, false});
  CountIn(window, week, kNoon + absl::Minutes(60), {M("CNY 1.00"), {}, true});  // the next hour
  EXPECT_EQ(BaselineOf(window, week, kNoon + absl::Minutes(30)).samples, 0);
  const absl::Time tomorrow = kNoon + absl::Hours(24) + absl::Minutes(30);
  EXPECT_EQ(BaselineOf(window, week, tomorrow).samples, 2);
  EXPECT_EQ(BaselineOf(window, week, tomorrow).successes, 1);
  EXPECT_EQ(BaselineOf(window, week, tomorrow + absl::Hours(1)).samples, 1);
  EXPECT_EQ(BaselineOf(window, week, tomorrow + absl::Hours(2)).samples, 0);
  EXPECT_EQ(BaselineOf(window, week, tomorrow + absl::Hours(24 * 6)).samples, 2);
  EXPECT_EQ(BaselineOf(window, week, tomorrow + absl::Hours(24 * 7)).samples, 0);
}

TEST(WindowBaseline, OutlivesTheSpan) {
  const WindowDefinition week = WithBaseline(7);
  Window window;
  CountIn(window, week, kNoon, {M("CNY 1.00"), {}, true});
  const absl::Time hour =
      absl::UnixEpoch() + absl::Floor(kNoon - absl::UnixEpoch(), absl::Hours(1));
  EXPECT_EQ(EndOf(window, week), hour + absl::Hours(24 * 7 + 1));
  EXPECT_EQ(BaselineOf(window, week, EndOf(window, week) - absl::Nanoseconds(1)).samples, 1);
}

TEST(WindowBaseline, OfAnotherMeaningIsNone) {
  const WindowDefinition week = WithBaseline(7);
  WindowDefinition other = WithBaseline(7);
  other.meaning = 8;
  Window window;
  CountIn(window, week, kNoon, {M("CNY 1.00"), {}, true});
  EXPECT_EQ(BaselineOf(window, other, kNoon + absl::Hours(24)).samples, 0);
}

TEST(WindowBaseline, AgreesWithAListOfEverythingAndStaysSmall) {
  std::mt19937_64 random(20261127);
  for (int round = 0; round < 40; ++round) {
    const WindowDefinition definition = WithBaseline(1 + static_cast<int64_t>(random() % 9));
    Window window;
    std::vector<Entry> all;
    absl::Time now = kNoon + absl::Minutes(random() % 2000);
    for (int step = 0; step < 400; ++step) {
      now += absl::Minutes(random() % 3 == 0 ? random() % 3000 : random() % 40);
      all.push_back({now, M("CNY 1.00"), "", random() % 4 > 0});
      CountIn(window, definition, now, {all.back().amount, {}, all.back().success});
      WindowBaseline expected;
      for (const Entry& one : all) {
        // Days and hours as a calendar has them.
        const absl::TimeZone utc = absl::UTCTimeZone();
        const auto then = absl::ToCivilHour(one.at, utc);
        const auto present = absl::ToCivilHour(now, utc);
        const int64_t days = absl::CivilDay(present) - absl::CivilDay(then);
        if (then.hour() != present.hour() || days < 1 || days > definition.baseline_days) continue;
        ++expected.samples;
        expected.successes += one.success ? 1 : 0;
      }
      const WindowBaseline found = BaselineOf(window, definition, now);
      ASSERT_EQ(found.samples, expected.samples) << "round " << round << ", step " << step;
      ASSERT_EQ(found.successes, expected.successes);
      ASSERT_LE(window.hours.size(), 24 * definition.baseline_days + 1);
    }
  }
}

}  // namespace
}  // namespace fundgate::core::testing
