#include "server/store/keys.h"

#include <algorithm>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "server/store/record_places.h"

namespace fundgate::store {
namespace {

// Names that are hard for separators: empty, with zero bytes, prefixes of each other.
std::vector<std::string> HardNames() {
  return {"",
          std::string(1, '\0'),
          std::string("\0\1", 2),
          std::string("\0\xFF", 2),
          "a",
          std::string("a\0", 2),
          "a\x01",
          "ab",
          "\xFF",
          "\xFF\xFF"};
}

TEST(Keys, GiveBackWhatTheyNameAndNeverMeet) {
  std::vector<std::string> seen;
  for (const std::string& kind : HardNames()) {
    for (const std::string& key : HardNames()) {
      const core::KeyId id{MovementKind(kind), IdempotencyKey(key)};
      const std::string bytes = MovementKey(id);
      EXPECT_EQ(ParseMovementKey(bytes), id);
      EXPECT_EQ(std::count(seen.begin(), seen.end(), bytes), 0);
      seen.push_back(bytes);
    }
  }
}

TEST(Keys, OfBooksAndFamiliesGiveBackWhatTheyName) {
  for (const std::string& name : HardNames()) {
    const core::BookId book{"order", AccountId(name), OrderId(name),
                            Currency::FromCode("CNY").value()};
    EXPECT_EQ(ParseBookKey(BookKey(book)), book);
    const core::FamilyId family{name, AccountId("m1"), OrderId(name)};
    EXPECT_EQ(ParseFamilyKey(FamilyKey(family)), family);
  }
}

TEST(Keys, OfTimersSortByTimeThenKey) {
  std::vector<core::Timer> timers;
  for (const int64_t nanos : {int64_t{-5}, int64_t{-1}, int64_t{0}, int64_t{1}, int64_t{255},
                              int64_t{256}, int64_t{1} << 40}) {
    for (const std::string& name : HardNames()) {
      timers.push_back({absl::FromUnixNanos(nanos), {MovementKind("k"), IdempotencyKey(name)}});
    }
  }
  std::sort(timers.begin(), timers.end());
  for (size_t i = 0; i < timers.size(); ++i) {
    EXPECT_EQ(ParseTimerKey(TimerKey(timers[i])), timers[i]);
    if (i > 0 && timers[i - 1].at < timers[i].at) {
      EXPECT_LT(TimerKey(timers[i - 1]), TimerKey(timers[i]));
    }
  }
}

TEST(Keys, OfOtherKindsSortAsTheirIdsAndGiveBackWhatTheyName) {
  std::vector<core::WindowEnd> ends;
  for (const int64_t nanos : {int64_t{-1}, int64_t{0}, int64_t{256}}) {
    for (const std::string& name : HardNames()) {
      ends.push_back({absl::FromUnixNanos(nanos), {AccountId(name), core::WindowName("w"), name}});
      ends.push_back({absl::FromUnixNanos(nanos), {AccountId("m"), core::WindowName(name), "k"}});
    }
  }
  std::sort(ends.begin(), ends.end());
  ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
  using Place = PlaceOf<core::WindowEnds>;
  for (size_t i = 0; i < ends.size(); ++i) {
    EXPECT_EQ(Place::Parse(Place::Key(ends[i])), ends[i]);
    EXPECT_FALSE(PlaceOf<core::Windows>::Parse(Place::Key(ends[i])).has_value());
    EXPECT_FALSE(Place::Parse(Place::Key(ends[i]) + "x").has_value());
    if (i > 0) {
      EXPECT_LT(Place::Key(ends[i - 1]), Place::Key(ends[i]));
    }
  }
}

TEST(Keys, BytesThatAreNoneAreRefused) {
  for (const std::string& bytes : {std::string(), std::string("abc"), std::string("\0", 1),
                                   std::string("a\0\2", 3), MovementKey({}) + "x"}) {
    EXPECT_FALSE(ParseMovementKey(bytes).has_value());
    EXPECT_FALSE(ParseBookKey(bytes).has_value());
    EXPECT_FALSE(ParseTimerKey(bytes).has_value());
  }
}

TEST(Keys, HoldsSortByStateThenByAge) {
  const core::HoldEntry old{core::HoldState::kOpen,
                            absl::FromUnixSeconds(1),
                            {MovementKind("refund"), IdempotencyKey("z")}};
  const core::HoldEntry young{core::HoldState::kOpen,
                              absl::FromUnixSeconds(2),
                              {MovementKind("refund"), IdempotencyKey("a")}};
  const core::HoldEntry approved{core::HoldState::kApproved, absl::FromUnixSeconds(0), young.key};
  using Place = PlaceOf<core::HoldQueue>;
  EXPECT_LT(Place::Key(old), Place::Key(young));
  EXPECT_LT(Place::Key(young), Place::Key(approved));
  EXPECT_EQ(Place::Parse(Place::Key(old)), old);
  EXPECT_EQ(Place::Parse(Place::Key(approved)), approved);
  EXPECT_EQ(Place::Parse(""), std::nullopt);
  EXPECT_EQ(Place::Parse(Place::Key(old).substr(0, 12)), std::nullopt);
}

}  // namespace
}  // namespace fundgate::store
