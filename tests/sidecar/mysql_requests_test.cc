// The bytes of requests, written by hand from the protocol's description.
#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
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

TEST(MysqlRequests, WhatIsNoSetIsRefused) {
  for (const char* text :
       {"0-1-42", "3e11fa47-71ca-11e1-9e33-c80aa9429562", "3e11fa47-71ca-11e1-9e33-c80aa9429562:0",
        "3e11fa47-71ca-11e1-9e33-c80aa9429562:5-4", "3e11fa47-71ca-11e1-9e33-c80aa9429562:tag:1",
        "zz11fa47-71ca-11e1-9e33-c80aa9429562:1"}) {
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
