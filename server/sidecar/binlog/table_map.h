// TABLE_MAP: from the event's bytes to a table and to how its rows are read.
#ifndef SERVER_SIDECAR_BINLOG_TABLE_MAP_H_
#define SERVER_SIDECAR_BINLOG_TABLE_MAP_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/sidecar/binlog/bytes.h"
#include "server/sidecar/binlog/charset.h"
#include "server/sidecar/binlog/format.h"
#include "server/sidecar/binlog/table.h"

namespace fundgate::binlog {

// How a column's bytes lie in a row.
enum class Layout : uint8_t {
  kUnknown,  // rows can't be read, nor walked over
  kInteger,  // `size` bytes
  kYear,
  kFloat,
  kDouble,
  kDecimal,  // of `length` digits, `size` of them after the point
  kBit,      // `size` bytes, most significant first
  kEnum,     // `size` bytes
  kSet,
  kDate,
  kTimeOld,
  kDateTimeOld,
  kTimestampOld,
  kTime,  // `size` digits of a fraction
  kDateTime,
  kTimestamp,
  kString,  // a length of `size` bytes, then as many bytes; BINARY is filled up to `length`
  kCompressedString,
  kJson,
};

struct ColumnPlan {
  Layout layout = Layout::kUnknown;
  uint8_t size = 0;
  uint16_t length = 0;
  bool is_unsigned = false;
  bool filled_up = false;            // BINARY: zeros at the end are not logged
  const Charset* charset = nullptr;  // of kString and kCompressedString
};

// A table as one event describes it, and the plan of its rows, column by column.
struct MappedTable {
  Table table;
  std::vector<ColumnPlan> plans;
  std::string unreadable;  // why rows can't be decoded, a sentence; empty: they can
  bool wanted = true;
};

// No server makes a table of more columns.
inline constexpr uint64_t kMaxColumns = 4096;

// What the event's post header says, which all events of rows share.
uint64_t ReadTableId(Bytes& in, const Format& format, EventType type);

// `body`: the event without header and CRC; `is_intact`: the CRC has held. `assumed_collation`: of
// strings whose character set is not logged, 0 for none. A table with a column of a type that isn't
// known is unreadable; nothing is said of that column and those behind it but their types. An error
// is a sentence without a place.
absl::StatusOr<MappedTable> ReadTableMap(std::span<const uint8_t> body, bool is_intact,
                                         const Format& format, uint16_t assumed_collation,
                                         Transcoder& transcoder);

// Makes the plan of a table's rows: anew when its description has changed.
void PlanRows(MappedTable& mapped);

// Fills in what the optional metadata says: signs, collations, names, labels, the primary key.
// table_metadata.cc.
absl::Status ReadTableMetadata(std::span<const uint8_t> metadata, bool mariadb,
                               Transcoder& transcoder, Table& table);

}  // namespace fundgate::binlog

#endif  // SERVER_SIDECAR_BINLOG_TABLE_MAP_H_
