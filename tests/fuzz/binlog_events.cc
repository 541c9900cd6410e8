// The reader over streams of events: whatever stands in their bodies, under frames that hold.
//
// An input is a byte of options, then events: a type, a byte of what is odd about it, the size of
// its body in two bytes, the body. Header, size and CRC32 are made here, so that what is changed
// gets past them; a type of kImages makes rows that fit the last table map, one of kPacked takes
// its body for events that stand in one of MySQL's compressed transactions.
#include <zlib.h>

#include <vector>

#include "server/sidecar/binlog/reader.h"
#include "tests/decoder/event_builder.h"
#include "tests/fuzz/fuzzer.h"
#include "tests/fuzz/stream_promises.h"

namespace fundgate::fuzz {
namespace {

using binlog::EventHeader;
using binlog::EventType;
using decoder_testing::Body;
using decoder_testing::EventBytes;

// Bits of the first byte.
constexpr uint8_t kMySql = 0x01;
constexpr uint8_t kWithoutChecksums = 0x02;
constexpr uint8_t kLive = 0x04;
constexpr uint8_t kAssumesUtf8 = 0x08;
constexpr uint8_t kWantsNothing = 0x10;
constexpr uint8_t kOwnFormat = 0x20;  // the first event is the format description

// Types that no server has.
constexpr uint8_t kImages = 0xff;
constexpr uint8_t kPacked = 0xfe;

// Bits of what is odd about an event.
constexpr uint8_t kDamaged = 0x01;  // its CRC32 is wrong
constexpr uint8_t kIgnorable = 0x02;
constexpr uint8_t kShort = 0x04;  // less than its header says

class Stream {
 public:
  explicit Stream(uint8_t options) : options_(options) {
    binlog::ReaderOptions reader = {.require_checksum = (options & kLive) != 0, .file_name = "f"};
    if ((options & kAssumesUtf8) != 0) reader.assumed_collation = 45;
    if ((options & kWantsNothing) != 0)
      reader.wants_table = [](std::string_view, std::string_view) { return false; };
    reader_.emplace(promises_, std::move(reader));
  }

  // Whether the reader goes on.
  bool Apply(EventType type, Input body, uint8_t odd) {
    const bool checksum = (options_ & kWithoutChecksums) == 0;
    const size_t size = EventHeader::kSize + body.size() + (checksum ? 4 : 0);
    const uint16_t flags = (odd & kIgnorable) != 0 ? EventHeader::kIgnorable : 0;
    Body event;
    event.Little(1700000000, 4).Byte(static_cast<uint8_t>(type)).Little(9, 4).Little(size, 4);
    event.Little(0, 4).Little(flags, 2);
    EventBytes& bytes = event.bytes;
    bytes.insert(bytes.end(), body.begin(), body.end());
    if (checksum) event.Little(::crc32_z(0, bytes.data(), bytes.size()), 4);
    if ((odd & kDamaged) != 0) bytes.back() ^= 1;
    if ((odd & kShort) != 0) bytes.pop_back();
    // Memory that ends where the event ends shows who reads past it.
    const EventBytes exact(bytes);
    if (type == EventType::kTableMap) RememberTable(body);
    return Give(exact);
  }

  bool Give(const EventBytes& event) {
    const absl::Status read = reader_->Apply(event, offset_++);
    Expect(reader_->in_transaction() == promises_.open(),
           "the reader says what the listener heard");
    if (read.ok()) return true;
    Expect(!read.message().empty(), "an error says what is wrong");
    Expect(reader_->Apply(event, offset_) == read, "an error stays");
    return false;
  }

  // Events one behind another, all in one.
  bool ApplyPacked(Input events, uint8_t odd) {
    std::vector<EventBytes> inside;
    for (Choices in(events); !in.empty();) {
      const auto type = static_cast<EventType>(in.Byte());
      const Input body = in.Take(in.Byte());
      if (type == EventType::kTableMap) RememberTable(body);
      inside.push_back(decoder_testing::MakeEvent(type, {.bytes = {body.begin(), body.end()}}));
    }
    const auto packing =
        (odd & 1) != 0 ? decoder_testing::Packing::kNone : decoder_testing::Packing::kZstd;
    const EventBytes payload = decoder_testing::MakePayload(inside, packing);
    const size_t size = payload.size() - EventHeader::kSize - binlog::kChecksumSize;
    return Apply(EventType::kTransactionPayload, Input(payload).subspan(EventHeader::kSize, size),
                 0);
  }

  // Rows of the table that was described last.
  bool ApplyImages(Input images, uint8_t odd) {
    static constexpr EventType kTypes[] = {EventType::kWriteRowsV1, EventType::kUpdateRowsV1,
                                           EventType::kDeleteRowsV1, EventType::kWriteRows};
    const EventType type = kTypes[odd >> 6];
    Body body;
    body.Little(table_, 6).Little(odd >> 5 & 1, 2);
    if (type == EventType::kWriteRows) body.Little(2, 2);
    body.Byte(columns_);
    const size_t maps = (columns_ + 7) / 8 * (type == EventType::kUpdateRowsV1 ? 2 : 1);
    body.bytes.insert(body.bytes.end(), maps, 0xff);
    body.bytes.insert(body.bytes.end(), images.begin(), images.end());
    return Apply(type, body.bytes, 0);
  }

 private:
  // Its number, and how many columns it has, if those are few.
  void RememberTable(Input body) {
    Choices in(body);
    table_ = 0;
    const Input number = in.Take(6);
    for (size_t i = number.size(); i-- > 0;) table_ = table_ << 8 | number[i];
    in.Short();
    in.Take(in.Byte() + size_t{1});
    in.Take(in.Byte() + size_t{1});
    columns_ = in.Byte();
  }

  uint8_t options_;
  StreamPromises promises_;
  std::optional<binlog::Reader> reader_;
  uint64_t offset_ = 4;
  uint64_t table_ = 7;
  size_t columns_ = 1;
};

// What a seed is made of: an event made by hand, without its frame.
void Append(std::string& seed, const EventBytes& event, bool checksum = true) {
  const size_t size = event.size() - EventHeader::kSize - (checksum ? 4 : 0);
  seed += static_cast<char>(event[4]);
  seed += '\0';
  seed += static_cast<char>(size & 0xff);
  seed += static_cast<char>(size >> 8);
  seed.append(event.begin() + EventHeader::kSize,
              event.begin() + static_cast<ptrdiff_t>(EventHeader::kSize + size));
}

std::string Seed(uint8_t options, const std::vector<EventBytes>& events) {
  std::string seed(1, static_cast<char>(options));
  for (const EventBytes& event : events) Append(seed, event);
  return seed;
}

decoder_testing::TableParts Table() {
  return {.types = {3, 15, 246, 254, 17, 19, 252, 1, 254},
          .metadata = {80, 0, 10, 2, 0xf7, 1, 3, 3, 2, 0xfe, 40},
          .optional = Body()
                          .Raw({1, 1, 0x80, 2, 3, 45, 1, 63, 10, 1, 45})
                          .Raw({4, 18, 1, 'a', 1, 'b', 1, 'c', 1, 'd', 1, 'e', 1, 'f', 1, 'g'})
                          .Raw({1, 'h', 1, 'i', 6, 3, 1, 1, 'x', 8, 1, 0})};
}

Body Image() {
  return Body()
      .Raw({0x10, 0})
      .Little(5, 4)
      .ShortText("text")
      .Raw({0x80, 0, 0, 1, 50, 1})
      .Raw({0x80, 0, 1, 0, 1})
      .Little(3, 2)
      .Text("abc")
      .Byte(1)
      .ShortText("x");
}

std::string PackedSeed() {
  std::string inside;
  for (const EventBytes& event :
       {decoder_testing::MakeQuery("BEGIN"), decoder_testing::MakeTableMap({}),
        decoder_testing::MakeRows(EventType::kWriteRows, 7, 1, Body().Little(5, 4)),
        decoder_testing::MakeXid()}) {
    const size_t size = event.size() - EventHeader::kSize - binlog::kChecksumSize;
    inside += static_cast<char>(event[4]);
    inside += static_cast<char>(size);
    inside.append(event.begin() + EventHeader::kSize,
                  event.begin() + static_cast<ptrdiff_t>(EventHeader::kSize + size));
  }
  std::string seed(1, static_cast<char>(kMySql));
  for (const char odd : {'\0', '\1'}) {
    seed += static_cast<char>(kPacked);
    seed += odd;
    seed += static_cast<char>(inside.size());
    seed += '\0';
    seed += inside;
  }
  return seed;
}

std::string ImagesSeed() {
  std::string seed =
      Seed(0, {decoder_testing::MakeMariaDbGtid(1), decoder_testing::MakeTableMap(Table())});
  const EventBytes image = Image().bytes;
  for (const uint8_t odd : {0x20, 0xa0, 0xe0}) {
    seed += static_cast<char>(kImages);
    seed += static_cast<char>(odd);
    seed += static_cast<char>(image.size());
    seed += '\0';
    seed.append(image.begin(), image.end());
  }
  Append(seed, decoder_testing::MakeXid());
  return seed;
}

}  // namespace

const size_t kInputMax = 512;

void Run(Input input) {
  Choices in(input);
  const uint8_t options = in.Byte();
  Stream stream(options);
  if ((options & kOwnFormat) == 0) {
    static const EventBytes kFormats[] = {
        decoder_testing::MakeFormat(decoder_testing::kMariaDb, true),
        decoder_testing::MakeFormat(decoder_testing::kMySql, true),
        decoder_testing::MakeFormat(decoder_testing::kMariaDb, false),
        decoder_testing::MakeFormat(decoder_testing::kMySql, false)};
    if (!stream.Give(kFormats[options & (kMySql | kWithoutChecksums)])) return;
  }
  while (!in.empty()) {
    const uint8_t type = in.Byte();
    const uint8_t odd = in.Byte();
    const Input body = in.Take(in.Short());
    bool goes_on = false;
    if (type == kImages) {
      goes_on = stream.ApplyImages(body, odd);
    } else if (type == kPacked) {
      goes_on = stream.ApplyPacked(body, odd);
    } else {
      goes_on = stream.Apply(static_cast<EventType>(type), body, odd);
    }
    if (!goes_on) return;
  }
}

std::vector<std::string> Seeds() {
  using decoder_testing::MakeEvent;
  using decoder_testing::MakeFormat;
  using decoder_testing::MakeMariaDbGtid;
  using decoder_testing::MakeQuery;
  using decoder_testing::MakeRows;
  using decoder_testing::MakeTableMap;
  using decoder_testing::MakeXid;
  const Body row = Body().Little(5, 4);
  Body gtid = Body().Byte(1).Text("0123456789abcdef").Little(12, 8);
  return {
      ImagesSeed(),
      PackedSeed(),
      Seed(kMySql, {MakeEvent(EventType::kGtidTagged, Body()
                                                          .Raw({0x02, 0x76, 0, 0, 2, 2})
                                                          .Text("0123456789ABCDEF")
                                                          .Raw({0x04, 0xa1, 0x0f, 0x06, 0x06})
                                                          .Text("tag")),
                    MakeQuery("BEGIN"), MakeXid(),
                    decoder_testing::MakePayload({MakeQuery("BEGIN"), MakeXid()})}),
      Seed(0, {MakeMariaDbGtid(1), MakeEvent(EventType::kAnnotateRows, Body().Text("INSERT")),
               MakeTableMap({}), MakeRows(EventType::kWriteRowsV1, 7, 1, row),
               MakeRows(EventType::kDeleteRows, 7, 1, row), MakeQuery("SAVEPOINT s"),
               MakeQuery("ROLLBACK TO s"), MakeXid(), MakeMariaDbGtid(2, 1),
               MakeQuery("DROP TABLE a, b"),
               MakeEvent(EventType::kIncident, Body().Little(1, 2).ShortText("lost"))}),
      Seed(kMySql,
           {MakeEvent(EventType::kGtid, gtid), MakeQuery("BEGIN"), MakeTableMap({}),
            MakeRows(EventType::kWriteRows, 7, 1, row),
            MakeEvent(EventType::kPartialUpdateRows, Body().Little(7, 6).Little(1, 2)), MakeXid(),
            MakeEvent(EventType::kAnonymousGtid, gtid), MakeQuery("XA START X'61',X'',1"),
            MakeEvent(EventType::kXaPrepare,
                      Body().Byte(0).Little(1, 4).Little(1, 4).Little(0, 4).Text("a")),
            MakeQuery("XA COMMIT X'61',X'',1"),
            MakeEvent(EventType::kTransactionPayload, Body().Byte(0)),
            MakeEvent(EventType::kExecuteLoadQuery, Body().Little(1, 4))}),
      Seed(kOwnFormat, {MakeFormat(), MakeMariaDbGtid(1), MakeXid()}),
      Seed(kLive | kOwnFormat,
           {MakeEvent(EventType::kRotate, Body().Little(4, 8).Text("bin.000001")), MakeFormat()}),
      Seed(0, {MakeEvent(EventType::kMariaDbGtid, Body()
                                                      .Little(3, 8)
                                                      .Little(2, 4)
                                                      .Byte(0x42)
                                                      .Little(99, 8)
                                                      .Little(5, 4)
                                                      .Raw({1, 2})
                                                      .Text("abc")),
               MakeFormat()}),
  };
}

}  // namespace fundgate::fuzz
