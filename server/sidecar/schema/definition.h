// A table's definition as SQL has it, and whether a table map agrees with it. No I/O.
#ifndef SERVER_SIDECAR_SCHEMA_DEFINITION_H_
#define SERVER_SIDECAR_SCHEMA_DEFINITION_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/sidecar/binlog/table.h"

namespace fundgate::schema {

// A column's type, as far as it shows in a binlog.
struct ColumnType {
  enum class Base : uint8_t {
    kOther,    // one that isn't known here: agrees with anything, and is never taken as the same
    kInteger,  // of `length` bytes
    kDecimal,  // of `length` digits, `scale` of them after the point
    kFloat,
    kDouble,
    kBit,  // of `length` bits
    kYear,
    kDate,
    kTime,  // with `length` digits of a fraction; so the next two
    kDateTime,
    kTimestamp,
    kChar,     // of `length` characters, or bytes if it is binary
    kVarchar,  // so, too
    kText,     // TINYTEXT to LONGBLOB
    kEnum,
    kSet,
    kJson,  // MariaDB's is a LONGTEXT to a binlog
    kGeometry,
  };
  Base base = Base::kOther;
  uint32_t length = 0;
  uint8_t scale = 0;
  bool is_unsigned = false;
  bool is_compressed = false;
  // Of the types with characters: some collation of the character set (see binlog::CollationOf),
  // 63 for bytes, 0 if it isn't known.
  uint16_t collation = 0;
  std::vector<std::string> labels;  // of ENUM and SET, UTF-8

  bool HasCharset() const;
  friend bool operator==(const ColumnType&, const ColumnType&) = default;
};

struct ColumnDefinition {
  std::string name;
  ColumnType type;
  std::optional<bool> nullable;  // nothing: depends on settings of the server
};

struct Definition {
  std::vector<ColumnDefinition> columns;
  std::vector<std::string> primary_key;  // names of columns, in the key's order
  uint16_t collation = 0;                // of new columns that name none; 0: not known

  // The column, as SQL compares names: without regard to the case of ASCII letters. Null if there
  // is none.
  ColumnDefinition* Find(const std::string& name);
  const ColumnDefinition* Find(const std::string& name) const;

  // For itself, and for columns of text that name no character set.
  void InheritCharset(uint16_t of_database);
};

// The type of a column, as far as its table map says it.
ColumnType TypeOf(const binlog::Column& column);

// Whether every value of the one type is the same in the other, so that a column may be changed
// from one to the other without changing what a row says.
bool KeepsValues(const ColumnType& from, const ColumnType& to);

// How the definition disagrees with the table map, a sentence; empty if it agrees.
std::string Disagreement(const Definition& definition, const binlog::Table& table);

// Fills in what the table map left open: names, primary key, and where the map doesn't have them
// signs, character sets and labels. It must agree.
void FillIn(const Definition& definition, binlog::Table& table);

}  // namespace fundgate::schema

#endif  // SERVER_SIDECAR_SCHEMA_DEFINITION_H_
