#include "server/security/reloaded.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/security/temporary_folder.h"
#include "tests/security/test_authority.h"

namespace fundgate::security {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::WriteFile;

// What stands in the file; "bad" is refused.
absl::StatusOr<std::shared_ptr<const std::string>> ReadText(const std::string& file) {
  std::ifstream stream(file);
  std::string text(std::istreambuf_iterator<char>(stream), {});
  if (text == "bad") return absl::InvalidArgumentError(file + " is bad");
  return std::make_shared<const std::string>(text);
}

struct World {
  testing::TemporaryFolder folder;
  std::string path = folder.path() + "/file";
  absl::Duration now = absl::Hours(1);
  std::vector<std::string> lines;

  absl::StatusOr<std::unique_ptr<Reloaded<std::string>>> Open() {
    return Reloaded<std::string>::Open(
        path, ReadText,
        logging::Log([this](const logging::Line& line) { lines.push_back(logging::ToText(line)); }),
        [this] { return now; });
  }
};

TEST(Reloaded, ANewVersionCountsFromTheNextLookOn) {
  World world;
  WriteFile(world.path, "one");
  const auto reloaded = *world.Open();
  EXPECT_EQ(*reloaded->Get(), "one");
  WriteFile(world.path, "two");
  EXPECT_EQ(*reloaded->Get(), "one");
  world.now += kLookEvery;
  EXPECT_EQ(*reloaded->Get(), "two");
  EXPECT_THAT(world.lines, ElementsAre(HasSubstr("again")));
}

TEST(Reloaded, WhatIsRefusedLeavesTheOneBeforeInForceAndIsSaidOnce) {
  World world;
  WriteFile(world.path, "one");
  const auto reloaded = *world.Open();
  WriteFile(world.path, "bad");
  for (int i = 0; i < 3; ++i) {
    world.now += kLookEvery;
    EXPECT_EQ(*reloaded->Get(), "one");
  }
  EXPECT_THAT(world.lines, ElementsAre(HasSubstr("stays in force")));
  WriteFile(world.path, "two");
  world.now += kLookEvery;
  EXPECT_EQ(*reloaded->Get(), "two");
}

TEST(Reloaded, ABadFirstVersionIsAnError) {
  World world;
  WriteFile(world.path, "bad");
  EXPECT_TRUE(absl::IsInvalidArgument(world.Open().status()));
}

}  // namespace
}  // namespace fundgate::security
