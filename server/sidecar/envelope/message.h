// A message of a topic, and what an envelope reads out of it.
#ifndef SERVER_SIDECAR_ENVELOPE_MESSAGE_H_
#define SERVER_SIDECAR_ENVELOPE_MESSAGE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/sidecar/binlog/arena.h"
#include "server/sidecar/binlog/transaction.h"
#include "server/sidecar/binlog/value.h"

namespace fundgate::envelope {

struct Message {
  std::string topic;
  int32_t partition = 0;
  int64_t offset = 0;
  int64_t timestamp_ms = 0;               // the producer's or the broker's clock; 0: not known
  std::optional<std::string_view> value;  // nothing: a tombstone

  // "orders/3:17"
  std::string Place() const;
};

// What a column of one image of a row holds. INVALID_ARGUMENT if it can't be read, with what is
// said of the column: "is no whole number". Text is in the message or in the arena.
using Image =
    std::function<absl::StatusOr<binlog::Value>(const std::string& column, binlog::Arena& arena)>;

// A changed row, as the message says it.
struct ToldRow {
  binlog::RowOperation operation = binlog::RowOperation::kInsert;
  std::string table;  // "pay.refund"
  Image before;       // empty for an insert
  Image after;        // empty for a deletion
};

// What a message says. Refers to the message's JSON.
struct Told {
  // The source's own name of the change, the same however often it is told. Empty: it has none.
  std::string id;
  int64_t committed_at = 0;  // seconds since 1970, the source's clock; 0: not known
  uint64_t server_id = 0;
  std::vector<ToldRow> rows;
  // A table of which something happened that has no rows, with what it was; else empty.
  std::string unreadable_table;
  std::string unreadable_reason;
};

}  // namespace fundgate::envelope

#endif  // SERVER_SIDECAR_ENVELOPE_MESSAGE_H_
