#include "server/sidecar/mapping/guard_declaration.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/policy/mapping.h"
#include "server/sidecar/mapping/declaration.h"
#include "server/sidecar/mapping/row_identity.h"

namespace fundgate::mapping {
namespace {

using Kind = binlog::Value::Kind;

constexpr size_t kMaxShownBytes = 256;  // of a column's value in the contract

// What people are shown; nothing for NULL and for what isn't known.
std::optional<std::string> Shown(const binlog::Value& value) {
  switch (value.kind) {
    case Kind::kAbsent:
    case Kind::kNull:
      return std::nullopt;
    case Kind::kInt:
      return absl::StrCat(value.integer);
    case Kind::kUint:
      return absl::StrCat(static_cast<uint64_t>(value.integer));
    case Kind::kFloat:
    case Kind::kDouble:
      return absl::StrCat(value.real);
    case Kind::kBytes:
      return absl::StrCat("(", value.text.size(), " bytes)");
    default:
      return CutText(value.text, kMaxShownBytes);
  }
}

std::optional<expression::Program> CompileField(expression::Environment& environment,
                                                const std::string& field, const std::string& text,
                                                std::vector<policy::MappingIssue>& issues) {
  if (text.empty()) return std::nullopt;
  return policy::CompileName(environment, field, text, &issues);
}

}  // namespace

absl::StatusOr<std::unique_ptr<GuardDeclaration>> GuardDeclaration::Create(
    const std::string& name, const policy::v1::Guard& guard) {
  std::unique_ptr<expression::Environment> environment = policy::NewRowEnvironment();
  if (environment == nullptr) return absl::InternalError("row expressions can't be made");
  std::vector<policy::MappingIssue> issues;
  std::optional<expression::Program> key = CompileField(*environment, "key", guard.key(), issues);
  std::optional<expression::Program> account =
      CompileField(*environment, "account_id", guard.account_id(), issues);
  if (!issues.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("guard ", name, ": ", issues[0].field, ": ", issues[0].issue.message));
  }
  std::unique_ptr<GuardDeclaration> declaration(new GuardDeclaration(
      name, {guard.columns().begin(), guard.columns().end()}, std::move(environment)));
  declaration->key_ = std::move(key);
  declaration->account_ = std::move(account);
  declaration->frame_.emplace(*declaration->environment_);
  return declaration;
}

absl::Status GuardDeclaration::Bind(const binlog::Table& table) {
  indexes_.clear();
  for (const std::string& name : columns_) {
    const auto found = std::find_if(table.columns.begin(), table.columns.end(),
                                    [&name](const binlog::Column& column) {
                                      return absl::EqualsIgnoreCase(column.name, name);
                                    });
    if (found == table.columns.end()) {
      return absl::FailedPreconditionError(absl::StrCat(
          "table ", table.database, ".", table.name, " has no column \"", name, "\", which guard ",
          name_, " of the policy names. Add the column, or apply a policy without it"));
    }
    indexes_.push_back(static_cast<uint32_t>(found - table.columns.begin()));
  }
  return frame_->Bind(table);
}

bool GuardDeclaration::HasChanged(size_t column, Image before, Image after) const {
  if (before.empty() || after.empty()) return true;
  return !SameValue(before[indexes_[column]], after[indexes_[column]]);
}

bool GuardDeclaration::IsTouched(Image before, Image after) const {
  for (size_t i = 0; i < indexes_.size(); ++i) {
    if (HasChanged(i, before, after)) return true;
  }
  return false;
}

std::string GuardDeclaration::NameBy(const std::optional<expression::Program>& program) {
  if (!program.has_value()) return "";
  std::string problem;  // a name that can't be read is none: the change is told all the same
  return NameOf(frame_->Evaluate(*program), problem).value_or("");
}

void GuardDeclaration::Write(Image before, Image after, RowWriter& writer) {
  const bool has_after = !after.empty();
  v1::GuardedChange change;
  change.set_guard(name_);
  std::string problem;
  const std::string& key = writer.names().key(has_after);
  if (!writer.FillRow(key, has_after, *change.mutable_row(), problem)) {
    // Never left out for its length: the row is named as far as the contract takes it.
    (void)writer.FillRow(CutText(key, kMaxPrimaryKeyBytes), has_after, *change.mutable_row(),
                         problem);
  }
  change.set_change(before.empty() ? v1::ROW_CHANGE_INSERT
                    : has_after    ? v1::ROW_CHANGE_UPDATE
                                   : v1::ROW_CHANGE_DELETE);
  for (size_t i = 0; i < indexes_.size(); ++i) {
    if (!HasChanged(i, before, after)) continue;
    v1::GuardedColumn& column = *change.add_columns();
    column.set_name(columns_[i]);
    if (!before.empty()) {
      if (auto was = Shown(before[indexes_[i]])) column.set_before(*std::move(was));
    }
    if (has_after) {
      if (auto is = Shown(after[indexes_[i]])) column.set_after(*std::move(is));
    }
  }
  frame_->Fill(has_after ? after : before);
  change.set_account_id(NameBy(account_));
  change.set_idempotency_key(NameBy(key_));
  v1::Event& event = writer.Append();
  *event.mutable_guarded() = std::move(change);
  // Who may change it may be told by the statement, so its head is never left out.
  if (event.origin().statement().empty() && !writer.names().statement.empty()) {
    event.mutable_origin()->set_statement(writer.names().statement);
  }
}

}  // namespace fundgate::mapping
