#include "server/export/sinks/prometheus/metrics_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <array>
#include <string>

#include "absl/strings/str_cat.h"

namespace fundgate::exporting {
namespace {

using ::testing::HasSubstr;

constexpr std::array<int64_t, 2> kBounds = {1'000, 2'000'000};

std::vector<metrics::Family> OneOfEach() {
  std::vector<metrics::Family> families(3);
  families[0] = {"a_total", "Counts a and b.", metrics::Type::kCounter, {}};
  metrics::Samples(families[0]).Add(uint64_t{3}, {{"checkpoint", "re\"fund\n"}});
  families[1] = {"b_seconds", "A time.", metrics::Type::kHistogram, {}};
  metrics::Histogram histogram(kBounds);
  for (const int64_t nanoseconds : {500, 1'000, 1'500'000, 3'000'000}) {
    histogram.Observe(nanoseconds);
  }
  metrics::Samples(families[1])
      .Add(histogram, metrics::kNanosecondsPerSecond, {{"stage", "queue"}});
  families[2] = {"c", "Nothing yet.", metrics::Type::kGauge, {}};
  return families;
}

std::string Get(const MetricsPage& page) {
  httplib::Client client("127.0.0.1", page.port());
  const httplib::Result result = client.Get("/metrics");
  return result && result->status == 200 ? result->body : "";
}

TEST(MetricsPage, TellsCountersGaugesAndHistogramsInBaseUnits) {
  const auto page = MetricsPage::Serve("127.0.0.1:0", OneOfEach);
  ASSERT_TRUE(page.ok()) << page.status();
  const std::string text = Get(**page);
  EXPECT_THAT(text, HasSubstr("# HELP a_total Counts a and b."));
  EXPECT_THAT(text, HasSubstr("# TYPE a_total counter\na_total{checkpoint=\"re\\\"fund\\n\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("b_seconds_count{stage=\"queue\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("b_seconds_bucket{stage=\"queue\",le=\"+Inf\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("b_seconds_sum{stage=\"queue\"} 0.0045015"));
  // Also one without a sample is declared: what is asked for by name is found.
  EXPECT_THAT(text, HasSubstr("# HELP c Nothing yet.\n# TYPE c gauge\n"));
}

TEST(MetricsPage, BucketsCountWhatIsAtMostAsLarge) {
  const auto page = MetricsPage::Serve("127.0.0.1:0", OneOfEach);
  ASSERT_TRUE(page.ok()) << page.status();
  const std::string text = Get(**page);
  // Bounds are decimal: 1e-06 and 0.002.
  EXPECT_THAT(text, ::testing::ContainsRegex("b_seconds_bucket.stage=\"queue\",le=\"[^\"]*\". 2\n"
                                             "b_seconds_bucket.stage=\"queue\",le=\"0.002[^\"]*\". "
                                             "3\n"));
}

TEST(MetricsPage, CollectsNothingOnceItIsClosed) {
  int collected = 0;
  const auto page = MetricsPage::Serve("127.0.0.1:0", [&collected] {
    ++collected;
    return OneOfEach();
  });
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_THAT(Get(**page), HasSubstr("a_total"));
  (*page)->Close();
  EXPECT_THAT(Get(**page), ::testing::Not(HasSubstr("a_total")));
  EXPECT_EQ(collected, 1);
}

TEST(MetricsPage, AnAddressThatIsTakenIsSaidSo) {
  const auto page = MetricsPage::Serve("127.0.0.1:0", OneOfEach);
  ASSERT_TRUE(page.ok()) << page.status();
  const auto other = MetricsPage::Serve(absl::StrCat("127.0.0.1:", (*page)->port()), OneOfEach);
  EXPECT_TRUE(absl::IsUnavailable(other.status()));
  EXPECT_THAT(std::string(other.status().message()), HasSubstr("another process"));
}

}  // namespace
}  // namespace fundgate::exporting
