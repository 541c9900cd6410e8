// Where transactions begin and end: GTIDs, statements as text, XID and XA.
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "fundgate/types/text.h"
#include "server/sidecar/binlog/cached_map.h"
#include "server/sidecar/binlog/gtid.h"
#include "server/sidecar/binlog/inflate.h"
#include "server/sidecar/binlog/reader.h"

namespace fundgate::binlog {
namespace {

// Flags of MariaDB's GTID. Written by servers: never renumber.
constexpr uint8_t kStandalone = 0x01;
constexpr uint8_t kGroupCommit = 0x02;
constexpr uint8_t kPreparesXa = 0x40;
constexpr uint8_t kCompletesXa = 0x80;

constexpr size_t kMaxQuoted = 200;  // of a statement in a reason

// The beginning of a text of the server on one line, as UTF-8.
std::string Quoted(std::string_view text) {
  std::string quoted(text.substr(0, kMaxQuoted));
  if (text.size() > kMaxQuoted) {
    while (!quoted.empty() && (quoted.back() & 0xc0) == 0x80) quoted.pop_back();
    if (!quoted.empty()) quoted.pop_back();
    quoted += "...";
  }
  for (char& character : quoted) {
    if (static_cast<unsigned char>(character) < 0x20) character = ' ';
  }
  return IsUtf8(quoted) ? quoted : absl::CHexEscape(quoted);
}

}  // namespace

TransactionHead Reader::NewHead() const {
  TransactionHead head;
  head.id = absl::StrCat(options_.file_name, ":", offset_);
  head.server_id = header_.server_id;
  head.committed_at = header_.timestamp;
  head.skip_replication = (header_.flags & EventHeader::kSkipReplication) != 0;
  return head;
}

absl::Status Reader::Begin(bool standalone) {
  if (open_) return Damaged("a transaction begins inside " + head_.id + ", which has not ended");
  head_ = announced_ ? *std::exchange(announced_, std::nullopt) : NewHead();
  head_.standalone = standalone;
  open_ = true;
  standalone_ = standalone;
  implicit_ = false;
  has_content_ = false;
  row_index_ = 0;
  changed_.clear();
  ++transactions_;
  return listener_.OnBegin(head_);
}

absl::Status Reader::BeginUnlessOpen(bool standalone) {
  return open_ ? absl::OkStatus() : Begin(standalone);
}

// Of an event that may stand between transactions.
absl::Status Reader::BeginBetween() {
  if (!open_ && !announced_) {
    announced_ = NewHead();
    announced_->stands_between = true;
  }
  return BeginUnlessOpen(true);
}

absl::Status Reader::End(TransactionEnd end) {
  if (!open_) return Damaged("a transaction ends, but none has begun");
  open_ = false;
  annotation_.clear();
  return listener_.OnEnd(end);
}

absl::Status Reader::EndIfStandalone() {
  has_content_ = true;
  return standalone_ ? End(TransactionEnd::kCommit) : absl::OkStatus();
}

absl::Status Reader::TellUnreadable(Unreadable::Kind kind, std::string_view database,
                                    std::string_view table, std::string reason) {
  if (!table.empty() && options_.wants_table && !options_.wants_table(database, table))
    return absl::OkStatus();
  return listener_.OnUnreadable(
      {.kind = kind, .database = database, .table = table, .reason = std::move(reason)});
}

absl::Status Reader::TellUndone(std::string_view by) {
  for (const auto& [database, table] : changed_) {
    FUNDGATE_RETURN_IF_ERROR(TellUnreadable(
        Unreadable::Kind::kRows, database, table,
        absl::StrCat(ToAbsl(by), " in ", head_.id, " undoes rows of ", database, ".", table,
                     " that were told, but only if the table is transactional, which a binlog",
                     " doesn't say")));
  }
  return absl::OkStatus();
}

absl::Status Reader::ApplyMariaDbGtid(std::span<const uint8_t> body) {
  Bytes in(body);
  const uint64_t sequence = in.Little(8);
  const uint64_t domain = in.Little(4);
  const uint8_t flags = in.Byte();
  if ((flags & kGroupCommit) != 0) in.Little(8);
  std::string xa_id;
  if ((flags & (kPreparesXa | kCompletesXa)) != 0) {
    const auto format = static_cast<uint32_t>(in.Little(4));
    const uint8_t global_size = in.Byte();
    const uint8_t branch_size = in.Byte();
    const std::string_view global = in.Text(global_size);
    xa_id = XaName(global, in.Text(branch_size), format);
  }
  if (!in.ok()) return Damaged("it is too short");
  if (open_) return Damaged("a transaction begins inside " + head_.id + ", which has not ended");
  announced_ = NewHead();
  announced_->id = absl::StrCat(domain, "-", header_.server_id, "-", sequence);
  announced_->xa_id = std::move(xa_id);
  annotation_.clear();
  return Begin((flags & kStandalone) != 0);
}

absl::Status Reader::ApplyGtid(std::span<const uint8_t> body) {
  std::optional<std::string> id =
      header_.type == EventType::kGtidTagged ? ReadTaggedGtid(body) : ReadGtid(body);
  if (!id) return Damaged("it is too short, or its name can't be read");
  if (open_) return Damaged("a transaction begins inside " + head_.id + ", which has not ended");
  // What begins is only known from the next event.
  announced_ = NewHead();
  if (header_.type != EventType::kAnonymousGtid) announced_->id = *std::move(id);
  annotation_.clear();
  return absl::OkStatus();
}

absl::Status Reader::ApplyQuery(std::span<const uint8_t> body, bool compressed) {
  Bytes in(body);
  const size_t post_header = format_->PostHeaderSize(header_.type, 13);
  if (post_header < 13) return Damaged("its layout is older than MySQL 5.0's");
  Bytes fixed(in.Take(post_header));
  fixed.Little(8);  // the thread and how long it took
  const uint64_t database_size = fixed.Byte();
  fixed.Little(2);  // an error that is no concern of ours
  const uint64_t variables_size = fixed.Little(2);
  in.Take(variables_size);
  const std::string_view database = in.Text(database_size);
  const uint8_t database_end = in.Byte();
  if (!in.ok() || database_end != 0) return Damaged("its database's name is damaged");
  if (!compressed) return ApplyStatement(database, AsText(in.rest()));
  absl::Status inflated = InflateEvent(in.rest(), inflated_);
  if (!inflated.ok()) return Placed(inflated);
  return ApplyStatement(database, AsText(inflated_));
}

absl::Status Reader::ApplyStatement(std::string_view database, std::string_view sql) {
  const Statement statement = Classify(sql, database);
  switch (statement.kind) {
    case Statement::Kind::kBegin:
    case Statement::Kind::kXaStart:
      // MariaDB's GTID has begun it already for readers that know GTIDs.
      if (open_ && !has_content_) return absl::OkStatus();
      if (!announced_) announced_ = NewHead();
      announced_->xa_id = statement.xa_id;
      return Begin(false);
    case Statement::Kind::kCommit:
      return End(TransactionEnd::kCommit);
    case Statement::Kind::kRollback:
      if (open_) FUNDGATE_RETURN_IF_ERROR(TellUndone("ROLLBACK"));
      return End(TransactionEnd::kRollback);
    case Statement::Kind::kXaEnd:
      return absl::OkStatus();
    case Statement::Kind::kXaCommit:
    case Statement::Kind::kXaRollback: {
      if (!open_) {
        if (!announced_) announced_ = NewHead();
        announced_->xa_id = statement.xa_id;
        FUNDGATE_RETURN_IF_ERROR(Begin(true));
      }
      return End(statement.kind == Statement::Kind::kXaCommit ? TransactionEnd::kXaCommit
                                                              : TransactionEnd::kXaRollback);
    }
    case Statement::Kind::kRollbackTo:
    case Statement::Kind::kNoRows:
    case Statement::Kind::kChangesRows:
      break;
  }
  FUNDGATE_RETURN_IF_ERROR(BeginUnlessOpen(true));
  FUNDGATE_RETURN_IF_ERROR(TellStatement(statement, database, sql));
  FUNDGATE_RETURN_IF_ERROR(TellDescriber(database, sql));
  return EndIfStandalone();
}

absl::Status Reader::TellDescriber(std::string_view database, std::string_view sql) {
  ++statements_;
  if (options_.describer == nullptr) return absl::OkStatus();
  FUNDGATE_ASSIGN_OR_RETURN(const std::vector<ColumnLoss> losses,
                            options_.describer->OnStatement(head_, database, sql));
  for (const ColumnLoss& loss : losses) {
    if (options_.wants_table && !options_.wants_table(loss.database, loss.table)) continue;
    FUNDGATE_RETURN_IF_ERROR(
        listener_.OnUnreadable({.kind = Unreadable::Kind::kDefinition,
                                .database = loss.database,
                                .table = loss.table,
                                .reason = absl::StrCat(loss.reason, ": ", Quoted(sql)),
                                .column = loss.column}));
  }
  return absl::OkStatus();
}

absl::Status Reader::TellStatement(const Statement& statement, std::string_view database,
                                   std::string_view sql) {
  if (statement.kind == Statement::Kind::kRollbackTo)
    FUNDGATE_RETURN_IF_ERROR(TellUndone("ROLLBACK TO a savepoint"));
  if (statement.kind != Statement::Kind::kChangesRows) return listener_.OnStatement(database, sql);
  for (const TableName& name : statement.tables) {
    FUNDGATE_RETURN_IF_ERROR(TellUnreadable(
        Unreadable::Kind::kStatement, name.database, name.table,
        absl::StrCat("a statement may have changed rows, and the binlog has only its text: ",
                     Quoted(sql))));
  }
  return absl::OkStatus();
}

absl::Status Reader::ApplyXid() { return End(TransactionEnd::kCommit); }

absl::Status Reader::ApplyXaPrepare(std::span<const uint8_t> body) {
  Bytes in(body);
  const bool one_phase = in.Byte() != 0;
  if (!in.ok()) return Damaged("it is too short");
  return End(one_phase ? TransactionEnd::kCommit : TransactionEnd::kXaPrepare);
}

absl::Status Reader::ApplyIncident(std::span<const uint8_t> body) {
  Bytes in(body);
  in.Little(2);  // a number: there is only one, for lost events
  const std::string_view message = in.Text(in.Byte());
  FUNDGATE_RETURN_IF_ERROR(BeginBetween());
  FUNDGATE_RETURN_IF_ERROR(
      TellUnreadable(Unreadable::Kind::kIncident, "", "",
                     absl::StrCat("the server says that events were lost: ", Quoted(message))));
  return EndIfStandalone();
}

}  // namespace fundgate::binlog
