// The simulation proves itself: each planted fault is found.
#include <cstdint>
#include <string>

#include "gtest/gtest.h"
#include "tests/simulation/mutation.h"
#include "tests/simulation/run.h"

namespace fundgate::simulation {
namespace {

// Far more than any of the others needs.
constexpr uint64_t kSeedsMax = 1000;

class PlantedFault : public testing::TestWithParam<int> {
 protected:
  ~PlantedFault() override { Plant(0); }
};

TEST_P(PlantedFault, IsFound) {
  Plant(GetParam());
  Limits limits;
  limits.seeds = kSeedsMax;
  const Summary summary = RunMany(limits, nullptr);
  ASSERT_TRUE(summary.failed_seed.has_value())
      << "not found in " << summary.runs << " seeds: " << Mutations()[GetParam() - 1].name;
  RecordProperty("seeds", std::to_string(*summary.failed_seed));
}

std::string NameOf(const testing::TestParamInfo<int>& info) {
  return std::string(Mutations()[info.param - 1].name);
}

INSTANTIATE_TEST_SUITE_P(Simulation, PlantedFault,
                         testing::Range(1, static_cast<int>(Mutations().size()) + 1), NameOf);

// What is linked with the faults is the code without them, as long as none is planted.
TEST(PlantedFaults, AreNotThereUnlessTheyArePlanted) {
  Plant(0);
  Limits limits;
  limits.seeds = 150;
  const Summary summary = RunMany(limits, nullptr);
  EXPECT_FALSE(summary.failed_seed.has_value())
      << "seed " << summary.failed_seed.value_or(0) << ": " << summary.failure;
}

TEST(Shrinking, KeepsTheFailureAndDropsWhatItDoesNotNeed) {
  Plant(1);
  Limits limits;
  limits.seeds = kSeedsMax;
  const Summary summary = RunMany(limits, nullptr);
  ASSERT_TRUE(summary.failed_seed.has_value());
  const Script script = Script::Of(*summary.failed_seed);
  const Script least = Shrink(script, 400);
  EXPECT_LT(least.steps.size(), script.steps.size() / 2);
  EXPECT_TRUE(RunScript(least).failure.has_value());
  Plant(0);
}

}  // namespace
}  // namespace fundgate::simulation
