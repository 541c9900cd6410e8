#include "server/sidecar/binlog/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/decoder/event_builder.h"
#include "tests/decoder/trace.h"

namespace fundgate::decoder_testing {
namespace {

using binlog::EventHeader;
using binlog::EventType;
using binlog::Reader;
using binlog::ReaderOptions;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kMySqlUuid[] = "00112233-4455-6677-8899-aabbccddeeff";

EventBytes MakeMySqlGtid(EventType type, uint64_t number) {
  Body body;
  body.Byte(1);
  for (uint64_t i = 0; i < 16; ++i) body.Byte(i * 0x11);
  return MakeEvent(type, body.Little(number, 8));
}

EventBytes MakeRotate(std::string_view file, bool checksum) {
  return MakeEvent(EventType::kRotate, Body().Little(4, 8).Text(file),
                   {.flags = EventHeader::kArtificial, .checksum = checksum});
}

EventBytes InsertRow(uint64_t value) {
  return MakeRows(EventType::kWriteRowsV1, 7, 1, Body().Little(value, 4));
}

// Reads events one behind another from offset 1000 on, each 100 further.
absl::Status ReadAll(Reader& reader, const std::vector<EventBytes>& events) {
  uint64_t offset = 1000;
  for (const EventBytes& event : events) {
    if (absl::Status read = reader.Apply(event, offset); !read.ok()) return read;
    offset += 100;
  }
  return absl::OkStatus();
}

// What is told of events behind a format description of that server.
std::vector<std::string> Told(const std::vector<EventBytes>& events,
                              std::string_view server = kMariaDb) {
  Trace trace;
  Reader reader(trace, {.file_name = "bin.000001"});
  EXPECT_TRUE(reader.Apply(MakeFormat(server), 4).ok());
  const absl::Status read = ReadAll(reader, events);
  EXPECT_TRUE(read.ok()) << read;
  return trace.lines;
}

std::string ErrorOf(const std::vector<EventBytes>& events, const ReaderOptions& options = {}) {
  Trace trace;
  Reader reader(trace, options);
  const absl::Status read = ReadAll(reader, events);
  EXPECT_FALSE(read.ok());
  return read.ToString();
}

TEST(Reader, ReadsALiveConnectionFromItsMadeUpRotateOn) {
  Trace trace;
  Reader reader(trace, {.require_checksum = true});
  EXPECT_TRUE(ReadAll(reader, {MakeRotate("mariadb-bin.000009", true), MakeFormat(),
                               MakeEvent(EventType::kGtidList, Body().Little(0, 4),
                                         {.flags = EventHeader::kArtificial}),
                               MakeEvent(EventType::kHeartbeat, Body().Text("mariadb-bin.000009")),
                               MakeMariaDbGtid(5), MakeTableMap({}), InsertRow(1), MakeXid()})
                  .ok());
  EXPECT_THAT(trace.lines, ElementsAre("begin 0-9-5", "insert d.t @1=1", "end commit"));
  EXPECT_EQ(reader.file_name(), "mariadb-bin.000009");
  EXPECT_EQ(reader.server_version(), kMariaDb);
  EXPECT_EQ(reader.last_type(), EventType::kXid);
  EXPECT_FALSE(reader.in_transaction());
}

TEST(Reader, ARotationIsNoPlaceInTheFileThatItNames) {
  Trace trace;
  Reader reader(trace, {.file_name = "bin.000001"});
  EXPECT_TRUE(reader.Apply(MakeFormat(), 4).ok());
  EXPECT_FALSE(reader.ends_in_file());
  const Body rotate = Body().Little(4, 8).Text("bin.000002");
  EXPECT_TRUE(ReadAll(reader, {MakeEvent(EventType::kStop, {}, {.end_position = 1100})}).ok());
  EXPECT_TRUE(reader.ends_in_file());
  EXPECT_TRUE(
      ReadAll(reader, {MakeEvent(EventType::kRotate, rotate, {.end_position = 1200})}).ok());
  EXPECT_EQ(reader.file_name(), "bin.000002");
  EXPECT_EQ(reader.last_end(), 1200);
  EXPECT_FALSE(reader.ends_in_file());
}

TEST(Reader, WithoutChecksumsTheMadeUpRotateHasNone) {
  Trace trace;
  Reader reader(trace, {});
  EXPECT_TRUE(ReadAll(reader, {MakeRotate("mariadb-bin.000009", false), MakeFormat(kMariaDb, false),
                               MakeEvent(EventType::kMariaDbGtid, Body().Little(1, 13).Little(0, 6),
                                         {.checksum = false})})
                  .ok());
  EXPECT_EQ(reader.file_name(), "mariadb-bin.000009");
  EXPECT_TRUE(reader.in_transaction());
}

TEST(Reader, RefusesAServerThatSendsNoChecksumsWhereTheyAreRequired) {
  EXPECT_THAT(ErrorOf({MakeFormat(kMariaDb, false)}, {.require_checksum = true}),
              HasSubstr("FAILED_PRECONDITION: the binlog at offset 1000, event FORMAT_DESCRIPTION: "
                        "the server sends events without checksums"));
}

TEST(Reader, ADamagedEventNamesFileOffsetAndType) {
  EventBytes damaged = MakeMariaDbGtid(5);
  damaged[20] ^= 1;
  EXPECT_THAT(ErrorOf({MakeFormat(), damaged}, {.file_name = "bin.000007"}),
              HasSubstr("DATA_LOSS: bin.000007 at offset 1100, event GTID: its CRC32"));
}

TEST(Reader, AnErrorStays) {
  Trace trace;
  Reader reader(trace, {});
  const absl::Status first = reader.Apply(MakeXid(), 4);
  EXPECT_THAT(first.message(), HasSubstr("before the format description"));
  EXPECT_EQ(reader.Apply(MakeFormat(), 4), first);
}

TEST(Reader, WhatTheListenerAnswersIsReturnedAsItIs) {
  Trace trace;
  trace.answer = absl::CancelledError("enough");
  Reader reader(trace, {});
  EXPECT_EQ(ReadAll(reader, {MakeFormat(), MakeMariaDbGtid(1)}), trace.answer);
}

TEST(Reader, AFileInUseHasAFlagThatItsChecksumDoesNotKnow) {
  EventBytes format = MakeFormat();
  format[17] |= EventHeader::kInUse;
  Trace trace;
  Reader reader(trace, {});
  EXPECT_TRUE(reader.Apply(format, 4).ok());
}

TEST(Reader, RefusesWhatItCannotRead) {
  EventBytes old = MakeFormat();
  old[EventHeader::kSize] = 3;
  FixChecksum(old);
  EXPECT_THAT(ErrorOf({old}), HasSubstr("FAILED_PRECONDITION: the binlog at offset 1000"));
  EventBytes other_sum = MakeFormat();
  other_sum[other_sum.size() - 5] = 2;
  FixChecksum(other_sum);
  EXPECT_THAT(ErrorOf({other_sum}), HasSubstr("checksums of kind 2"));
  EXPECT_THAT(ErrorOf({MakeFormat(), MakeEvent(EventType::kStartEncryption, Body().Byte(1))}),
              HasSubstr("encrypted"));
}

TEST(Reader, AnEventOfAnotherSizeThanItSaysIsDamaged) {
  EventBytes longer = MakeXid();
  longer.push_back(0);
  EXPECT_THAT(ErrorOf({MakeFormat(), longer}),
              HasSubstr("announces 31 bytes, but the event has 32"));
  EXPECT_THAT(ErrorOf({MakeFormat(), EventBytes(18)}), HasSubstr("only 18 of the 19 bytes"));
}

TEST(Reader, RowsWithoutATableMapAreAnError) {
  EXPECT_THAT(ErrorOf({MakeFormat(), MakeMariaDbGtid(1), InsertRow(1)}),
              HasSubstr("rows of table number 7, but no table map"));
}

TEST(Reader, AFormatDescriptionForgetsTheTablesBeforeIt) {
  EXPECT_THAT(ErrorOf({MakeFormat(), MakeMariaDbGtid(1), MakeTableMap({}), InsertRow(1), MakeXid(),
                       MakeFormat(), MakeMariaDbGtid(2), InsertRow(1)}),
              HasSubstr("no table map"));
}

TEST(Reader, ATransactionThatTheServerCrashedInIsCutOff) {
  EXPECT_THAT(Told({MakeMariaDbGtid(1), MakeTableMap({}), InsertRow(1), MakeFormat()}),
              ElementsAre("begin 0-9-1", "insert d.t @1=1", "end cut_off"));
}

TEST(Reader, TransactionsNeitherNestNorEndTwice) {
  EXPECT_THAT(ErrorOf({MakeFormat(), MakeMariaDbGtid(1), MakeMariaDbGtid(2)}),
              HasSubstr("begins inside 0-9-1"));
  EXPECT_THAT(ErrorOf({MakeFormat(), MakeXid()}), HasSubstr("none has begun"));
  EXPECT_THAT(ErrorOf({MakeFormat(), MakeQuery("COMMIT")}), HasSubstr("none has begun"));
}

TEST(Reader, AnUnknownEventIsSkippedOnlyIfItSaysThatItMayBe) {
  const auto unknown = static_cast<EventType>(200);
  EXPECT_THAT(Told({MakeEvent(unknown, Body(), {.flags = EventHeader::kIgnorable})}),
              ElementsAre());
  EXPECT_THAT(Told({MakeEvent(unknown, Body())}),
              ElementsAre("begin bin.000001:1000", "unreadable unknown_event .", "end commit"));
  EXPECT_THAT(Told({MakeMariaDbGtid(1), MakeEvent(unknown, Body()), MakeXid()}),
              ElementsAre("begin 0-9-1", "unreadable unknown_event .", "end commit"));
}

TEST(Reader, LostEventsAreTold) {
  Trace trace;
  Reader reader(trace, {});
  EXPECT_TRUE(
      ReadAll(reader, {MakeFormat(), MakeEvent(EventType::kIncident,
                                               Body().Little(1, 2).ShortText("disk was full"))})
          .ok());
  EXPECT_THAT(trace.reasons, ElementsAre(HasSubstr("disk was full")));
}

TEST(Reader, MySqlsGtidNamesTheTransactionThatTheNextEventBegins) {
  EXPECT_THAT(
      Told({MakeMySqlGtid(EventType::kGtid, 12), MakeQuery("BEGIN"), MakeTableMap({}),
            MakeRows(EventType::kWriteRows, 7, 1, Body().Little(5, 4)), MakeXid(),
            MakeMySqlGtid(EventType::kGtid, 13), MakeQuery("CREATE TABLE t(a INT)"),
            MakeMySqlGtid(EventType::kAnonymousGtid, 0), MakeQuery("BEGIN"), MakeXid()},
           kMySql),
      ElementsAre(std::string("begin ") + kMySqlUuid + ":12", "insert d.t @1=5", "end commit",
                  std::string("begin ") + kMySqlUuid + ":13", "statement CREATE TABLE t(a INT)",
                  "end commit", "begin bin.000001:1700", "end commit"));
}

TEST(Reader, MySqlsXaIsNamedAlikeWhenItIsPreparedAndWhenItIsDecided) {
  Trace trace;
  Reader reader(trace, {});
  const EventBytes prepare = MakeEvent(
      EventType::kXaPrepare, Body().Byte(0).Little(1, 4).Little(1, 4).Little(0, 4).Text("a"));
  ASSERT_TRUE(
      ReadAll(reader, {MakeFormat(kMySql), MakeMySqlGtid(EventType::kGtid, 1),
                       MakeQuery("XA START X'61',X'',1"), MakeTableMap({}), InsertRow(1),
                       MakeQuery("XA END X'61',X'',1"), prepare, MakeMySqlGtid(EventType::kGtid, 2),
                       MakeQuery("XA ROLLBACK X'61',X'',1")})
          .ok());
  EXPECT_THAT(trace.lines, ElementsAre(HasSubstr(":1"), "insert d.t @1=1", "end xa_prepare",
                                       HasSubstr(":2"), "end xa_rollback"));
  EXPECT_EQ(trace.heads[0].xa_id, "X'61',X'',1");
  EXPECT_EQ(trace.heads[1].xa_id, trace.heads[0].xa_id);
}

TEST(Reader, WithoutGtidsATransactionIsNamedAfterItsPlace) {
  EXPECT_THAT(Told({MakeQuery("BEGIN"), MakeTableMap({}), InsertRow(1), MakeQuery("COMMIT"),
                    MakeQuery("DROP DATABASE d")},
                   kMySql),
              ElementsAre("begin bin.000001:1000", "insert d.t @1=1", "end commit",
                          "begin bin.000001:1400", "unreadable statement d.", "end commit"));
}

TEST(Reader, RowsWithoutABeginEndWithTheirStatement) {
  EXPECT_THAT(Told({MakeTableMap({}), InsertRow(1), MakeTableMap({}),
                    MakeRows(EventType::kDeleteRows, 7, 1, Body().Little(2, 4))},
                   kMySql),
              ElementsAre("begin bin.000001:1000", "insert d.t @1=1", "end commit",
                          "begin bin.000001:1200", "delete d.t @1=2", "end commit"));
}

TEST(Reader, ARowEventOfNoTableOnlyEndsAStatement) {
  EXPECT_THAT(Told({MakeMariaDbGtid(1),
                    MakeRows(EventType::kWriteRowsV1, 0xffffffffffff, 0, Body()), MakeXid()}),
              ElementsAre("begin 0-9-1", "end commit"));
}

TEST(Reader, MySqlsPartialUpdatesAreUnreadable) {
  EXPECT_THAT(
      Told({MakeMySqlGtid(EventType::kGtid, 1), MakeQuery("BEGIN"), MakeTableMap({}),
            MakeEvent(EventType::kPartialUpdateRows, Body().Little(7, 6).Little(1, 2)), MakeXid()},
           kMySql),
      ElementsAre(HasSubstr(":1"), "unreadable unknown_event d.t", "end commit"));
}

// A tagged GTID as MySQL 9 writes it: the UUID's bytes, the number and the tag as fields.
Body TaggedGtid(std::string_view tag) {
  Body body;
  body.Raw({0x02, 0x76, 0x00, 0x00, 0x02, 0x02});
  body.Raw({0x00, 0x22, 0x44, 0x66});                          // 00 11 22 33
  body.Raw({0x88, 0xaa, 0xcc, 0xee});                          // 44 55 66 77
  body.Raw({0x21, 0x02, 0x65, 0x02, 0xa9, 0x02});              // 88 99 aa
  body.Raw({0xed, 0x02, 0x31, 0x03, 0x75, 0x03});              // bb cc dd
  body.Raw({0xb9, 0x03, 0xfd, 0x03, 0x04, 0x41, 0x1f, 0x06});  // ee ff, number 1000
  return body.Byte(tag.size() * 2).Text(tag).Raw({0x08, 0x00});
}

TEST(Reader, ATaggedGtidIsNamedWithItsTag) {
  const std::string uuid = kMySqlUuid;
  EXPECT_THAT(
      Told({MakeEvent(EventType::kGtidTagged, TaggedGtid("batch")), MakeQuery("BEGIN"), MakeXid(),
            MakeEvent(EventType::kGtidTagged, TaggedGtid("")), MakeQuery("BEGIN"), MakeXid()},
           kMySql),
      ElementsAre("begin " + uuid + ":batch:1000", "end commit", "begin " + uuid + ":1000",
                  "end commit"));
}

TEST(Reader, ATaggedGtidThatCannotBeReadIsNeverGuessed) {
  const Body whole = TaggedGtid("batch");
  for (size_t size = 0; size < whole.bytes.size() - 2; ++size) {
    Body cut = whole;
    cut.bytes.resize(size);
    EXPECT_THAT(ErrorOf({MakeFormat(kMySql), MakeEvent(EventType::kGtidTagged, cut)}),
                HasSubstr("its name can't be read"));
  }
  Body needed = whole;
  needed.bytes[2] = 12 * 2;  // a field that this version doesn't know must be understood
  EXPECT_THAT(ErrorOf({MakeFormat(kMySql), MakeEvent(EventType::kGtidTagged, needed)}),
              HasSubstr("its name can't be read"));
  EXPECT_THAT(ErrorOf({MakeFormat(kMySql), MakeEvent(EventType::kGtidTagged, TaggedGtid("a:1"))}),
              HasSubstr("its name can't be read"));
}

TEST(Reader, AServersClockMayRunBackwards) {
  EventBytes later = MakeMariaDbGtid(1);
  EventBytes earlier = MakeMariaDbGtid(2);
  earlier[3] = static_cast<uint8_t>(earlier[3] - 1);  // the highest byte of the time: half a year
  FixChecksum(earlier);
  Trace trace;
  Reader reader(trace, {});
  ASSERT_TRUE(ReadAll(reader, {MakeFormat(), later, MakeXid(), earlier, MakeXid()}).ok());
  EXPECT_THAT(trace.lines, ElementsAre("begin 0-9-1", "end commit", "begin 0-9-2", "end commit"));
  EXPECT_LT(trace.heads[1].committed_at, trace.heads[0].committed_at);
}

TEST(Reader, LoadDataAsAStatementIsUnreadable) {
  EXPECT_THAT(Told({MakeQuery("BEGIN"), MakeEvent(EventType::kBeginLoadQuery, Body().Little(1, 4)),
                    MakeEvent(EventType::kExecuteLoadQuery, Body().Little(1, 4)), MakeXid()}),
              ElementsAre("begin bin.000001:1000", "unreadable statement .", "end commit"));
}

TEST(Reader, AStandaloneTransactionEndsWithItsOneStatement) {
  EXPECT_THAT(Told({MakeMariaDbGtid(1, 1), MakeEvent(EventType::kIntVar, Body().Little(1, 9)),
                    MakeQuery("CREATE USER u"), MakeMariaDbGtid(2, 1), MakeQuery("TRUNCATE d.t")}),
              ElementsAre("begin 0-9-1", "statement CREATE USER u", "end commit", "begin 0-9-2",
                          "unreadable statement d.t", "end commit"));
}

TEST(Reader, AGroupCommitIdStandsBeforeTheXaName) {
  Trace trace;
  Reader reader(trace, {});
  const EventBytes gtid = MakeEvent(
      EventType::kMariaDbGtid,
      Body().Little(3, 8).Little(2, 4).Byte(0x42).Little(99, 8).Little(5, 4).Byte(1).Byte(2).Text(
          "abc"));
  ASSERT_TRUE(ReadAll(reader, {MakeFormat(), gtid}).ok());
  EXPECT_EQ(trace.heads[0].id, "2-9-3");
  EXPECT_EQ(trace.heads[0].xa_id, "X'61',X'6263',5");
}

// As MySQL 9 writes it: a byte that says how many bytes a value's length takes.
TEST(Reader, AVectorIsBytesBehindTheirLength) {
  const TableParts vector = {
      .types = {3, 242, 3}, .metadata = {4}, .optional = Body().Raw({1, 1, 0})};
  Trace trace;
  Reader reader(trace, {});
  ASSERT_TRUE(
      ReadAll(reader,
              {MakeFormat(kMySql), MakeQuery("BEGIN"), MakeTableMap(vector),
               MakeRows(EventType::kWriteRows, 7, 3,
                        Body().Little(1, 4).Little(4, 4).Raw({0, 0, 0x80, 0x3f}).Little(2, 4)),
               MakeXid()})
          .ok());
  ASSERT_EQ(trace.lines.size(), 3U);
  EXPECT_THAT(trace.lines[1], HasSubstr("@1=1"));
  EXPECT_THAT(trace.lines[1], HasSubstr("@3=2"));
}

TEST(Reader, ATypeThatIsNotKnownMakesRowsUnreadableUnlessNobodyWantsThem) {
  // Of what a server writes of such a type, and of the columns behind it, nothing is known.
  const TableParts unknown = {
      .types = {3, 241, 15, 3}, .metadata = {9, 8, 7, 80, 0}, .optional = Body().Raw({1, 2, 0, 0})};
  const std::vector<EventBytes> events = {
      MakeFormat(), MakeMariaDbGtid(1), MakeTableMap(unknown),
      MakeRows(EventType::kWriteRowsV1, 7, 4, Body().Little(1, 4)), MakeXid()};
  Trace wanting;
  Reader reader(wanting, {});
  EXPECT_TRUE(ReadAll(reader, events).ok());
  EXPECT_THAT(wanting.lines, ElementsAre("begin 0-9-1", "unreadable rows d.t", "end commit"));
  EXPECT_THAT(wanting.reasons, ElementsAre(HasSubstr("column 2 of d.t has type 241")));
  Trace other;
  Reader filtered(other, {.wants_table = [](std::string_view, std::string_view) { return false; }});
  EXPECT_TRUE(ReadAll(filtered, events).ok());
  EXPECT_THAT(other.lines, ElementsAre("begin 0-9-1", "end commit"));
}

TEST(Reader, ATypeThatIsNotKnownIsDamageWhereNoChecksumSaysThatItIsNone) {
  const TableParts unknown = {.types = {3, 241}, .metadata = {9}};
  std::vector<EventBytes> events = {MakeFormat(kMariaDb, false), MakeMariaDbGtid(1),
                                    MakeTableMap(unknown)};
  for (size_t i = 1; i < events.size(); ++i) events[i] = WithoutChecksum(events[i]);
  EXPECT_THAT(ErrorOf(events), HasSubstr("types and metadata that don't fit together"));
}

TEST(Reader, MetadataThatDoesNotFitTypesThatAreKnownIsDamage) {
  EXPECT_THAT(ErrorOf({MakeFormat(), MakeMariaDbGtid(1),
                       MakeTableMap({.types = {3, 252}, .metadata = {2, 2}})}),
              HasSubstr("types and metadata that don't fit together"));
}

TEST(Reader, RowsThatDoNotFitTheirTableAreToldIfTheyAreAsTheServerWroteThem) {
  EXPECT_THAT(Told({MakeMariaDbGtid(1), MakeTableMap({}),
                    MakeRows(EventType::kWriteRowsV1, 7, 1, Body().Little(1, 3)), MakeXid()}),
              ElementsAre("begin 0-9-1", "unreadable rows d.t", "end commit"));
}

TEST(Reader, AReasonQuotesAStatementShortlyAsUtf8) {
  Trace trace;
  Reader reader(trace, {});
  std::string longer = "INSERT INTO t\nVALUES('";
  while (longer.size() < 300) longer += "\xc3\xa4";
  ASSERT_TRUE(ReadAll(reader, {MakeFormat(), MakeQuery("BEGIN"), MakeQuery(longer),
                               MakeQuery("DELETE FROM t WHERE a='\xff'")})
                  .ok());
  ASSERT_EQ(trace.reasons.size(), 2U);
  EXPECT_THAT(trace.reasons[0], HasSubstr("INSERT INTO t VALUES('\xc3\xa4"));
  EXPECT_TRUE(trace.reasons[0].ends_with("\xc3\xa4..."));
  EXPECT_TRUE(binlog::IsUtf8(trace.reasons[0]));
  EXPECT_THAT(trace.reasons[1], HasSubstr("\\xff"));
}

TEST(Reader, RowsWithoutColumnsDoNotGoOnForEver) {
  const EventBytes rows =
      MakeEvent(EventType::kWriteRowsV1, Body().Little(7, 6).Little(1, 2).Raw({1, 0, 0, 0, 0}));
  EXPECT_THAT(ErrorOf({MakeFormat(), MakeMariaDbGtid(1), MakeTableMap({}), rows}),
              HasSubstr("its rows have no columns"));
}

}  // namespace
}  // namespace fundgate::decoder_testing
