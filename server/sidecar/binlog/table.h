// What a table-map event says of a table.
#ifndef SERVER_SIDECAR_BINLOG_TABLE_H_
#define SERVER_SIDECAR_BINLOG_TABLE_H_

#include <cstdint>
#include <string>
#include <vector>

namespace fundgate::binlog {

// The type codes of the row format. Written by servers: never renumber. Source: MySQL Internals
// Manual, "Table_map_event"; MariaDB knowledge base, "TABLE_MAP_EVENT".
enum class ColumnType : uint8_t {
  kDecimalOld = 0,
  kTiny = 1,
  kShort = 2,
  kLong = 3,
  kFloat = 4,
  kDouble = 5,
  kNull = 6,
  kTimestampOld = 7,
  kLongLong = 8,
  kInt24 = 9,
  kDate = 10,
  kTimeOld = 11,
  kDateTimeOld = 12,
  kYear = 13,
  kNewDate = 14,
  kVarchar = 15,
  kBit = 16,
  kTimestamp2 = 17,
  kDateTime2 = 18,
  kTime2 = 19,
  kBlobCompressed = 140,
  kVarcharCompressed = 141,
  kVector = 242,  // MySQL's, since 9.0: as a BLOB; MariaDB's is a VARBINARY
  kJson = 245,    // MySQL's binary JSON; MariaDB's JSON is a LONGTEXT
  kNewDecimal = 246,
  kEnum = 247,
  kSet = 248,
  kTinyBlob = 249,
  kMediumBlob = 250,
  kLongBlob = 251,
  kBlob = 252,
  kVarString = 253,
  kString = 254,
  kGeometry = 255,
};

struct Column {
  std::string name;  // empty when the server logs no names (binlog_row_metadata not FULL)
  ColumnType type = ColumnType::kNull;  // CHAR, ENUM and SET told apart
  // As the type reads it: length in bytes of CHAR, VARCHAR, ENUM, SET; size of a BLOB's length;
  // digits of a temporal fraction; bits of BIT; of DECIMAL all digits * 256 + those after the
  // point.
  uint16_t metadata = 0;
  bool nullable = false;
  bool is_unsigned = false;         // meaningless unless Table::signs_known
  uint16_t collation = 0;           // 0: not logged; 63: binary
  std::vector<std::string> labels;  // of ENUM and SET, in the order of their numbers, UTF-8
};

struct Table {
  uint64_t id = 0;  // of this definition; another after DDL, restart or FLUSH TABLES
  std::string database;
  std::string name;
  std::vector<Column> columns;
  std::vector<uint32_t> primary_key;  // indexes of columns, in the key's order; empty: not logged
  bool signs_known = false;           // false: integers are read as signed
  bool names_known = false;           // column names and primary key: binlog_row_metadata FULL
  // Why names, signs or key couldn't be told by a TableDescriber, a sentence; empty: none was asked
  // or all are known.
  std::string undescribed;
  // The newest statement that changed the definition, as far as a TableDescriber has seen one:
  // "0-1-42: ALTER TABLE ...".
  std::string changed_by;
};

}  // namespace fundgate::binlog

#endif  // SERVER_SIDECAR_BINLOG_TABLE_H_
