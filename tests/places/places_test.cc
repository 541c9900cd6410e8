#include "tests/places/places.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

namespace fundgate::places {
namespace {

TEST(Places, TheProjectIsFoundFromEveryFolder) {
  std::filesystem::current_path("/");
  EXPECT_TRUE(std::filesystem::is_regular_file(Source("tests/places/places.h")));
}

TEST(Places, TheEnvironmentSaysWhereTestDataLies) {
  ::setenv("FUNDGATE_TESTDATA", "/data", 1);
  EXPECT_EQ(Testdata("cel"), "/data/cel");
  ::unsetenv("FUNDGATE_TESTDATA");
  EXPECT_TRUE(Testdata("cel").ends_with("/cel"));
  EXPECT_NE(Testdata("cel"), "/data/cel");
}

}  // namespace
}  // namespace fundgate::places
