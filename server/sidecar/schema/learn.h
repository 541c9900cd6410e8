// Asking a server what its tables are, and its binlog since when.
#ifndef SERVER_SIDECAR_SCHEMA_LEARN_H_
#define SERVER_SIDECAR_SCHEMA_LEARN_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/sidecar/schema/history.h"

namespace fundgate::schema {

// One server, as the kind of source asks it. A follower implements it.
class SchemaServer {
 public:
  using Rows = std::vector<std::vector<std::optional<std::string>>>;
  using EventSink = std::function<absl::Status(std::span<const uint8_t> event, uint64_t offset)>;

  virtual ~SchemaServer() = default;

  // The rows of a query of information_schema.
  virtual absl::StatusOr<Rows> Query(const std::string& sql) = 0;

  // The position of everything that is committed now.
  virtual absl::StatusOr<std::string> ReadHead() = 0;

  // Whether the transaction of that name is part of the position that ReadHead() gave.
  virtual bool Covers(const std::string& position, std::string_view id) = 0;

  // Tells all events that are logged after where the session begins, at least up to now, and ends:
  // a dump that doesn't wait (BINLOG_DUMP_NON_BLOCK). Fails as the sink does.
  virtual absl::Status Scan(const EventSink& sink) = 0;
};

// Reads the definitions of the tables that the history follows, and all statements that are logged
// since where the session begins, and tells the history. Rows aren't decoded. Fails as the server
// and the decoder do; UNAVAILABLE if the tables were changed while they were asked for, again and
// again.
//
//   history.Follow(tables);
//   history.Begin(start);                               // each session
//   if (history.wants_present()) Learn(server, history);
//   reader_options.describer = &history;                // then read
//
// A server doesn't show a table while a statement changes it, nor its new definition before the
// statement is logged: so what it shows holds for everything that is logged between the newest
// statement before the question and the next one behind it.
absl::Status Learn(SchemaServer& server, History& history);

}  // namespace fundgate::schema

#endif  // SERVER_SIDECAR_SCHEMA_LEARN_H_
