// What binlog files say, for people and for programs. Needs no server.
#ifndef SERVER_SIDECAR_DECODE_DECODE_H_
#define SERVER_SIDECAR_DECODE_DECODE_H_

#include <cstdint>
#include <iosfwd>
#include <span>
#include <string>

#include "absl/status/status.h"

namespace fundgate::decode {

struct DecodeOptions {
  enum class Output : uint8_t {
    kText,  // a block a transaction
    kJson,  // a line a transaction
  };
  Output output = Output::kText;
  // Only rows of this table, as DATABASE.TABLE. Transactions without any are left out, but for
  // those in which something couldn't be read. Empty: all.
  std::string table;
  // The character set of strings whose own one the server didn't log, e.g. "utf8mb4". Empty: they
  // are printed as bytes.
  std::string charset;
};

// Prints transactions and rows of binlog files (MySQL 5.1 and later, MariaDB 10 and later), in the
// order of `files`, while it reads: memory doesn't grow with the files, but for the texts of one
// transaction's statements.
//
// JSON: {"id", "time", "server_id", "xa"?, "rows": [{"table", "op", "before"?, "after"?}],
// "statements"? : [{"database", "sql"}], "unreadable"?: [{"kind", "database", "table", "reason"}],
// "end"}. `op` is insert, update or delete; `end` is commit, rollback, xa_prepare,
// xa_commit, xa_rollback, cut_off (the server crashed while it wrote it), or missing where the file
// ends inside the transaction. Images have a member a column that they hold: by its name, or "@1",
// "@2"... where names aren't logged. Integers, ENUM and SET without labels, FLOAT and DOUBLE are
// numbers; NULL is null; bytes, and text that isn't UTF-8, are {"base64": "..."}; all else is a
// string.
//
// INVALID_ARGUMENT: `table` or `charset` can't be meant. Else what binlog::ReadFile says; what was
// read before is printed. UNAVAILABLE: `out` takes no more.
absl::Status Decode(std::span<const std::string> files, const DecodeOptions& options,
                    std::ostream& out);

}  // namespace fundgate::decode

#endif  // SERVER_SIDECAR_DECODE_DECODE_H_
