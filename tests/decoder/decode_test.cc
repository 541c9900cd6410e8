#include "server/sidecar/decode/decode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/decoder/event_builder.h"

namespace fundgate::decoder_testing {
namespace {

using binlog::EventType;
using decode::DecodeOptions;
using testing::HasSubstr;

// A file of three transactions: rows, a dropped table, and one without an end.
class Decode : public testing::Test {
 protected:
  void SetUp() override {
    std::string folder = std::filesystem::temp_directory_path() / "fundgate-decode-XXXXXX";
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    const TableParts parts = {
        .types = {3, 15, 15},
        .metadata = {80, 0, 80, 0},
        .optional = Body().Raw({2, 3, 45, 1, 63, 4, 6, 1, 'a', 1, 'b', 1, 'c'})};
    std::ofstream file(path(), std::ios::binary);
    file << "\xfe"
            "bin";
    for (const EventBytes& event :
         {MakeFormat(), MakeMariaDbGtid(1), MakeTableMap(parts),
          MakeRows(EventType::kWriteRowsV1, 7, 3,
                   Body().Little(5, 4).ShortText("it's\n\"\xc3\xa4\"").Raw({2, 0, 0xff})),
          MakeRows(EventType::kDeleteRowsV1, 7, 3, Body().Little(6, 4).Byte(0).ShortText("ab")),
          MakeXid(), MakeMariaDbGtid(2, 1), MakeQuery("DROP TABLE x"), MakeMariaDbGtid(3),
          MakeQuery("SAVEPOINT\ns")}) {
      file.write(reinterpret_cast<const char*>(event.data()),
                 static_cast<std::streamsize>(event.size()));
    }
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string path() const { return folder_ / "bin.000001"; }

  std::string Print(const DecodeOptions& options) {
    std::ostringstream out;
    const std::vector<std::string> files = {path()};
    const absl::Status decoded = decode::Decode(files, options, out);
    EXPECT_TRUE(decoded.ok()) << decoded;
    return out.str();
  }

  std::filesystem::path folder_;
};

TEST_F(Decode, PrintsABlockATransactionForPeople) {
  EXPECT_EQ(Print({}),
            "transaction 0-9-1, 2023-11-14T22:13:20Z, server 9\n"
            "  insert d.t\n"
            "    after:  a=5, b='it\\'s\\n\"\xc3\xa4\"', c=x'00ff'\n"
            "  delete d.t\n"
            "    before: a=6, b='', c=b'ab'\n"
            "  end: commit\n"
            "transaction 0-9-2, 2023-11-14T22:13:20Z, server 9\n"
            "  UNREADABLE statement (d.x): a statement may have changed rows, and the binlog has"
            " only its text: DROP TABLE x\n"
            "  end: commit\n"
            "transaction 0-9-3, 2023-11-14T22:13:20Z, server 9\n"
            "  statement in d: SAVEPOINT\\ns\n"
            "  end: missing: the file ends inside the transaction\n");
}

TEST_F(Decode, PrintsALineATransactionForPrograms) {
  EXPECT_EQ(
      Print({.output = DecodeOptions::Output::kJson}),
      R"({"id":"0-9-1","time":"2023-11-14T22:13:20Z","server_id":9,"rows":[)"
      R"({"table":"d.t","op":"insert","after":{"a":5,"b":"it's\u000a\"ä\"",)"
      R"("c":{"base64":"AP8="}}},)"
      R"({"table":"d.t","op":"delete","before":{"a":6,"b":"","c":{"base64":"YWI="}}}],)"
      "\"end\":\"commit\"}\n"
      R"({"id":"0-9-2","time":"2023-11-14T22:13:20Z","server_id":9,"rows":[],"unreadable":[)"
      R"({"kind":"statement","database":"d","table":"x","reason":"a statement may have changed )"
      R"(rows, and the binlog has only its text: DROP TABLE x"}],"end":"commit"})"
      "\n"
      R"({"id":"0-9-3","time":"2023-11-14T22:13:20Z","server_id":9,"rows":[],"statements":[)"
      R"({"database":"d","sql":"SAVEPOINT\u000as"}],"end":"missing"})"
      "\n");
}

TEST_F(Decode, OfOneTableOnlyItsTransactionsAreThere) {
  const std::string text = Print({.table = "d.t"});
  EXPECT_THAT(text, HasSubstr("0-9-1"));
  EXPECT_THAT(text, testing::Not(HasSubstr("0-9-2")));
  EXPECT_EQ(Print({.table = "d.other"}), "");
  EXPECT_THAT(Print({.table = "d.x"}), HasSubstr("UNREADABLE statement (d.x)"));
}

TEST_F(Decode, RefusesWhatCannotBeMeant) {
  std::ostringstream out;
  const std::vector<std::string> files = {path()};
  EXPECT_THAT(decode::Decode(files, {.table = "t"}, out).ToString(),
              HasSubstr("INVALID_ARGUMENT: the table t needs its database"));
  EXPECT_THAT(decode::Decode(files, {.charset = "utf9"}, out).ToString(),
              HasSubstr("INVALID_ARGUMENT: the character set utf9 is not known"));
  EXPECT_EQ(out.str(), "");
}

TEST_F(Decode, WhatWasReadBeforeADamageIsPrintedAndClosed) {
  std::filesystem::resize_file(path(), std::filesystem::file_size(path()) - 1);
  std::ostringstream out;
  const std::vector<std::string> files = {path()};
  EXPECT_THAT(decode::Decode(files, {}, out).ToString(), HasSubstr("DATA_LOSS: bin.000001 at"));
  EXPECT_TRUE(out.str().ends_with("  end: missing: the file ends inside the transaction\n"));
}

}  // namespace
}  // namespace fundgate::decoder_testing
