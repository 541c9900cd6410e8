#include "server/sidecar/table_view.h"

#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "fundgate/types/text.h"
#include "server/sidecar/mariadb_columns.h"
#include "server/sidecar/sources/file_position.h"
#include "server/sidecar/sources/mariadb/primary_connection.h"

namespace fundgate::sidecar {
namespace {

using sources::MariadbSession;

// Reads no row, but keeps the table from being altered until the transaction ends.
absl::Status BeginWith(MariadbSession& reader, const binlog::TableName& table) {
  FUNDGATE_RETURN_IF_ERROR(reader.Query("START TRANSACTION WITH CONSISTENT SNAPSHOT").status());
  return reader.Query(absl::StrCat("SELECT 1 FROM ", Quoted(table), " LIMIT 0")).status();
}

class MariadbView final : public TableView {
 public:
  absl::StatusOr<BinlogPlace> Open(MariadbSession& reader,
                                   const binlog::TableName& table) override {
    FUNDGATE_RETURN_IF_ERROR(BeginWith(reader, table));
    FUNDGATE_ASSIGN_OR_RETURN(const std::vector<sources::ResultRow> rows,
                              reader.Query("SHOW STATUS LIKE 'binlog_snapshot_%'"));
    BinlogPlace place;
    for (const sources::ResultRow& row : rows) {
      const std::string name = absl::AsciiStrToLower(row[0].value_or(""));
      if (name == "binlog_snapshot_file") place.file = NumberOfBinlog(row[1].value_or(""));
      if (name == "binlog_snapshot_position") {
        (void)absl::SimpleAtoi(row[1].value_or(""), &place.offset);
      }
    }
    if (place.file == 0 || place.offset == 0) {
      return absl::FailedPreconditionError(
          "the server doesn't say where in its binlog a transaction's view stands "
          "(binlog_snapshot_file, binlog_snapshot_position)");
    }
    return place;
  }

  std::string Rights(const binlog::TableName& table) const override {
    return absl::StrCat("SELECT ON ", Quoted(table));
  }

  void Interrupt() override {}
};

class MysqlView final : public TableView {
 public:
  explicit MysqlView(const sources::Primary& primary)
      : locks_(primary.session->endpoint(), primary.login, primary.server_uid, primary.flavor,
               {// Else the engine would lock the table, too, and wait for longer.
                "SET SESSION autocommit = 1",
                absl::StrCat("SET SESSION lock_wait_timeout = ", kLockWaitSeconds)}) {}

  absl::StatusOr<BinlogPlace> Open(MariadbSession& reader,
                                   const binlog::TableName& table) override {
    FUNDGATE_ASSIGN_OR_RETURN(MariadbSession* const lock, locks_.Get());
    // Whatever fails, nobody is to wait for this one.
    absl::Cleanup unlock = [this] { locks_.Close(); };
    // It is a connection's own, so that between two views it may be quiet.
    FUNDGATE_RETURN_IF_ERROR(
        lock->Query(absl::StrCat("SET SESSION wait_timeout = ", kLockSeconds)).status());
    FUNDGATE_RETURN_IF_ERROR(Lock(*lock, table));
    FUNDGATE_RETURN_IF_ERROR(BeginWith(reader, table));
    FUNDGATE_ASSIGN_OR_RETURN(const sources::FilePlace end, sources::ReadBinlogEnd(*lock));
    // That it can be said is proof that the lock was held all the while.
    FUNDGATE_RETURN_IF_ERROR(lock->Query("UNLOCK TABLES").status());
    FUNDGATE_RETURN_IF_ERROR(lock->Query("SET SESSION wait_timeout = DEFAULT").status());
    std::move(unlock).Cancel();
    return PlaceAt(end);
  }

  std::string Rights(const binlog::TableName& table) const override {
    return absl::StrCat("SELECT ON ", Quoted(table), ", LOCK TABLES ON ", Quoted(table.database),
                        ".* and RELOAD, REPLICATION CLIENT ON *.*");
  }

  void Interrupt() override { locks_.Interrupt(); }

 private:
  // The server's smallest.
  static constexpr int kLockWaitSeconds = 1;
  // Without a word of its holder.
  static constexpr int kLockSeconds = 3;

  // A plain LOCK TABLES ... READ doesn't do: a 5.6 grants it beside transactions that have written
  // the table and are still open.
  static absl::Status Lock(MariadbSession& session, const binlog::TableName& table) {
    const absl::Status locked =
        session.Query(absl::StrCat("FLUSH TABLES ", Quoted(table), " WITH READ LOCK")).status();
    if (!absl::IsDeadlineExceeded(locked)) return locked;
    return absl::DeadlineExceededError(
        absl::StrCat("transactions that wrote or read ", table.database, ".", table.table,
                     ", or a statement on it, ", "stayed open for longer than ", kLockWaitSeconds,
                     " s: it can't be locked for a moment (SHOW PROCESSLIST and ",
                     "information_schema.INNODB_TRX tell whose)"));
  }

  static absl::StatusOr<BinlogPlace> PlaceAt(const sources::FilePlace& end) {
    const BinlogPlace place{NumberOfBinlog(end.file), end.offset};
    if (place.file == 0) {
      return absl::FailedPreconditionError(
          absl::StrCat("\"", end.file, "\" has no number: which binlog comes first isn't known"));
    }
    // Events don't say their place beyond; the server begins the next file right after it.
    if (place.offset > UINT32_MAX) {
      return absl::UnavailableError(absl::StrCat(end.file, " is longer than 4 GiB"));
    }
    return place;
  }

  sources::PrimaryConnection locks_;
};

}  // namespace

uint64_t NumberOfBinlog(std::string_view file_name) {
  uint64_t number = 0;
  const size_t dot = file_name.rfind('.');
  const bool read =
      dot != std::string_view::npos && absl::SimpleAtoi(ToAbsl(file_name.substr(dot + 1)), &number);
  return read ? number : 0;
}

std::string Quoted(const binlog::TableName& table) {
  return absl::StrCat(Quoted(table.database), ".", Quoted(table.table));
}

std::unique_ptr<TableView> NewTableView(const sources::Primary& primary) {
  if (primary.flavor == sources::Flavor::kMariadb) return std::make_unique<MariadbView>();
  return std::make_unique<MysqlView>(primary);
}

}  // namespace fundgate::sidecar
