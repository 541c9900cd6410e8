#include "server/sidecar/mapping/row_frame.h"

#include <algorithm>
#include <limits>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/sidecar/mapping/row_identity.h"

namespace fundgate::mapping {
namespace {

using Kind = binlog::Value::Kind;
using expression::ErrorCode;

constexpr std::string_view kRow = "row.";
constexpr char kBytes[] =
    "the column holds bytes, which expressions can't read; map a column of text or of numbers";

std::string NamesOf(const binlog::Table& table) {
  return absl::StrJoin(table.columns, ", ", [](std::string* out, const binlog::Column& column) {
    out->append(column.name);
  });
}

}  // namespace

expression::Value ToExpression(const binlog::Value& value) {
  switch (value.kind) {
    case Kind::kAbsent:
      return expression::Value::Absent();
    case Kind::kNull:
      return expression::Value::Null();
    case Kind::kInt:
      return expression::Value::Int(value.integer);
    case Kind::kUint:
      return value.integer >= 0 ? expression::Value::Int(value.integer)
                                : expression::Value::Uint(static_cast<uint64_t>(value.integer));
    case Kind::kFloat:
    case Kind::kDouble:
      return expression::Value::Double(value.real);
    case Kind::kBytes:
      return expression::Value::Error(ErrorCode::kHost, kBytes);
    case Kind::kDecimal:
    case Kind::kText:
    case Kind::kEnum:
    case Kind::kSet:
    case Kind::kDate:
    case Kind::kTime:
    case Kind::kDateTime:
    case Kind::kTimestamp:
      return expression::Value::String(value.text);
    case Kind::kUnreadable:
      return expression::Value::Error(ErrorCode::kHost, value.text.data());
  }
  return expression::Value::Absent();
}

RowFrame::RowFrame(const expression::Environment& environment) {
  for (const expression::Slot& slot : environment.slots()) {
    columns_.push_back(slot.path.substr(std::min(slot.path.size(), kRow.size())));
  }
  indexes_.resize(columns_.size());
  values_.resize(columns_.size());
}

absl::Status RowFrame::Bind(const binlog::Table& table) {
  for (size_t slot = 0; slot < columns_.size(); ++slot) {
    // A message may have names that differ in case alone.
    auto found =
        std::find_if(table.columns.begin(), table.columns.end(),
                     [&](const binlog::Column& column) { return column.name == columns_[slot]; });
    if (found == table.columns.end()) {
      found = std::find_if(table.columns.begin(), table.columns.end(),
                           [&](const binlog::Column& column) {
                             return absl::EqualsIgnoreCase(column.name, columns_[slot]);
                           });
    }
    if (found == table.columns.end()) {
      return absl::FailedPreconditionError(absl::StrCat(
          "table ", table.database, ".", table.name, " has no column \"", columns_[slot],
          "\", which the policy reads as row.", columns_[slot], "; there are: ", NamesOf(table),
          ". Add the column, or apply a policy that doesn't read it"));
    }
    indexes_[slot] = static_cast<uint32_t>(found - table.columns.begin());
  }
  return absl::OkStatus();
}

void RowFrame::Fill(std::span<const binlog::Value> image) {
  scratch_.Clear();
  for (size_t slot = 0; slot < indexes_.size(); ++slot) {
    values_[slot] = ToExpression(image[indexes_[slot]]);
  }
}

bool RowFrame::Lacks(std::span<const binlog::Value> image) const {
  return std::any_of(indexes_.begin(), indexes_.end(),
                     [image](uint32_t index) { return image[index].kind == Kind::kAbsent; });
}

bool RowFrame::Differ(std::span<const binlog::Value> a, std::span<const binlog::Value> b) const {
  return std::any_of(indexes_.begin(), indexes_.end(),
                     [&](uint32_t index) { return !SameValue(a[index], b[index]); });
}

std::string RowFrame::Describe(const expression::Program& program) const {
  std::vector<std::string> said;
  for (const uint32_t slot : program.slots_used()) {
    if (values_[slot].is_null()) {
      said.push_back(absl::StrCat("column ", columns_[slot], " is NULL"));
    } else if (values_[slot].is_absent()) {
      said.push_back(absl::StrCat("column ", columns_[slot],
                                  " is not in the row's image: set binlog_row_image=FULL"));
    }
  }
  if (!said.empty()) return absl::StrJoin(said, "; ");
  for (const uint32_t slot : program.slots_used()) {
    said.push_back(absl::StrCat("column ", columns_[slot]));
  }
  return absl::StrJoin(said, ", ");
}

}  // namespace fundgate::mapping
