// What a binlog tells, event after event: transactions, and the rows that they changed.
#ifndef SERVER_SIDECAR_BINLOG_TRANSACTION_H_
#define SERVER_SIDECAR_BINLOG_TRANSACTION_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "server/sidecar/binlog/table.h"
#include "server/sidecar/binlog/value.h"

namespace fundgate::binlog {

// A transaction's name and how it begins.
struct TransactionHead {
  // MariaDB: "DOMAIN-SERVER-SEQUENCE". MySQL with GTIDs: "UUID:NUMBER". Else "FILE:OFFSET" of the
  // event that begins it.
  std::string id;
  uint64_t server_id = 0;         // from the header of its first event: the session's server_id
  int64_t committed_at = 0;       // seconds since 1970, the server's clock
  bool standalone = false;        // one statement without COMMIT: DDL
  bool skip_replication = false;  // the session asked replicas to leave it out; it happened
  // No transaction: an event between transactions that can't be read. It has no name of its own.
  bool stands_between = false;
  // The XA transaction that is prepared here, or whose fate this one decides: X'6162',X'',1 (global
  // part, branch, format). Empty: no XA.
  std::string xa_id;
};

enum class RowOperation : uint8_t { kInsert, kUpdate, kDelete };

// One changed row. Valid during the call that brings it.
struct RowChange {
  RowOperation operation = RowOperation::kInsert;
  const Table* table = nullptr;
  std::span<const Value> before;  // one a column of the table; empty for an insert
  std::span<const Value> after;   // empty for a deletion
  uint32_t index = 0;             // within the transaction, from 0 over all tables
  std::string_view statement;     // the text that wrote it, if the server annotates; else empty
};

enum class TransactionEnd : uint8_t {
  kCommit,      // XID, QUERY "COMMIT", the end of a standalone statement
  kRollback,    // what it changed is undone: nothing of it happened
  kXaPrepare,   // decided later, by a transaction of its own with the same xa_id:
  kXaCommit,    // what was prepared has happened
  kXaRollback,  // what was prepared has not happened
  // The server crashed while it wrote it. Nothing of it happened, and since it isn't there, the
  // server gives its name to another one.
  kCutOff,
};

// Something in the stream that may have changed rows that can't be told: it is never passed over in
// silence.
struct Unreadable {
  enum class Kind : uint8_t {
    kStatement,     // DML logged as text (session binlog_format=STATEMENT), TRUNCATE, DROP TABLE
    kRows,          // a row event of a table whose rows can't be decoded
    kUnknownEvent,  // a type that this version doesn't know and that isn't ignorable
    kIncident,      // the server says that it lost events
    kDefinition,    // DDL that took a column away or may have changed what rows hold in it
  };
  Kind kind = Kind::kStatement;
  std::string_view database;  // empty: any
  std::string_view table;     // empty: any
  std::string reason;         // a sentence, UTF-8
  std::string_view column;    // of kDefinition; empty: any
};

// Hears what a stream tells. Begin, then rows, statements and unreadable things, then End, again
// and again; never a row outside. A stream that is cut leaves a Begin without an End: the
// transaction comes again whole after a reconnect. A status that isn't ok ends the reading with it.
class TransactionListener {
 public:
  virtual ~TransactionListener() = default;

  virtual absl::Status OnBegin(const TransactionHead& head) = 0;
  virtual absl::Status OnRow(const RowChange& row) = 0;
  // A statement that changes no rows of its own: DDL, SAVEPOINT. DML as text is Unreadable. `sql`
  // is in the client's character set, so not always UTF-8.
  virtual absl::Status OnStatement(std::string_view database, std::string_view sql) = 0;
  virtual absl::Status OnUnreadable(const Unreadable& unreadable) = 0;
  virtual absl::Status OnEnd(TransactionEnd end) = 0;
};

}  // namespace fundgate::binlog

#endif  // SERVER_SIDECAR_BINLOG_TRANSACTION_H_
