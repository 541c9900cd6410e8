#include "server/metrics/metric.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "server/metrics/process.h"

namespace fundgate::metrics {
namespace {

struct Scene {
  uint64_t answers = 0;
};

constexpr Metric<Scene> kMetrics[] = {
    {"answers_total", Type::kCounter, "Answers.",
     [](const Scene& scene, Samples& samples) {
       samples.Add(scene.answers, {{"to", "all"}});
     }},
    {"silent", Type::kGauge, "Says nothing.", [](const Scene&, Samples&) {}},
};

TEST(Metric, EachIsReadAlsoOneThatHasNothingToSay) {
  std::vector<Family> families;
  Read<Scene>(kMetrics, Scene{7}, families);
  ASSERT_EQ(families.size(), 2U);
  EXPECT_EQ(families[0].name, "answers_total");
  ASSERT_EQ(families[0].samples.size(), 1U);
  EXPECT_EQ(families[0].samples[0].value, 7);
  EXPECT_EQ(families[0].samples[0].labels, (Labels{{"to", "all"}}));
  EXPECT_TRUE(families[1].samples.empty());
}

TEST(Process, TellsItsOwnNumbers) {
  std::vector<Family> families;
  ReadProcess(families);
  const auto value = [&families](std::string_view name) {
    const auto found = std::find_if(families.begin(), families.end(),
                                    [name](const Family& family) { return family.name == name; });
    return found != families.end() && !found->samples.empty() ? found->samples[0].value : -1;
  };
  const std::chrono::duration<double> now = std::chrono::system_clock::now().time_since_epoch();
  EXPECT_GT(value("process_start_time_seconds"), 1'000'000'000);
  EXPECT_LE(value("process_start_time_seconds"), now.count() + 1);
  EXPECT_GT(value("process_resident_memory_bytes"), 100'000);
  EXPECT_GE(value("process_cpu_seconds_total"), 0);
  EXPECT_GE(value("process_open_fds"), 3);
}

}  // namespace
}  // namespace fundgate::metrics
