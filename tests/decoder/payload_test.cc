// Transactions that MySQL compresses into one event.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "server/sidecar/binlog/reader.h"
#include "tests/decoder/event_builder.h"
#include "tests/decoder/trace.h"

namespace fundgate::decoder_testing {
namespace {

using binlog::EventType;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<EventBytes> Transaction(size_t rows = 1) {
  std::vector<EventBytes> events = {MakeQuery("BEGIN"), MakeTableMap({})};
  for (size_t i = 0; i < rows; ++i)
    events.push_back(MakeRows(EventType::kWriteRows, 7, 1, Body().Little(i, 4)));
  events.push_back(MakeXid());
  return events;
}

EventBytes Gtid(uint64_t number) {
  return MakeEvent(EventType::kGtid, Body().Byte(1).Text("0123456789abcdef").Little(number, 8));
}

// A payload with the head's bytes changed, under a CRC32 that holds.
EventBytes Changed(EventBytes event, size_t at, uint8_t byte) {
  event[binlog::EventHeader::kSize + at] = byte;
  FixChecksum(event);
  return event;
}

struct Read {
  absl::Status status;
  Trace trace;
};

Read ReadPayload(const std::vector<EventBytes>& events) {
  Read read;
  binlog::Reader reader(read.trace, {.file_name = "f"});
  for (size_t i = 0; i < events.size() && read.status.ok(); ++i)
    read.status = reader.Apply(events[i], i);
  return read;
}

std::string PayloadErrorOf(const EventBytes& payload) {
  return ReadPayload({MakeFormat(kMySql), Gtid(1), payload}).status.ToString();
}

constexpr char kName[] = "30313233-3435-3637-3839-616263646566";

TEST(Payload, IsReadAsTheEventsThatItHolds) {
  for (const Packing packing : {Packing::kZstd, Packing::kNone}) {
    const Read read = ReadPayload({MakeFormat(kMySql), Gtid(1), MakePayload(Transaction(), packing),
                                   Gtid(2), MakeQuery("BEGIN"), MakeXid()});
    EXPECT_TRUE(read.status.ok()) << read.status;
    EXPECT_THAT(read.trace.lines,
                ElementsAre(std::string("begin ") + kName + ":1", "insert d.t @1=0", "end commit",
                            std::string("begin ") + kName + ":2", "end commit"));
  }
}

TEST(Payload, MayBeFarLargerThanWhatIsUnpackedAtATime) {
  const Read read = ReadPayload({MakeFormat(kMySql), Gtid(1), MakePayload(Transaction(20'000))});
  EXPECT_TRUE(read.status.ok()) << read.status;
  ASSERT_EQ(read.trace.lines.size(), 20'002);
  EXPECT_EQ(read.trace.lines[20'000], "insert d.t @1=19999");
  EXPECT_EQ(read.trace.indexes.back(), 19'999);
}

TEST(Payload, ThatIsDamagedIsAnErrorWhereverItIs) {
  const EventBytes whole = MakePayload(Transaction());
  for (size_t at = 0; at + binlog::EventHeader::kSize + binlog::kChecksumSize < whole.size();
       ++at) {
    for (const int flip : {0x01, 0x80, 0xff}) {
      const auto byte = static_cast<uint8_t>(whole[binlog::EventHeader::kSize + at] ^ flip);
      const Read read = ReadPayload({MakeFormat(kMySql), Gtid(1), Changed(whole, at, byte)});
      EXPECT_TRUE(read.status.ok() || absl::IsDataLoss(read.status)) << read.status;
    }
  }
  EventBytes cut = WithoutChecksum(whole);
  cut.resize(cut.size() - 5 + binlog::kChecksumSize);
  cut[9] = static_cast<uint8_t>(cut.size());
  FixChecksum(cut);
  EXPECT_THAT(PayloadErrorOf(cut),
              HasSubstr("f at offset 2, event TRANSACTION_PAYLOAD: the head of the"));
}

TEST(Payload, ThatUnpacksToAnotherSizeThanItSaysIsDamaged) {
  const EventBytes whole = MakePayload(Transaction());
  constexpr size_t kUnpackedSizeAt = 14;  // its lowest byte
  const uint8_t size = whole[binlog::EventHeader::kSize + kUnpackedSizeAt];
  EXPECT_THAT(PayloadErrorOf(Changed(whole, kUnpackedSizeAt, size + 1)), HasSubstr("DATA_LOSS"));
  EXPECT_THAT(PayloadErrorOf(Changed(whole, kUnpackedSizeAt, size - 1)), HasSubstr("DATA_LOSS"));
}

TEST(Payload, HoldsNothingThatBelongsToFiles) {
  for (const EventBytes& event :
       {MakeFormat(kMySql), MakePayload(Transaction()),
        MakeEvent(EventType::kRotate, Body().Little(4, 8).Text("bin.000002"))}) {
    EXPECT_THAT(PayloadErrorOf(MakePayload({event})),
                HasSubstr("inside of a compressed transaction"));
  }
}

TEST(Payload, CompressedInAnUnknownWayIsAGapAndTheStreamGoesOn) {
  constexpr size_t kCompressionAt = 3;
  const Read read = ReadPayload({MakeFormat(kMySql), Gtid(1),
                                 Changed(MakePayload(Transaction()), kCompressionAt, 7), Gtid(2),
                                 MakeQuery("BEGIN"), MakeXid()});
  EXPECT_TRUE(read.status.ok()) << read.status;
  EXPECT_THAT(read.trace.lines, ElementsAre(HasSubstr(":1"), "unreadable unknown_event .",
                                            "end commit", HasSubstr(":2"), "end commit"));
  EXPECT_THAT(read.trace.reasons, ElementsAre(HasSubstr("binlog_transaction_compression=OFF")));
}

TEST(Payload, ASizeThatIsNotThereCostsNoMemory) {
  EventBytes huge = WithoutChecksum(MakeXid());
  huge[12] = 0x3f;  // the event claims a gigabyte
  Body plain;
  plain.Raw({2, 3, 0xfc, 255, 0}).Raw({1, 1}).Byte(huge.size()).Byte(0);
  plain.bytes.insert(plain.bytes.end(), huge.begin(), huge.end());
  EXPECT_THAT(PayloadErrorOf(MakeEvent(EventType::kTransactionPayload, plain)),
              HasSubstr("bytes is announced in a compressed transaction"));
}

}  // namespace
}  // namespace fundgate::decoder_testing
