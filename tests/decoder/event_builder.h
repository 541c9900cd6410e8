// Events made by hand.
#ifndef TESTS_DECODER_EVENT_BUILDER_H_
#define TESTS_DECODER_EVENT_BUILDER_H_

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "server/sidecar/binlog/event.h"

namespace fundgate::decoder_testing {

using EventBytes = std::vector<uint8_t>;

// Bytes put one behind another: integers with the least significant byte first.
class Body {
 public:
  Body& Little(uint64_t value, size_t size);
  Body& Byte(uint64_t value) { return Little(value, 1); }
  Body& Raw(std::initializer_list<int> raw);
  Body& Text(std::string_view text);       // as it is
  Body& ShortText(std::string_view text);  // behind its length in a byte

  EventBytes bytes;
};

struct EventOptions {
  uint16_t flags = 0;
  uint32_t server_id = 9;
  uint32_t end_position = 0;  // as made-up events have it
  bool checksum = true;
};

EventBytes MakeEvent(binlog::EventType type, const Body& body, const EventOptions& options = {});
// Writes the right CRC32 over the last four bytes.
void FixChecksum(EventBytes& event);

inline constexpr char kMariaDb[] = "10.11.19-MariaDB-log";
inline constexpr char kMySql[] = "8.0.36";

EventBytes MakeFormat(std::string_view server = kMariaDb, bool checksums = true);
EventBytes MakeMariaDbGtid(uint64_t sequence, uint8_t flags = 0);
EventBytes MakeQuery(std::string_view sql, std::string_view database = "d");
EventBytes MakeXid();

// A table map. `types` and `metadata` as the format has them; `optional` fields behind.
struct TableParts {
  uint64_t id = 7;
  std::string name = "t";
  std::vector<uint8_t> types = {3};  // INT
  std::vector<uint8_t> metadata;
  Body optional;
};
EventBytes MakeTableMap(const TableParts& parts);

// A row event of one image without NULLs, of a table of `columns` columns, at most 8.
EventBytes MakeRows(binlog::EventType type, uint64_t id, size_t columns, const Body& image,
                    uint16_t flags = 1);

// The event as a stream without checksums has it.
EventBytes WithoutChecksum(EventBytes event);

// A transaction's events, given with checksums, in one of MySQL's.
enum class Packing : uint8_t { kZstd = 0, kNone = 255 };
EventBytes MakePayload(const std::vector<EventBytes>& events, Packing packing = Packing::kZstd);

}  // namespace fundgate::decoder_testing

#endif  // TESTS_DECODER_EVENT_BUILDER_H_
