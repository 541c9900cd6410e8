// Binlog events, one after another, to transactions and rows.
#ifndef SERVER_SIDECAR_BINLOG_READER_H_
#define SERVER_SIDECAR_BINLOG_READER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "server/sidecar/binlog/arena.h"
#include "server/sidecar/binlog/event.h"
#include "server/sidecar/binlog/format.h"
#include "server/sidecar/binlog/row_decoder.h"
#include "server/sidecar/binlog/statement.h"
#include "server/sidecar/binlog/table_describer.h"
#include "server/sidecar/binlog/table_map.h"
#include "server/sidecar/binlog/transaction.h"

namespace fundgate::binlog {

struct ReaderOptions {
  // Every event must carry a CRC32: what a live connection that asked for checksums gives, also
  // before its format description. False: the format description decides.
  bool require_checksum = false;
  // Which tables' rows are told; empty: all. Rows of others are walked over, not decoded, and still
  // counted in RowChange::index, so that an index doesn't depend on what is asked for.
  std::function<bool(std::string_view database, std::string_view table)> wants_table;
  // Names events in errors, and transactions that have no GTID, until a ROTATE names another file.
  std::string file_name;
  // The collation (e.g. 45 for utf8mb4) of strings of tables whose character sets the server didn't
  // log (binlog_row_metadata=NO_LOG, MySQL before 8.0). 0: such strings come as kBytes.
  uint16_t assumed_collation = 0;
  // Who describes tables whose maps don't name their columns; null: nobody. Lives longer than the
  // reader.
  TableDescriber* describer = nullptr;
};

// Reads the events of one connection or file in their order and tells the listener. Knows MariaDB
// 10 and later, MySQL 5.1 and later (binlog version 4). Holds one event's memory and the maps of
// tables; rows are told one at a time. Not for several threads at a time.
//
// How a transaction ends: XID; QUERY "COMMIT" or "ROLLBACK"; XA_PREPARE; with a MariaDB GTID marked
// standalone, the event after it; a statement outside BEGIN by itself. A format description inside
// a transaction says that the server crashed while it wrote it: it ends as kCutOff. Tables without
// transactions may keep what it changed all the same.
//
// A ROLLBACK in a binlog means that tables without transactions keep their changes, and a binlog
// doesn't say which those are: each table with rows in it is told as Unreadable before the end.
// So it is with ROLLBACK TO a savepoint.
//
// What may have changed rows that can't be told (see Unreadable) is told inside a transaction;
// where it stands outside of one, in one of its own. Of tables nobody wants it isn't told. Old
// TIME, DATETIME and TIMESTAMP columns of MariaDB with a fraction (made under
// mysql56_temporal_format=OFF) don't say so in the binlog: a table with one decodes wrongly or
// comes as kRows.
class Reader {
 public:
  // `listener` lives longer than the reader.
  Reader(TransactionListener& listener, ReaderOptions options);
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  // Takes one whole event, header and CRC included, which is only read during the call. `offset`:
  // where it begins in its file; of a live event, end_position - size of its header.
  //
  // DATA_LOSS: damaged or out of place. FAILED_PRECONDITION: a format that can't be read here
  // (encrypted, no checksums where required, another binlog version). Both name file, offset and
  // event. Else what the listener returned, as it was. After an error every call returns it again:
  // begin anew with another reader.
  absl::Status Apply(std::span<const uint8_t> event, uint64_t offset);

  // What the stream has come to.
  bool in_transaction() const { return open_; }
  const std::string& file_name() const { return options_.file_name; }
  EventType last_type() const { return header_.type; }        // of the last event applied
  uint64_t last_end() const { return header_.end_position; }  // of it, as EventHeader has it
  // Whether the newest event ends at last_end() of file_name(). Made-up ones end nowhere, and a
  // ROTATE ends in one file and names another.
  bool ends_in_file() const { return last_end() > 0 && last_type() != EventType::kRotate; }
  // Empty before a format description.
  std::string_view server_version() const {
    return format_ ? std::string_view(format_->server_version) : std::string_view();
  }

 private:
  struct CachedMap;

  // reader.cc: the frame.
  absl::Status ApplyEvent(std::span<const uint8_t> event);
  absl::Status CheckFrame(std::span<const uint8_t> event);
  absl::StatusOr<std::span<const uint8_t>> Body(std::span<const uint8_t> event);
  absl::Status Dispatch(std::span<const uint8_t> body);
  absl::Status ApplyFormat(std::span<const uint8_t> event);
  absl::Status ApplyRotate(std::span<const uint8_t> body);
  absl::Status ApplyOther();
  absl::Status Damaged(std::string_view sentence) const;
  absl::Status Placed(const absl::Status& status) const;

  // reader_transactions.cc: where transactions begin and end.
  absl::Status ApplyMariaDbGtid(std::span<const uint8_t> body);
  absl::Status ApplyGtid(std::span<const uint8_t> body);
  absl::Status ApplyQuery(std::span<const uint8_t> body, bool compressed);
  absl::Status ApplyStatement(std::string_view database, std::string_view sql);
  absl::Status TellDescriber(std::string_view database, std::string_view sql);
  absl::Status TellStatement(const Statement& statement, std::string_view database,
                             std::string_view sql);
  absl::Status ApplyXid();
  absl::Status ApplyXaPrepare(std::span<const uint8_t> body);
  absl::Status ApplyIncident(std::span<const uint8_t> body);
  absl::Status BeginUnlessOpen(bool standalone);
  absl::Status BeginBetween();
  absl::Status Begin(bool standalone);
  absl::Status End(TransactionEnd end);
  absl::Status EndIfStandalone();
  absl::Status TellUnreadable(Unreadable::Kind kind, std::string_view database,
                              std::string_view table, std::string reason);
  absl::Status TellUndone(std::string_view by);
  TransactionHead NewHead() const;

  // reader_payload.cc: transactions in one event.
  absl::Status ApplyPayload(std::span<const uint8_t> body);
  absl::Status ApplyPacked(std::span<const uint8_t> event, uint64_t end_position);

  // reader_rows.cc: tables and their rows.
  absl::Status ApplyTableMap(std::span<const uint8_t> body);
  absl::Status ApplyRows(std::span<const uint8_t> body);
  absl::Status ApplyPartialRows(std::span<const uint8_t> body);
  absl::Status ApplyImages(CachedMap& map, Bytes& in);
  absl::Status TellRows(CachedMap& map, RowOperation operation,
                        std::span<const uint8_t> present_before,
                        std::span<const uint8_t> present_after, Bytes in);
  absl::Status TellUndecodable(const CachedMap& map, const std::string& why);
  absl::Status EndOfStatement();

  TransactionListener& listener_;
  ReaderOptions options_;
  absl::Status failed_;
  std::optional<Format> format_;

  // The event being applied.
  EventHeader header_;
  uint64_t offset_ = 0;
  bool checksum_held_ = false;
  std::vector<uint8_t> inflated_;

  // The transaction being read.
  bool open_ = false;
  bool standalone_ = false;  // ends with the next event that isn't a preface
  bool implicit_ = false;    // rows without BEGIN: ends with their statement
  bool has_content_ = false;
  std::optional<TransactionHead> announced_;  // by a GTID of MySQL; begins with the next event
  TransactionHead head_;
  uint64_t transactions_ = 0;  // begun so far: this one's number
  uint64_t statements_ = 0;    // as text, so far
  uint32_t row_index_ = 0;
  std::string annotation_;
  std::vector<std::pair<std::string, std::string>> changed_;  // tables with rows in it

  std::unordered_map<uint64_t, std::unique_ptr<CachedMap>> maps_;
  RowDecoder decoder_;
  Arena arena_;
  std::vector<Value> before_;
  std::vector<Value> after_;
};

}  // namespace fundgate::binlog

#endif  // SERVER_SIDECAR_BINLOG_READER_H_
