// Faulty documents and what is said of them: tests/golden/policy/NAME.yaml and NAME.expected.
// With UPDATE_GOLDEN=1 the listings are written anew; commit one only if you understand its change.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "server/policy/loader.h"
#include "tests/places/places.h"
#include "tests/policy/documents.h"

namespace fundgate::policy {
namespace {

constexpr char kFolder[] = "tests/golden/policy/";

std::vector<std::string> FaultyDocuments() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(places::Source(kFolder))) {
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class FaultyDocument : public ::testing::TestWithParam<std::string> {};

TEST_P(FaultyDocument, IsRefusedWithTheListedProblems) {
  const std::string file = GetParam() + ".yaml";
  const LoadResult result = LoadPolicy(testing::ReadProjectFile(kFolder + file), file);
  ASSERT_FALSE(result.ok());
  const std::string listing = Render(result.problems);
  const std::string expected = kFolder + GetParam() + ".expected";
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    std::ofstream(places::Source(expected)) << listing;
  }
  EXPECT_EQ(listing, testing::ReadProjectFile(expected));
}

std::string NameOf(const ::testing::TestParamInfo<std::string>& document) { return document.param; }

INSTANTIATE_TEST_SUITE_P(Golden, FaultyDocument, ::testing::ValuesIn(FaultyDocuments()), NameOf);

TEST(FaultyDocuments, ThereAreEnoughOfThem) { EXPECT_GE(FaultyDocuments().size(), 25u); }

}  // namespace
}  // namespace fundgate::policy
