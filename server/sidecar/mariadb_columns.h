// The columns of a table as MariaDB's information_schema describes them, and what SELECT says of
// them, turned into what the binlog says.
#ifndef SERVER_SIDECAR_MARIADB_COLUMNS_H_
#define SERVER_SIDECAR_MARIADB_COLUMNS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/sidecar/binlog/value.h"

namespace fundgate::sidecar {

// One column.
struct MariadbColumn {
  std::string name;
  std::string data_type;    // "decimal"
  std::string column_type;  // "decimal(18,4) unsigned"
  std::string charset;      // empty of what has no characters
  std::string collation;
  std::vector<std::string> labels;  // of ENUM and SET
};

// "`pay`": a name in a statement.
std::string Quoted(std::string_view name);

// The labels of "enum('a','it''s')", in their order; none of other types.
std::vector<std::string> LabelsOf(std::string_view column_type);

// How SELECT is asked for the column, so that its text says all that the binlog would: FLOAT with
// all its digits, UUID as its bytes.
std::string Selected(const MariadbColumn& column);

// The column's value as binlog::Value has it, of the text that SELECT gave in a session with UTC,
// utf8mb4 and an empty sql_mode. `text` must outlive the value. Kinds and contents are those of the
// binlog's decoder, so that an image has the same hash from both; but for text that isn't valid in
// its character set, which SELECT makes "?" of.
binlog::Value ValueOf(const MariadbColumn& column, const std::optional<std::string>& text);

// How SELECT is asked for a column of a primary key, so that Literal can name the place behind it.
// FAILED_PRECONDITION for a type that can't be compared in the order of the key.
absl::StatusOr<std::string> CursorExpression(const MariadbColumn& column);

// The value in a statement, of what CursorExpression gave. INVALID_ARGUMENT if it is none.
absl::StatusOr<std::string> Literal(const MariadbColumn& column, std::string_view cursor);

}  // namespace fundgate::sidecar

#endif  // SERVER_SIDECAR_MARIADB_COLUMNS_H_
