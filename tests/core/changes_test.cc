#include "server/core/changes.h"

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace fundgate::core::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

KeyId Key(int number) { return {MovementKind("refund"), IdempotencyKey(std::to_string(number))}; }

// The keys that change, by number, and whether each goes.
std::vector<std::pair<std::string, bool>> KeysOf(const Changes& changes) {
  std::vector<std::pair<std::string, bool>> keys;
  for (const auto& [id, record] : changes.of<Keys>()) {
    keys.emplace_back(id.key.value(), !record.has_value());
  }
  return keys;
}

TEST(Changes, AreSortedAndEachIsThereOnceAsItIsLast) {
  Changes changes;
  EXPECT_THAT(KeysOf(changes), IsEmpty());
  changes.Put<Keys>(Key(2), KeyRecord());
  changes.Put<Keys>(Key(3), KeyRecord());
  changes.Put<Keys>(Key(1), KeyRecord());
  changes.Put<Keys>(Key(2), std::nullopt);
  EXPECT_THAT(KeysOf(changes),
              ElementsAre(std::pair("1", false), std::pair("2", true), std::pair("3", false)));
  EXPECT_THAT(changes.of<Books>(), IsEmpty());
}

TEST(Changes, ACopyHasItsOwnRecords) {
  Changes changes;
  // More than lie in the first piece of memory.
  for (int number = 0; number < 10; ++number) changes.Put<Keys>(Key(number), KeyRecord());
  changes.clock = ClockRecord{.sequence = 7};
  Changes copy = changes;
  copy.Put<Keys>(Key(0), std::nullopt);
  EXPECT_EQ(KeysOf(copy).size(), 10U);
  EXPECT_TRUE(KeysOf(copy).front().second);
  EXPECT_FALSE(KeysOf(changes).front().second);
  changes = Changes();
  EXPECT_THAT(KeysOf(changes), IsEmpty());
  EXPECT_EQ(KeysOf(copy).size(), 10U);
  EXPECT_EQ(copy.clock->sequence, 7U);
}

TEST(Changes, WhatIsMovedFromHasNone) {
  Changes changes;
  changes.Put<Keys>(Key(1), KeyRecord());
  const Changes moved = std::move(changes);
  EXPECT_THAT(KeysOf(moved), ElementsAre(std::pair("1", false)));
  EXPECT_THAT(KeysOf(changes), IsEmpty());  // NOLINT(bugprone-use-after-move): it says so
}

}  // namespace
}  // namespace fundgate::core::testing
