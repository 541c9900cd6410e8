// The worked examples load and pass their own tests.
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/policy/loader.h"
#include "server/policy/tester.h"
#include "tests/policy/documents.h"

namespace fundgate::policy {
namespace {

class WorkedExample : public ::testing::TestWithParam<const char*> {};

TEST_P(WorkedExample, LoadsAndPassesItsOwnTests) {
  const LoadResult result = LoadPolicy(testing::ReadProjectFile(GetParam()), GetParam());
  ASSERT_TRUE(result.ok()) << Render(result.problems);
  const std::vector<TestResult> tests = RunTests(*result.loaded);
  EXPECT_GE(tests.size(), 12u);
  for (const TestResult& test : tests) {
    EXPECT_TRUE(test.passed) << GetParam() << ":" << test.line << ": " << test.name << ": "
                             << test.message;
  }
}

INSTANTIATE_TEST_SUITE_P(Config, WorkedExample,
                         ::testing::Values("config/policy.yaml", "config/policy-mariadb.yaml"));

TEST(WorkedExamples, TheReportedOneMapsNoRowsAndTheDatabaseOneDoes) {
  const LoadedPolicy reported = testing::MustLoad(testing::ReadProjectFile("config/policy.yaml"));
  const LoadedPolicy mapped =
      testing::MustLoad(testing::ReadProjectFile("config/policy-mariadb.yaml"));
  ASSERT_EQ(reported.policy->sources.size(), 2u);
  EXPECT_EQ(reported.policy->sources[0].mapping_version, 0u);
  ASSERT_EQ(mapped.policy->sources.size(), 1u);
  EXPECT_NE(mapped.policy->sources[0].mapping_version, 0u);
  EXPECT_EQ(mapped.policy->sources[0].emits, reported.policy->sources[0].emits);
  EXPECT_THAT(mapped.policy->sources[0].facts,
              ::testing::IsSupersetOf(reported.policy->sources[1].facts));
}

}  // namespace
}  // namespace fundgate::policy
