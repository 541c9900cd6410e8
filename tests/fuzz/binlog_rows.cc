// Row images of tables with columns of every type: any bytes as rows of a table that is whole.
//
// An input is the number of a table, a byte that says what happens to its rows, then the body of
// the row event from the maps of its columns on.
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "server/sidecar/binlog/reader.h"
#include "tests/decoder/event_builder.h"
#include "tests/fuzz/fuzzer.h"
#include "tests/fuzz/stream_promises.h"

namespace fundgate::fuzz {
namespace {

using binlog::EventType;
using decoder_testing::Body;
using decoder_testing::EventBytes;
using decoder_testing::TableParts;

const std::vector<TableParts>& Tables() {
  static const std::vector<TableParts> kTables = {
      // TINYINT UNSIGNED, SMALLINT, MEDIUMINT UNSIGNED, INT, BIGINT UNSIGNED, FLOAT, DOUBLE, YEAR
      {.types = {1, 2, 9, 3, 8, 4, 5, 13},
       .metadata = {4, 8},
       .optional = Body().Raw({1, 1, 0xa8})},
      // DECIMAL(18,4), DECIMAL(65,30), DECIMAL(5,5), DECIMAL(1,0), BIT(10), BIT(64)
      {.types = {246, 246, 246, 246, 16, 16}, .metadata = {18, 4, 65, 30, 5, 5, 1, 0, 2, 1, 0, 8}},
      // DATE, TIME, DATETIME, TIMESTAMP as before 5.6, then TIME(6), DATETIME(3), TIMESTAMP(0..6)
      {.types = {10, 11, 12, 7, 19, 18, 17, 17, 17}, .metadata = {6, 3, 0, 5, 6}},
      // VARCHAR(20), CHAR(20) of latin1, TEXT of gbk, BLOB, BINARY(16), VARCHAR(1000)
      {.types = {15, 254, 252, 252, 254, 15},
       .metadata = {80, 0, 254, 20, 2, 4, 254, 16, 0xa0, 0x0f},
       .optional = Body().Raw({3, 6, 45, 8, 28, 63, 63, 33})},
      // ENUM and SET with labels, the same without a known character set; CHAR(255) of four bytes
      {.types = {254, 254, 254},
       .metadata = {247, 1, 248, 1, 0xce, 0xfc},
       .optional = Body()
                       .Raw({6, 5, 2, 1, 'a', 1, 'b', 5, 7, 3, 1, 'x', 1, 'y', 1, 'z'})
                       .Raw({10, 1, 45, 2, 1, 45})},
      // JSON, GEOMETRY
      {.types = {245, 255}, .metadata = {4, 4}},
      // COMPRESSED columns of MariaDB: VARCHAR and TEXT
      {.types = {141, 140}, .metadata = {80, 0, 2}, .optional = Body().Raw({2, 1, 45})},
      // UTF-16, UCS-2, SJIS, GB18030, an unknown one
      {.types = {15, 15, 15, 15, 15},
       .metadata = {80, 0, 80, 0, 80, 0, 80, 0, 80, 0},
       .optional = Body().Raw({3, 5, 54, 35, 13, 248, 250})},
  };
  return kTables;
}

constexpr EventType kTypes[] = {EventType::kWriteRowsV1,
                                EventType::kUpdateRowsV1,
                                EventType::kDeleteRowsV1,
                                EventType::kWriteRows,
                                EventType::kUpdateRows,
                                EventType::kDeleteRows,
                                EventType::kWriteRowsCompressedV1,
                                EventType::kUpdateRowsCompressedV1};

bool IsUpdate(EventType type) {
  return type == EventType::kUpdateRowsV1 || type == EventType::kUpdateRows ||
         type == EventType::kUpdateRowsCompressedV1;
}

EventBytes MakeRowEvent(EventType type, size_t columns, Input rest) {
  Body body;
  body.Little(7, 6).Little(1, 2);
  const bool has_extra_data = type >= EventType::kWriteRows && type <= EventType::kDeleteRows;
  if (has_extra_data) body.Little(2, 2);
  body.Byte(columns);
  body.bytes.insert(body.bytes.end(), rest.begin(), rest.end());
  return decoder_testing::MakeEvent(type, body, {.checksum = false});
}

struct Outcome {
  absl::Status status;
  uint64_t unreadable = 0;
};

Outcome ReadRows(const EventBytes& map, const EventBytes& rows, bool wanted) {
  static const EventBytes kFormat = decoder_testing::MakeFormat(decoder_testing::kMariaDb, false);
  StreamPromises promises;
  binlog::ReaderOptions options;
  if (!wanted) options.wants_table = [](std::string_view, std::string_view) { return false; };
  binlog::Reader reader(promises, std::move(options));
  Expect(reader.Apply(kFormat, 4).ok(), "a format description made by hand is read");
  Expect(reader.Apply(map, 5).ok(), "a table map made by hand is read");
  absl::Status status = reader.Apply(rows, 6);
  return {std::move(status), promises.unreadable()};
}

const std::vector<EventBytes>& Maps() {
  static const std::vector<EventBytes> kMaps = [] {
    std::vector<EventBytes> maps;
    for (const TableParts& table : Tables()) {
      maps.push_back(decoder_testing::WithoutChecksum(decoder_testing::MakeTableMap(table)));
    }
    return maps;
  }();
  return kMaps;
}

std::string Seed(size_t table, size_t type, const Body& image) {
  const size_t maps = (Tables()[table].types.size() + 7) / 8 * (IsUpdate(kTypes[type]) ? 2 : 1);
  std::string seed = {static_cast<char>(table), static_cast<char>(type)};
  seed.append(maps, '\xff');
  for (size_t i = 0; i < (IsUpdate(kTypes[type]) ? 2 : 1); ++i)
    seed.append(image.bytes.begin(), image.bytes.end());
  return seed;
}

}  // namespace

const size_t kInputMax = 256;

void Run(Input input) {
  Choices in(input);
  const size_t table = in.Byte() % Tables().size();
  const EventType type = kTypes[in.Byte() % std::size(kTypes)];
  const EventBytes rows = MakeRowEvent(type, Tables()[table].types.size(), in.Rest());
  const Outcome decoded = ReadRows(Maps()[table], EventBytes(rows), true);
  const Outcome skipped = ReadRows(Maps()[table], EventBytes(rows), false);
  Expect(decoded.unreadable == 0, "without a checksum what isn't understood is damage");
  Expect(!decoded.status.ok() || skipped.status.ok(), "what can be decoded can be walked over");
}

std::vector<std::string> Seeds() {
  const Body object = Body()
                          .Byte(0)
                          .Little(1, 2)
                          .Little(15, 2)
                          .Little(11, 2)
                          .Little(1, 2)
                          .Raw({12})
                          .Little(12, 2)
                          .Text("k")
                          .ShortText("vw");
  return {
      Seed(0, 0,
           Body()
               .Byte(0)
               .Byte(1)
               .Little(2, 2)
               .Little(3, 3)
               .Little(4, 4)
               .Little(5, 8)
               .Little(0x3f800000, 4)
               .Little(0x3ff8000000000000, 8)
               .Byte(126)),
      Seed(1, 1,
           Body()
               .Byte(0)
               .Raw({0x80, 0, 0, 0, 0, 1, 0, 50, 0})
               .Little(0x80, 30)
               .Raw({0x80, 1, 0, 0x81})
               .Little(3, 2)
               .Little(9, 8)),
      Seed(2, 2,
           Body()
               .Raw({0, 0})
               .Little(0x0fd478, 3)
               .Little(123456, 3)
               .Little(20261120101112, 8)
               .Little(1700000000, 4)
               .Raw({0x80, 0, 1, 0, 0, 1})
               .Raw({0x99, 0xb0, 0, 0, 0, 0, 10})
               .Little(1, 4)
               .Little(1, 7)
               .Little(1, 7)),
      Seed(3, 3,
           Body()
               .Byte(0)
               .ShortText("text")
               .ShortText("\xe4")
               .Little(2, 2)
               .Text("\xb0\xa1")
               .Little(3, 4)
               .Text("abc")
               .ShortText("b")
               .Little(3, 2)
               .Text("abc")),
      Seed(4, 4, Body().Byte(0).Byte(1).Byte(5).Little(2, 2).Text("ab")),
      Seed(5, 5,
           Body()
               .Byte(0)
               .Little(object.bytes.size(), 4)
               .Text(std::string_view(reinterpret_cast<const char*>(object.bytes.data()),
                                      object.bytes.size()))
               .Little(2, 4)
               .Text("gg")),
      Seed(6, 0,
           Body()
               .Byte(0)
               .ShortText(std::string_view("\0abc", 4))
               .Little(4, 2)
               .Text(std::string_view("\0abc", 4))),
      Seed(7, 1,
           Body()
               .Byte(0)
               .ShortText(std::string_view("\0a\0b", 4))
               .ShortText(std::string_view("\0a", 2))
               .ShortText("\x83\x41")
               .ShortText("\xb0\xa1")
               .ShortText("x")),
  };
}

}  // namespace fundgate::fuzz
