// The simulation's share in every run of the tests.
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>

#include "gtest/gtest.h"
#include "tests/simulation/run.h"

namespace fundgate::simulation {
namespace {

constexpr uint64_t kSeeds = 500;

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST(Simulation, KeepsEveryPromiseWhateverBreaks) {
  Limits limits;
  limits.seeds = FromEnvironment("FUNDGATE_SIMULATION_SEEDS", kSeeds);
  limits.first_seed = FromEnvironment("FUNDGATE_SIMULATION_SEED", 1);
  const Summary summary = RunMany(limits, nullptr);
  if (summary.failed_seed.has_value()) {
    FAIL() << summary.failure << "\nSee it again: tools/simulate --seed " << *summary.failed_seed;
  }
  EXPECT_EQ(summary.runs, limits.seeds);
  RecordProperty("records", std::to_string(summary.records));
}

TEST(Simulation, GivesTheSameForTheSameSeed) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    const Result one = RunScript(Script::Of(seed), true);
    const Result other = RunScript(Script::Of(seed), true);
    EXPECT_TRUE(one.story == other.story) << "seed " << seed;
    EXPECT_EQ(one.records, other.records) << "seed " << seed;
  }
}

}  // namespace
}  // namespace fundgate::simulation
