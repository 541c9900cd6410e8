// Damaged input is a clear error, never a crash and never a read past its end.
#include "tests/decoder/damage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

#include "server/sidecar/binlog/file_reader.h"
#include "tests/decoder/event_builder.h"
#include "tests/decoder/trace.h"
#include "tests/places/places.h"

namespace fundgate::decoder_testing {
namespace {

using binlog::EventType;
using testing::HasSubstr;

std::filesystem::path RealFiles() { return places::Testdata("binlog"); }

// A stream with every kind of event and column that can be made by hand.
std::vector<EventBytes> HandMade() {
  const TableParts parts = {
      .types = {3, 15, 246, 254, 17, 19, 252},
      .metadata = {80, 0, 10, 2, 0xf7, 1, 3, 3, 2},
      .optional = Body()
                      .Raw({1, 1, 0x80, 2, 3, 45, 1, 63, 10, 1, 45})
                      .Raw({4, 14, 1, 'a', 1, 'b', 1, 'c', 1, 'd', 1, 'e', 1, 'f', 1, 'g'})
                      .Raw({6, 3, 1, 1, 'x', 8, 1, 0})};
  const Body image = Body()
                         .Little(5, 4)
                         .ShortText("text")
                         .Raw({0x80, 0, 0, 1, 50})
                         .Byte(1)
                         .Raw({0x60, 0, 0, 0, 1, 1})
                         .Raw({0x80, 0, 1, 0, 1})
                         .Little(3, 2)
                         .Text("abc");
  return {MakeFormat(),
          MakeMariaDbGtid(1),
          MakeEvent(EventType::kAnnotateRows, Body().Text("INSERT")),
          MakeTableMap(parts),
          MakeRows(EventType::kWriteRowsV1, 7, 7, image),
          MakeRows(EventType::kWriteRows, 7, 7, image),
          MakeRows(EventType::kDeleteRowsV1, 7, 7, image),
          MakeQuery("SAVEPOINT s"),
          MakeXid(),
          MakeMariaDbGtid(2, 1),
          MakeQuery("DROP TABLE a, b"),
          MakeEvent(EventType::kIncident, Body().Little(1, 2).ShortText("lost"))};
}

TEST(Damage, OfHandMadeEventsDoesNoHarm) { ExpectDamageDoesNoHarm(HandMade(), 300); }

TEST(Damage, OfEveryEventOfRealFilesDoesNoHarm) {
  if (!std::filesystem::is_directory(RealFiles()))
    GTEST_SKIP() << RealFiles() << " is missing; FUNDGATE_TESTDATA can name its folder";
  int files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(RealFiles())) {
    const std::string name = entry.path().filename();
    if (!name.starts_with("mysql-bin.") || entry.path().parent_path().filename() == "tsdb")
      continue;
    ++files;
    ExpectDamageDoesNoHarm(EventsOf(entry.path()), 3);
  }
  EXPECT_GE(files, 10);
}

class Files : public testing::Test {
 protected:
  void SetUp() override {
    std::string folder = std::filesystem::temp_directory_path() / "fundgate-binlog-XXXXXX";
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    folder_ = folder;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // The error of reading a file with these bytes.
  std::string ErrorOf(const std::string& bytes) {
    const std::filesystem::path path = folder_ / "bin.000001";
    std::ofstream(path, std::ios::binary) << bytes;
    Trace trace;
    return binlog::ReadFile(path, trace, {}).ToString();
  }

  std::filesystem::path folder_;
};

std::string FileOf(const std::vector<EventBytes>& events) {
  std::string bytes =
      "\xfe"
      "bin";
  for (const EventBytes& event : events) bytes.append(event.begin(), event.end());
  return bytes;
}

TEST_F(Files, EveryTruncationInsideAnEventIsAnErrorAndNoneBetweenEvents) {
  const std::vector<EventBytes> events = HandMade();
  const std::string whole = FileOf(events);
  std::vector<size_t> ends = {4};
  for (const EventBytes& event : events) ends.push_back(ends.back() + event.size());
  for (size_t size = 0; size <= whole.size(); ++size) {
    const bool between = std::ranges::find(ends, size) != ends.end();
    EXPECT_EQ(ErrorOf(whole.substr(0, size)) == "OK", between) << size;
  }
}

TEST_F(Files, ASizeThatIsNotThereCostsNoMemory) {
  std::string bytes = FileOf({MakeFormat(), MakeXid()});
  const size_t size_at = FileOf({MakeFormat()}).size() + 9;
  bytes.replace(size_at, 4, "\xff\xff\xff\x7f");
  EXPECT_THAT(ErrorOf(bytes),
              HasSubstr("the header announces 2147483647 bytes, but the event has 31"));
}

TEST_F(Files, WhatIsNoBinlogIsRefused) {
  EXPECT_THAT(ErrorOf("#!/bin/sh"), HasSubstr("bin.000001 is not a binlog"));
  EXPECT_THAT(ErrorOf(""), HasSubstr("is not a binlog"));
  Trace trace;
  EXPECT_THAT(binlog::ReadFile(folder_ / "none", trace, {}).ToString(), HasSubstr("NOT_FOUND"));
  EXPECT_THAT(binlog::ReadFile(folder_, trace, {}).ToString(), HasSubstr("is no file"));
}

}  // namespace
}  // namespace fundgate::decoder_testing
