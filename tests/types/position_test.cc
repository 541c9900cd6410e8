#include "fundgate/types/position.h"

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace fundgate {
namespace {

Position At(std::string_view text) { return Position::Parse(text).value(); }

TEST(Position, TextFormIsCanonical) {
  EXPECT_EQ(At("5-77-1, 0-1-129").ToString(), "0-1-129,5-77-1");
  EXPECT_EQ(At("3E11FA47-71CA-11E1-9E33-C80AA9429562:7-9:1-3:4").ToString(),
            "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-4:7-9");
  EXPECT_EQ(At("till:42").ToString(), "till:42");
  EXPECT_EQ(At("").ToString(), "");
}

TEST(Position, CoversByStream) {
  EXPECT_TRUE(At("0-1-129,5-77-1").Covers(At("0-2-100")));
  EXPECT_FALSE(At("0-1-129").Covers(At("0-1-130")));
  EXPECT_FALSE(At("0-1-129").Covers(At("0-1-1,5-77-1")));
  EXPECT_TRUE(At("0-1-1").Covers(At("")));
  EXPECT_TRUE(At("till:42").Covers(At("till:42")));
  const char* uuid = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
  EXPECT_TRUE(At(absl::StrCat(uuid, ":1-9")).Covers(At(absl::StrCat(uuid, ":2-3:5"))));
  EXPECT_FALSE(At(absl::StrCat(uuid, ":1-4:6-9")).Covers(At(absl::StrCat(uuid, ":3-7"))));
}

TEST(Position, TagsOfAServerAreStreamsOfTheirOwn) {
  const std::string uuid = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
  EXPECT_EQ(At(uuid + ":1-5:Pay:1-3:7:ship:2").ToString(),
            uuid + ":1-5," + uuid + ":pay:1-3:7," + uuid + ":ship:2");
  EXPECT_TRUE(At(uuid + ":pay:1-3").Covers(At(uuid + ":pay:2")));
  EXPECT_FALSE(At(uuid + ":1-3").Covers(At(uuid + ":pay:2")));
  EXPECT_FALSE(At(uuid + ":pay:1-3").Covers(At(uuid + ":1-3")));
  for (const char* wrong : {":pay", ":1-5:pay", ":pay:ship:1", ":pay:", ":1:pay:x-3"}) {
    EXPECT_FALSE(Position::Parse(uuid + wrong).ok()) << wrong;
  }
}

TEST(Position, RefusesWhatItCannotRead) {
  for (const char* text : {"0-1", "a-b-c", "till:", ":5", "till:x", "till:-5", "0-1-1,0-1-2",
                           "3e11fa47-71ca-11e1-9e33-c80aa9429562:5-3", ","}) {
    EXPECT_FALSE(Position::Parse(text).ok()) << text;
  }
}

}  // namespace
}  // namespace fundgate
