#include "server/policy/mapping.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/map.h"
#include "server/policy/fnv1a.h"
#include "server/policy/money_functions.h"

namespace fundgate::policy {
namespace {

using expression::Type;

// An environment in which `row` has any column; which ones exist, only the run can tell.
std::unique_ptr<expression::Environment> NewRowEnvironment() {
  auto environment = std::make_unique<expression::Environment>();
  const bool declared = AddMoney(*environment).ok() &&
                        environment->AddRecord({"row", {}, true}).ok() &&
                        environment->AddVariable("row", Type::Record("row")).ok();
  return declared ? std::move(environment) : nullptr;
}

bool IsAmount(const std::string& field) {
  return field == "amount" || absl::StartsWith(field, "parts.");
}

class TableCompiler {
 public:
  TableCompiler(expression::Environment& environment, std::vector<MappingIssue>* issues)
      : environment_(environment), issues_(issues) {}

  std::optional<expression::Program> Compile(const std::string& field, const std::string& text,
                                             const Type& expected) {
    expression::Compiled compiled = expression::Compile(environment_, text, expected);
    for (expression::Issue& issue : compiled.issues) issues_->push_back({field, std::move(issue)});
    return std::move(compiled.program);
  }

  // Text fields: a column of text or of integers.
  std::optional<expression::Program> CompileName(const std::string& field,
                                                 const std::string& text) {
    std::optional<expression::Program> program = Compile(field, text, Type::Dynamic());
    if (!program.has_value()) return program;
    const Type& type = program->result_type();
    if (type.is(Type::Kind::kDynamic) || type.is(Type::Kind::kString) ||
        type.is(Type::Kind::kInt)) {
      return program;
    }
    issues_->push_back(
        {field,
         {0,
          {},
          absl::StrCat("this yields ", type.ToString(), "; text or a whole number was expected")}});
    return std::nullopt;
  }

  std::optional<expression::Program> CompileAmount(const std::string& field,
                                                   const std::string& text) {
    std::optional<expression::Program> program = Compile(field, text, Type::Dynamic());
    if (!program.has_value() || program->result_type() == MoneyType()) return program;
    issues_->push_back(
        {field,
         {0,
          {},
          absl::StrCat("this yields ", program->result_type().ToString(),
                       "; an amount of money was expected: write money(row.amount, \"CNY\", "
                       "\"major\") or \"minor\", so that its currency and unit are plain")}});
    return std::nullopt;
  }

 private:
  expression::Environment& environment_;
  std::vector<MappingIssue>* issues_;
};

// Sorted: a map of protobuf has no order that is the same everywhere.
std::map<std::string, std::string> Sorted(
    const google::protobuf::Map<std::string, std::string>& map) {
  return {map.begin(), map.end()};
}

void AddEntries(const google::protobuf::Map<std::string, std::string>& map, Fnv1a& hash) {
  for (const auto& [name, text] : Sorted(map)) {
    hash.AddText(name);
    hash.AddText(text);
  }
}

uint64_t HashOf(const v1::Table& table) {
  Fnv1a hash;
  for (const std::string* text :
       {&table.table(), &table.emit(), &table.counts(), &table.in_progress(), &table.failed()}) {
    hash.AddText(*text);
  }
  AddEntries(table.fields(), hash);
  return hash.value();
}

}  // namespace

std::optional<TableMapping> CompileTable(const v1::Table& table,
                                         std::vector<MappingIssue>* issues) {
  const size_t issues_before = issues->size();
  std::unique_ptr<expression::Environment> environment = NewRowEnvironment();
  if (environment == nullptr) {
    issues->push_back({"table", {0, {}, "the environment of row expressions can't be made"}});
    return std::nullopt;
  }
  TableCompiler compiler(*environment, issues);
  std::optional<expression::Program> counts =
      compiler.Compile("counts", table.counts(), Type::Bool());
  std::optional<expression::Program> in_progress;
  std::optional<expression::Program> failed;
  if (!table.in_progress().empty()) {
    in_progress = compiler.Compile("in_progress", table.in_progress(), Type::Bool());
  }
  if (!table.failed().empty()) {
    failed = compiler.Compile("failed", table.failed(), Type::Bool());
  }
  std::map<std::string, expression::Program> fields;
  for (const auto& [name, text] : Sorted(table.fields())) {
    const std::string field = absl::StrCat("fields.", name);
    std::optional<expression::Program> program =
        IsAmount(name) ? compiler.CompileAmount(field, text) : compiler.CompileName(field, text);
    if (program.has_value()) fields.emplace(name, *std::move(program));
  }
  if (issues->size() > issues_before || !counts.has_value()) return std::nullopt;
  return TableMapping{table.table(),      table.emit(),           std::move(environment),
                      *std::move(counts), std::move(in_progress), std::move(failed),
                      std::move(fields)};
}

std::optional<MarkerMapping> CompileMarker(const v1::Marker& marker,
                                           std::vector<MappingIssue>* issues) {
  const size_t issues_before = issues->size();
  std::unique_ptr<expression::Environment> environment = NewRowEnvironment();
  if (environment == nullptr) {
    issues->push_back({"table", {0, {}, "the environment of row expressions can't be made"}});
    return std::nullopt;
  }
  TableCompiler compiler(*environment, issues);
  std::map<std::string, expression::Program> marks;
  for (const auto& [name, text] : Sorted(marker.marks())) {
    std::optional<expression::Program> program =
        compiler.CompileName(absl::StrCat("marks.", name), text);
    if (program.has_value()) marks.emplace(name, *std::move(program));
  }
  if (issues->size() > issues_before) return std::nullopt;
  return MarkerMapping{marker.table(), std::move(environment), std::move(marks)};
}

uint64_t MappingVersion(const v1::Source& source) {
  if (source.tables().empty()) return 0;
  std::vector<uint64_t> tables;
  for (const v1::Table& table : source.tables()) tables.push_back(HashOf(table));
  std::sort(tables.begin(), tables.end());
  Fnv1a hash;
  for (const uint64_t table : tables) hash.AddText(absl::StrCat(absl::Hex(table)));
  if (source.has_marker()) {
    hash.AddText(source.marker().table());
    AddEntries(source.marker().marks(), hash);
  }
  return hash.value() == 0 ? 1 : hash.value();
}

}  // namespace fundgate::policy
