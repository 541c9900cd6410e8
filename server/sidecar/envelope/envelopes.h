// What each kind of envelope says. No I/O.
//
// Sources of the formats: Debezium's documentation of its MySQL and PostgreSQL connectors ("Data
// change events", "Data type mappings"); canal's FlatMessage.
#ifndef SERVER_SIDECAR_ENVELOPE_ENVELOPES_H_
#define SERVER_SIDECAR_ENVELOPE_ENVELOPES_H_

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "server/sidecar/envelope/json.h"
#include "server/sidecar/envelope/message.h"

namespace fundgate::envelope {

// One row of `table` that came. `columns`: where columns stand that are no members of the message
// by their own names, as JSON pointers (RFC 6901). What isn't there is NULL.
absl::StatusOr<Told> ReadPlain(const Json& message, const std::string& table,
                               const std::map<std::string, std::string>& columns);

// Debezium's change event: op c and r are rows that came, u, d and t (TRUNCATE) as they say; m says
// nothing. Its table is source.schema and source.table, of databases without schemas source.db and
// source.table.
//
// With a schema, columns are what they are in a binlog: decimals (precise and string) with all
// their digits, floating numbers double, dates and times as SQL prints them. Bytes and times of a
// day can't be read. Without one `text_decimals` must promise that decimals come as text.
absl::StatusOr<Told> ReadDebezium(const Json& message, bool text_decimals);

// canal's flat message: INSERT, UPDATE and DELETE with their rows; TRUNCATE, DROP TABLE and DML
// without rows as something that can't be read; all other DDL says nothing. Columns are of the
// types that sqlType (JDBC's numbers) says, else text.
absl::StatusOr<Told> ReadCanal(const Json& message);

}  // namespace fundgate::envelope

#endif  // SERVER_SIDECAR_ENVELOPE_ENVELOPES_H_
