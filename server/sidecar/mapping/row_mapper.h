// From changed rows to what the gate is told: movements, facts, and gaps where a row can't be read.
#ifndef SERVER_SIDECAR_MAPPING_ROW_MAPPER_H_
#define SERVER_SIDECAR_MAPPING_ROW_MAPPER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fundgate/policy/v1/document.pb.h"
#include "fundgate/v1/event.pb.h"
#include "server/sidecar/binlog/transaction.h"

namespace fundgate::mapping {

struct EventHead;
class RowWriter;
class SourceTables;

// Maps the rows of one source by the policy's declaration of its tables. Fed by a
// binlog::TransactionListener:
//
//   OnBegin       mapper.Begin(head);
//   OnRow         mapper.AppendEvents(row, &staged);       most rows of most tables append nothing
//   OnUnreadable  mapper.AppendGaps(unreadable, &staged);
//   OnEnd         for each staged event: mapper.Mark(event); then it may be sent
//
// What a row says:
// - A change gives at most one event for each kind of movement that the table's declarations emit.
//   `before` and `after` say what the row counted for; one event has both even if its key changed.
//   A row that says nothing about the kind before and after gives no event.
// - An update that moves a row from one kind to another (by a flag that the conditions read) gives
//   an event for each kind: here the row counts no more, there it counts from now on.
// - Several declarations of a table for one kind are alternatives; a row that more than one of them
//   takes is a gap.
// - `counts` is asked first, then `in_progress`, then `failed`: the first that is true is the
//   row's status.
// - An update that changes nothing that the declarations read is sent all the same if the row says
//   something: it changes no counter, but the gate keeps the row's newest image hash, by which it
//   knows the row again after positions changed their coordinates.
// - A fact is told with both images too, but only if what it says has changed: see fact_changes.h.
// - A change of columns that a guard names is told as such: see guard_declaration.h.
// - An update of the primary key is told as the deletion of one row and the insertion of another.
// - What can't be read of a row that says something, or that may say something, is a gap: of the
//   order if account and order can be read, else of the account, else of the kind. Its reason names
//   the field and the columns at fault.
// - A table whose definition the mapping doesn't survive (a column that a declaration reads is
//   missing, there is no primary key, or nobody can say its columns' names) gives one gap a
//   transaction for each kind and fact that can't be read; the others are read as ever. Where a
//   column that a guard names is missing, each kind and fact of the table has that gap.
// - Of a partial row image (binlog_row_image MINIMAL or NOBLOB), a column that is only in the image
//   before an update has not changed. An update that can't have changed any column that a
//   declaration reads gives no event, even if those columns are in no image.
//
// Numbering: Event.event_id is the transaction's id. Event.row_index is kEventsOfARow times the
// row's index in its transaction, plus how many events the same row gave before (of another kind,
// by the kinds' names, then of a fact, or of a changed primary key; the last number serves for all
// that are too many). So two events don't share a name, the numbers of a transaction never run
// backwards, and a row that is delivered again, even after the policy has changed, carries its old
// ones as long as the declarations take it as before.
//
// Used by one thread. Frames and buffers are kept between rows; an event allocates what it holds.
class RowMapper {
 public:
  // `document` must have passed policy::LoadPolicy (or ReadPolicyDocument and Validate); nothing of
  // it is referred to afterwards. NOT_FOUND if it has no such source, INVALID_ARGUMENT with the
  // place and the reason if the source reports by itself or a table doesn't compile.
  static absl::StatusOr<RowMapper> Create(const policy::v1::Document& document,
                                          std::string_view source);

  RowMapper(RowMapper&&) noexcept;
  RowMapper& operator=(RowMapper&&) noexcept;
  ~RowMapper();

  // What IngestRequest.mapping_version must say: policy::MappingVersion of the source.
  uint64_t mapping_version() const { return mapping_version_; }

  // The columns of "database.table" that the declarations read, sorted.
  std::vector<std::string> ColumnsOf(const std::string& table) const;

  // Begins a transaction: forgets the marks of the one before.
  void Begin(const binlog::TransactionHead& head);

  // Appends the events of one row of the transaction, often none. FAILED_PRECONDITION if a column
  // that the marker reads is missing, or one of a table that only guards read: no gap can say that.
  // The sentence names table and column and says what to do; nothing is appended, and going on
  // would pass rows over: the caller must stop.
  absl::Status AppendEvents(const binlog::RowChange& row, std::vector<v1::Event>* out);

  // Appends a gap for each kind of movement, and each fact, that the unreadable thing may have
  // touched: the kinds that read its column, those of its table, of all mapped tables of its
  // database, or all of them. None if it touches no mapped table. Their row_index is that of the
  // newest row, or 0.
  void AppendGaps(const binlog::Unreadable& unreadable, std::vector<v1::Event>* out) const;

  // Adds to an event of the transaction the marks that the marker table's rows gave in it; they may
  // stand before or after the rows that they mark. To be called when the transaction has ended.
  void Mark(v1::Event& event) const;

  // How far apart the row_index of two rows are.
  static constexpr uint32_t kEventsOfARow = 8;
  // Rows of a transaction, so that their numbers fit and some above them are free.
  static constexpr uint32_t kRowsMax = UINT32_MAX / kEventsOfARow;
  // Bytes of statements that the events of one transaction carry together: a statement that changes
  // many rows stands in the first of them, so that it isn't kept a million times.
  static constexpr size_t kMaxStatementsBytes = 256 * 1024;
  // Bytes of EventOrigin.statement, cut between two characters.
  static constexpr size_t kMaxStatementBytes = 4096;
  // Bytes of the statement that a guarded change has even where it is left out otherwise.
  static constexpr size_t kMaxStatementHeadBytes = 256;
  // Bytes of a mark, cut likewise.
  static constexpr size_t kMaxMarkBytes = 1024;

 private:
  RowMapper(std::unique_ptr<SourceTables> tables, uint64_t mapping_version);

  RowWriter NewWriter(const binlog::RowChange& row, std::span<const binlog::Value> before,
                      std::span<const binlog::Value> after, std::vector<v1::Event>* out);
  void TellProblem(const std::string& kind, const std::string& problem,
                   const std::function<RowWriter&()>& writer);
  EventHead HeadOf(uint32_t row_index) const;
  // What of a row's statement its events carry.
  std::string TakeStatement(std::string_view statement);

  std::unique_ptr<SourceTables> tables_;
  uint64_t mapping_version_ = 0;
  binlog::TransactionHead head_;
  uint32_t last_index_ = 0;                   // of the newest row of the transaction
  size_t statements_bytes_ = 0;               // of the transaction's events so far
  std::map<std::string, std::string> marks_;  // of the transaction
  std::set<std::string> told_;                // kinds that can't be read, of the transaction
  std::vector<binlog::Value> merged_;         // memory for an image made of two
};

}  // namespace fundgate::mapping

#endif  // SERVER_SIDECAR_MAPPING_ROW_MAPPER_H_
