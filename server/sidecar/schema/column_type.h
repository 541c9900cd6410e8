// A column's type and what stands behind it, as SQL writes them. No I/O.
#ifndef SERVER_SIDECAR_SCHEMA_COLUMN_TYPE_H_
#define SERVER_SIDECAR_SCHEMA_COLUMN_TYPE_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "server/sidecar/schema/definition.h"
#include "server/sidecar/schema/sql_cursor.h"

namespace fundgate::schema {

// Of a character set that is named and not known here; never inherited.
inline constexpr uint16_t kForeignCollation = 0xffff;

// Some collation of the character set, or of the one that a collation's name begins with.
uint16_t CollationOfCharset(std::string_view charset);
uint16_t CollationOfName(std::string_view collation);

// [DEFAULT] CHARACTER SET [=] x or COLLATE [=] x, if it stands here; 0 if not.
uint16_t TakeCharset(SqlCursor& sql);

// A type with its lengths and labels. Collation 0: to be inherited from the table.
ColumnType TakeType(SqlCursor& sql);

// A type and all attributes behind it, up to a comma, a bracket that closes, FIRST or AFTER.
// `is_key`: PRIMARY KEY is one of them.
void TakeColumn(SqlCursor& sql, ColumnDefinition& column, bool& is_key);

// As information_schema has it in COLUMN_TYPE: "decimal(18,2) unsigned".
ColumnType ReadColumnType(std::string_view text);

}  // namespace fundgate::schema

#endif  // SERVER_SIDECAR_SCHEMA_COLUMN_TYPE_H_
