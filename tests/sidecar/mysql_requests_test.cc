// The bytes of requests, written by hand from the protocol's description.
#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "server/sidecar/sources/file_position.h"
#include "server/sidecar/sources/mysql/requests.h"

namespace fundgate::sources {
namespace {

std::string Hex(const absl::StatusOr<std::string>& request) {
  EXPECT_TRUE(request.ok()) << request.status();
  return absl::BytesToHexString(*request);
}

TEST(MysqlRequests, ADumpFromTheBeginningNamesNoTransaction) {
  EXPECT_EQ(Hex(DumpRequest(0x80000001, "", false)),
            "0000"              // flags
            "01000080"          // server id
            "00000000"          // no file
            "0400000000000000"  // behind its magic
            "08000000"          // bytes of the set
            "0000000000000000");
}

TEST(MysqlRequests, ADumpLeavesOutTheIntervalsOfEachServer) {
  EXPECT_EQ(Hex(DumpRequest(7,
                            "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5:7,\n"
                            "00000000-0000-0000-0000-00000000000A:9",
                            true)),
            "0100"  // doesn't wait
            "07000000"
            "00000000"
            "0400000000000000"
            "68000000"          // 8 + 2 * (16 + 8) + 3 * 16
            "0200000000000000"  // servers
            "3e11fa4771ca11e19e33c80aa9429562"
            "0200000000000000"                  // intervals
            "01000000000000000600000000000000"  // each ends behind its last number
            "07000000000000000800000000000000"
            "0000000000000000000000000000000a"
            "0100000000000000"
            "09000000000000000a00000000000000");
}

TEST(MysqlRequests, ADumpOfAServerWithTagsMarksTheSetAndEachOfItsEntries) {
  const std::string expected =
      "0000"
      "07000000"
      "00000000"
      "0400000000000000"
      "6d000000"          // 8 + (16 + 1 + 8 + 16) + (16 + 1 + 3 + 8 + 2 * 16)
      "0102000000000001"  // two entries, between the marks
      "3e11fa4771ca11e19e33c80aa9429562"
      "00"  // no tag
      "0100000000000000"
      "01000000000000000600000000000000"
      "3e11fa4771ca11e19e33c80aa9429562"
      "06"  // twice the length of the tag
      "706179"
      "0200000000000000"
      "01000000000000000400000000000000"
      "07000000000000000800000000000000";
  for (const char* set : {"3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5:pay:1-3:7",
                          "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5,"
                          "3e11fa47-71ca-11e1-9e33-c80aa9429562:pay:1-3:7"}) {
    EXPECT_EQ(Hex(DumpRequest(7, set, false)), expected) << set;
  }
}

TEST(MysqlRequests, ADumpOfFilesBeginsAtAPlace) {
  EXPECT_EQ(Hex(DumpRequest(7, FilePlace{"ab.000012", 120}, true)),
            "78000000"
            "0100"
            "07000000"
            "61622e303030303132");
  EXPECT_FALSE(DumpRequest(7, FilePlace{"ab.000012", uint64_t{1} << 32}, true).ok());
}

TEST(FilePositions, SayFileAndOffsetInOneNumberThatGrows) {
  const std::string server = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
  const FilePlace place{"mysql-bin.000012", 120};
  EXPECT_EQ(*FilePositionOf(place, server), "mysql-bin@" + server + ":51539607672");
  EXPECT_EQ(*PlaceOf(*FilePositionOf(place, server)), place);
  EXPECT_LT(*NumberOf(place), *NumberOf({"mysql-bin.000013", 4}));
  EXPECT_EQ(PlaceOf("mysql-bin@" + server + ":4294967296000004")->file, "mysql-bin.1000000");
  EXPECT_EQ(*PlaceOf(""), (FilePlace{"", 4}));
  for (const char* wrong : {"0-1-42", "mysql-bin:4", "mysql-bin@x", "mysql-bin@x:y"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(PlaceOf(wrong).status())) << wrong;
  }
  EXPECT_TRUE(absl::IsInvalidArgument(NumberOf({"mysql-bin", 4}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(NumberOf({"mysql-bin.000001", uint64_t{1} << 32}).status()));
}

TEST(MysqlRequests, WhatIsNoSetIsRefused) {
  for (const char* text :
       {"0-1-42", "3e11fa47-71ca-11e1-9e33-c80aa9429562", "3e11fa47-71ca-11e1-9e33-c80aa9429562:0",
        "3e11fa47-71ca-11e1-9e33-c80aa9429562:5-4", "3e11fa47-71ca-11e1-9e33-c80aa9429562:tag",
        "3e11fa47-71ca-11e1-9e33-c80aa9429562:tag:other:1",
        "3e11fa47-71ca-11e1-9e33-c80aa9429562:1:tag", "zz11fa47-71ca-11e1-9e33-c80aa9429562:1"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(DumpRequest(7, text, false).status())) << text;
  }
}

TEST(MysqlRequests, AReaderIsListedWithItsIdAndHost) {
  EXPECT_EQ(absl::BytesToHexString(RegisterRequest(7, "ab")),
            "07000000"
            "026162"
            "0000"
            "0000"
            "0000000000000000");
}

}  // namespace
}  // namespace fundgate::sources
