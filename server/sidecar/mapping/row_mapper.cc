#include "server/sidecar/mapping/row_mapper.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "fundgate/types/text.h"
#include "server/policy/mapping.h"
#include "server/sidecar/mapping/fact_changes.h"
#include "server/sidecar/mapping/row_identity.h"
#include "server/sidecar/mapping/row_writer.h"
#include "server/sidecar/mapping/source_tables.h"

namespace fundgate::mapping {
namespace {

// One row under one kind: a reading of each image that there is.
struct Change {
  std::optional<Reading> before;
  std::optional<Reading> after;

  bool readable() const {
    return (!before.has_value() || before->readable()) && (!after.has_value() || after->readable());
  }
  bool speaks() const {
    return (before.has_value() && before->speaks()) || (after.has_value() && after->speaks());
  }
};

// What an image says of a kind. The kind's declarations are alternatives.
Reading ReadKind(KindDeclarations& kind, Image image) {
  Reading said;
  said.contribution.set_status(v1::MOVEMENT_STATUS_NONE);
  for (const auto& declaration : kind.declarations) {
    Reading reading = declaration->Read(image);
    if (!reading.speaks()) continue;
    if (!said.readable()) continue;
    if (said.speaks()) {
      said.problem = absl::StrCat("more than one declaration of the table takes the row as ",
                                  kind.kind, ": make their conditions exclude each other");
      continue;
    }
    said = std::move(reading);
  }
  return said;
}

v1::Gap GapOf(const std::string& kind, const std::string& table, const Reading& reading,
              const std::string& reason) {
  v1::Gap gap;
  gap.set_movement_kind(kind);
  gap.set_table(table);
  gap.set_reason(CutText(reason, kMaxGapReasonBytes));
  gap.set_account_id(reading.contribution.account_id());
  gap.set_idempotency_key(reading.contribution.idempotency_key());
  // An order is one of an account.
  if (!gap.account_id().empty()) gap.set_order_id(reading.contribution.order_id());
  return gap;
}

bool SameScope(const v1::Gap& a, const v1::Gap& b) {
  return a.account_id() == b.account_id() && a.order_id() == b.order_id();
}

// The gaps of a change that can't be read: where the row is and where it was, once if that is the
// same.
std::vector<v1::Gap> GapsOf(const std::string& kind, const std::string& table,
                            const std::string& row, const Change& change) {
  const bool blame_after = change.after.has_value() && !change.after->readable();
  const Reading& blamed = blame_after ? *change.after : *change.before;
  const std::string reason =
      absl::StrCat("row ", row, blame_after ? "" : " before its change", ": ", blamed.problem);
  std::vector<v1::Gap> gaps;
  for (const auto* side : {&change.after, &change.before}) {
    if (!side->has_value() || !(*side)->speaks()) continue;
    v1::Gap gap = GapOf(kind, table, **side, reason);
    if (gaps.empty() || !SameScope(gaps.front(), gap)) gaps.push_back(std::move(gap));
  }
  return gaps;
}

// A row's images in full as far as they are known: what an update left out of the image after has
// not changed.
class Images {
 public:
  explicit Images(const binlog::RowChange& row, std::vector<binlog::Value>& memory)
      : before_(row.before), after_(row.after) {
    const auto is_absent = [](const binlog::Value& value) {
      return value.kind == binlog::Value::Kind::kAbsent;
    };
    if (row.operation != binlog::RowOperation::kUpdate ||
        std::none_of(after_.begin(), after_.end(), is_absent)) {
      return;
    }
    memory.assign(after_.begin(), after_.end());
    for (size_t i = 0; i < memory.size(); ++i) {
      if (is_absent(memory[i])) memory[i] = before_[i];
    }
    after_ = memory;
  }

  Image before() const { return before_; }
  Image after() const { return after_; }

 private:
  Image before_;
  Image after_;
};

bool HasColumns(const binlog::RowChange& row) {
  const size_t columns = row.table->columns.size();
  const bool has_before = row.operation != binlog::RowOperation::kInsert;
  const bool has_after = row.operation != binlog::RowOperation::kDelete;
  return row.before.size() == (has_before ? columns : 0) &&
         row.after.size() == (has_after ? columns : 0);
}

// Writes what a row says of one kind of movement.
class MovementWriter {
 public:
  MovementWriter(const std::string& kind, RowWriter& writer) : kind_(kind), writer_(writer) {}

  void Write(Change change) {
    const RowNames& names = writer_.names();
    if (!change.readable()) {
      const std::string& key = names.key(change.after.has_value());
      for (v1::Gap& gap : GapsOf(kind_, names.table, key, change)) {
        writer_.AppendGap(std::move(gap));
      }
      return;
    }
    const bool is_another_row = change.before.has_value() && change.after.has_value() &&
                                names.key_before != names.key_after;
    if (!is_another_row) return Append(std::move(change));
    if (change.before->speaks()) Append(Change{std::move(change.before), std::nullopt});
    if (change.after->speaks()) Append(Change{std::nullopt, std::move(change.after)});
  }

 private:
  void Append(Change change) {
    const bool has_after = change.after.has_value();
    v1::EventRow row;
    std::string problem;
    if (!writer_.FillRow(writer_.names().key(has_after), has_after, row, problem)) {
      const Reading& said = has_after ? *change.after : *change.before;
      return writer_.AppendGap(GapOf(kind_, writer_.names().table, said, problem));
    }
    v1::MovementEvent& movement = *writer_.Append().mutable_movement();
    *movement.mutable_row() = std::move(row);
    movement.set_kind(kind_);
    if (change.before.has_value()) {
      *movement.mutable_before() = std::move(change.before->contribution);
    }
    if (has_after) *movement.mutable_after() = std::move(change.after->contribution);
  }

  const std::string& kind_;
  RowWriter& writer_;
};

void ReadMarks(MarkerDeclaration& marker, Image image, std::map<std::string, std::string>& marks) {
  marker.frame.Fill(image);
  for (const auto& [name, program] : marker.mapping.marks) {
    const expression::Value value = marker.frame.Evaluate(program);
    std::string text;
    if (value.is_string()) text = CutText(value.string_value(), RowMapper::kMaxMarkBytes);
    if (value.is_int()) text = absl::StrCat(value.int_value());
    if (value.kind() == expression::ValueKind::kUint) text = absl::StrCat(value.uint_value());
    if (!text.empty()) marks[name] = std::move(text);
  }
}

}  // namespace

RowMapper::RowMapper(std::unique_ptr<SourceTables> tables, uint64_t mapping_version)
    : tables_(std::move(tables)), mapping_version_(mapping_version) {}
RowMapper::RowMapper(RowMapper&&) noexcept = default;
RowMapper& RowMapper::operator=(RowMapper&&) noexcept = default;
RowMapper::~RowMapper() = default;

absl::StatusOr<RowMapper> RowMapper::Create(const policy::v1::Document& document,
                                            std::string_view source) {
  FUNDGATE_ASSIGN_OR_RETURN(std::unique_ptr<SourceTables> tables,
                            SourceTables::Create(document, source));
  return RowMapper(std::move(tables), policy::MappingVersion(document, std::string(source)));
}

std::vector<std::string> RowMapper::ColumnsOf(const std::string& table) const {
  return tables_->ColumnsOf(table);
}

void RowMapper::Begin(const binlog::TransactionHead& head) {
  head_ = head;
  last_index_ = 0;
  statements_bytes_ = 0;
  marks_.clear();
  told_.clear();
  tables_->NewTransaction();
}

EventHead RowMapper::HeadOf(uint32_t row_index) const {
  return {.transaction = &head_, .row_index = row_index * kEventsOfARow};
}

std::string RowMapper::TakeStatement(std::string_view statement) {
  if (statement.empty() || statements_bytes_ >= kMaxStatementsBytes) return "";
  std::string taken = CutText(statement, kMaxStatementBytes);
  statements_bytes_ += taken.size();
  return taken;
}

absl::Status RowMapper::AppendEvents(const binlog::RowChange& row, std::vector<v1::Event>* out) {
  last_index_ = row.index;
  FUNDGATE_ASSIGN_OR_RETURN(MappedTable * table, tables_->Find(*row.table));
  if (table == nullptr) return absl::OkStatus();
  if (!HasColumns(row)) {
    return absl::InternalError(absl::StrCat("a row of ", table->name,
                                            " has another number of columns than its table; the "
                                            "decoder is wrong: report this"));
  }
  if (row.index >= kRowsMax) {
    return absl::OutOfRangeError(absl::StrCat("transaction ", head_.id, " changes more than ",
                                              kRowsMax, " rows: it can't be followed"));
  }
  const Images images(row, merged_);
  if (table->marker != nullptr && table->marker->is_bound && !images.after().empty()) {
    ReadMarks(*table->marker, images.after(), marks_);
  }
  std::optional<RowWriter> writer;
  const auto write = [&]() -> RowWriter& {
    if (!writer.has_value()) writer.emplace(NewWriter(row, images.before(), images.after(), out));
    return *writer;
  };
  for (KindDeclarations& kind : table->kinds) {
    if (!table->guard_problem.empty()) TellProblem(kind.kind, table->guard_problem, write);
    if (!kind.problem.empty()) {
      TellProblem(kind.kind, kind.problem, write);
      continue;
    }
    const bool is_update = !images.before().empty() && !images.after().empty();
    if (is_update && IsUntouched(kind.declarations, images.before(), images.after())) continue;
    Change change;
    if (!images.before().empty()) change.before = ReadKind(kind, images.before());
    if (!images.after().empty()) change.after = ReadKind(kind, images.after());
    if (change.speaks()) MovementWriter(kind.kind, write()).Write(std::move(change));
  }
  for (FactDeclarations& fact : table->facts) {
    if (!table->guard_problem.empty()) TellProblem(fact.fact, table->guard_problem, write);
    if (!fact.problem.empty()) {
      TellProblem(fact.fact, fact.problem, write);
      continue;
    }
    WriteFacts(fact, images.before(), images.after(), write);
  }
  for (GuardDeclaration* const guard : table->watching) {
    if (guard->IsTouched(images.before(), images.after())) {
      guard->Write(images.before(), images.after(), write());
    }
  }
  return absl::OkStatus();
}

void RowMapper::TellProblem(const std::string& kind, const std::string& problem,
                            const std::function<RowWriter&()>& writer) {
  if (!told_.insert(kind).second) return;  // the first says enough
  v1::Gap gap;
  gap.set_movement_kind(kind);
  gap.set_table(writer().names().table);
  gap.set_reason(CutText(problem, kMaxGapReasonBytes));
  writer().AppendGap(std::move(gap));
}

RowWriter RowMapper::NewWriter(const binlog::RowChange& row, std::span<const binlog::Value> before,
                               std::span<const binlog::Value> after, std::vector<v1::Event>* out) {
  EventHead head = HeadOf(row.index);
  head.statement = TakeStatement(row.statement);
  return {{absl::StrCat(ToAbsl(row.table->database), ".", ToAbsl(row.table->name)),
           PrimaryKeyText(*row.table, before), PrimaryKeyText(*row.table, after),
           after.empty() ? 0 : ImageHash(after), CutText(row.statement, kMaxStatementHeadBytes)},
          std::move(head),
          out};
}

void RowMapper::AppendGaps(const binlog::Unreadable& unreadable,
                           std::vector<v1::Event>* out) const {
  for (const std::string& kind :
       tables_->KindsOf(unreadable.database, unreadable.table, unreadable.column)) {
    v1::Event event;
    HeadOf(last_index_).Fill(event);
    event.mutable_gap()->set_movement_kind(kind);
    if (!unreadable.table.empty()) {
      event.mutable_gap()->set_table(
          CutText(absl::StrCat(ToAbsl(unreadable.database), ".", ToAbsl(unreadable.table)), 256));
    }
    event.mutable_gap()->set_reason(CutText(unreadable.reason, kMaxGapReasonBytes));
    out->push_back(std::move(event));
  }
}

void RowMapper::Mark(v1::Event& event) const {
  for (const auto& [name, text] : marks_) {
    (*event.mutable_origin()->mutable_marker())[name] = text;
  }
}

}  // namespace fundgate::mapping
