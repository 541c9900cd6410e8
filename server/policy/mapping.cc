#include "server/policy/mapping.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/map.h"
#include "server/policy/fnv1a.h"
#include "server/policy/money_functions.h"
#include "server/policy/verification.h"

namespace fundgate::policy {
namespace {

using expression::Type;

bool IsAmount(const std::string& field) {
  return field == "amount" || absl::StartsWith(field, "parts.");
}

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

// How a topic's messages become rows.
uint64_t HashOf(const v1::Topic& topic) {
  Fnv1a hash;
  hash.AddText(topic.topic());
  hash.AddNumber(static_cast<uint64_t>(topic.envelope()), 4);
  hash.AddNumber(static_cast<uint64_t>(topic.decimals()), 4);
  const std::map<std::string, v1::KeyColumns> rows(topic.rows().begin(), topic.rows().end());
  for (const auto& [table, key] : rows) {
    hash.AddText(table);
    hash.AddNumber(static_cast<uint64_t>(key.columns_size()), 4);
    for (const std::string& column : key.columns()) hash.AddText(column);
  }
  AddEntries(topic.columns(), hash);
  return hash.value();
}

// What a guard's changes mean; not who may make them.
uint64_t HashOf(const std::string& name, const v1::Guard& guard) {
  Fnv1a hash;
  for (const std::string* text : {&name, &guard.table(), &guard.key(), &guard.account_id()}) {
    hash.AddText(*text);
  }
  for (const std::string& column : guard.columns()) hash.AddText(column);
  return hash.value();
}

// What a table's rows mean that are facts: the fact's types beside the table.
void AddFact(const v1::Fact& fact, const std::string& when, Fnv1a& hash) {
  hash.AddText(fact.key());
  hash.AddText(fact.account());
  hash.AddText(when);
  const std::map<std::string, int> types(fact.fields().begin(), fact.fields().end());
  for (const auto& [name, type] : types) {
    hash.AddText(name);
    hash.AddText(absl::StrCat(type));
  }
}

}  // namespace

std::unique_ptr<expression::Environment> NewRowEnvironment() {
  auto environment = std::make_unique<expression::Environment>();
  const bool declared = AddMoney(*environment).ok() &&
                        environment->AddRecord({"row", {}, true}).ok() &&
                        environment->AddVariable("row", Type::Record("row")).ok();
  return declared ? std::move(environment) : nullptr;
}

std::optional<expression::Program> CompileAs(expression::Environment& environment,
                                             const std::string& field, const std::string& text,
                                             const Type& expected,
                                             std::vector<MappingIssue>* issues) {
  expression::Compiled compiled = expression::Compile(environment, text, expected);
  for (expression::Issue& issue : compiled.issues) issues->push_back({field, std::move(issue)});
  return std::move(compiled.program);
}

std::optional<expression::Program> CompileName(expression::Environment& environment,
                                               const std::string& field, const std::string& text,
                                               std::vector<MappingIssue>* issues) {
  std::optional<expression::Program> program =
      CompileAs(environment, field, text, Type::Dynamic(), issues);
  if (!program.has_value()) return program;
  const Type& type = program->result_type();
  if (type.is(Type::Kind::kDynamic) || type.is(Type::Kind::kString) || type.is(Type::Kind::kInt)) {
    return program;
  }
  issues->push_back(
      {field,
       {0,
        {},
        absl::StrCat("this yields ", type.ToString(), "; text or a whole number was expected")}});
  return std::nullopt;
}

std::optional<expression::Program> CompileAmount(expression::Environment& environment,
                                                 const std::string& field, const std::string& text,
                                                 std::vector<MappingIssue>* issues) {
  std::optional<expression::Program> program =
      CompileAs(environment, field, text, Type::Dynamic(), issues);
  if (!program.has_value() || program->result_type().non_null() == MoneyType()) return program;
  issues->push_back(
      {field,
       {0,
        {},
        absl::StrCat("this yields ", program->result_type().ToString(),
                     "; an amount of money was expected: write money(row.amount, \"CNY\", "
                     "\"major\") or \"minor\", so that its currency and unit are plain")}});
  return std::nullopt;
}

std::optional<TableMapping> CompileTable(const v1::Table& table,
                                         std::vector<MappingIssue>* issues) {
  const size_t issues_before = issues->size();
  std::unique_ptr<expression::Environment> environment = NewRowEnvironment();
  if (environment == nullptr) {
    issues->push_back({"table", {0, {}, "the environment of row expressions can't be made"}});
    return std::nullopt;
  }
  std::optional<expression::Program> counts =
      CompileAs(*environment, "counts", table.counts(), Type::Bool(), issues);
  std::optional<expression::Program> in_progress;
  std::optional<expression::Program> failed;
  if (!table.in_progress().empty()) {
    in_progress = CompileAs(*environment, "in_progress", table.in_progress(), Type::Bool(), issues);
  }
  if (!table.failed().empty()) {
    failed = CompileAs(*environment, "failed", table.failed(), Type::Bool(), issues);
  }
  std::map<std::string, expression::Program> fields;
  for (const auto& [name, text] : Sorted(table.fields())) {
    const std::string field = absl::StrCat("fields.", name);
    std::optional<expression::Program> program =
        IsAmount(name) ? CompileAmount(*environment, field, text, issues)
                       : CompileName(*environment, field, text, issues);
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
  std::map<std::string, expression::Program> marks;
  for (const auto& [name, text] : Sorted(marker.marks())) {
    std::optional<expression::Program> program =
        CompileName(*environment, absl::StrCat("marks.", name), text, issues);
    if (program.has_value()) marks.emplace(name, *std::move(program));
  }
  if (issues->size() > issues_before) return std::nullopt;
  return MarkerMapping{marker.table(), std::move(environment), std::move(marks)};
}

uint64_t MappingVersion(const v1::Document& document, const std::string& name) {
  const auto found = document.sources().find(name);
  if (found == document.sources().end()) return 0;
  const v1::Source& source = found->second;
  std::vector<uint64_t> tables;
  for (const v1::Table& table : source.tables()) {
    tables.push_back(HashOf(table));
    const auto fact = document.facts().find(table.emit());
    if (fact == document.facts().end()) continue;
    Fnv1a hash;
    hash.AddText(absl::StrCat(absl::Hex(tables.back())));
    AddFact(fact->second, table.when(), hash);
    tables.back() = hash.value();
  }
  for (const auto& [guard_name, guard] : document.guards()) {
    if (SourceOfGuard(document, guard) == name) tables.push_back(HashOf(guard_name, guard));
  }
  for (const v1::Topic& topic : source.kafka().topics()) tables.push_back(HashOf(topic));
  if (tables.empty()) return 0;
  std::sort(tables.begin(), tables.end());
  Fnv1a hash;
  for (const uint64_t table : tables) hash.AddText(absl::StrCat(absl::Hex(table)));
  if (source.has_marker()) {
    hash.AddText(source.marker().table());
    AddEntries(source.marker().marks(), hash);
  }
  // So that a sidecar that runs hears of it.
  if (source.on_gap() == v1::ON_GAP_STOP) hash.AddText("on_gap: stop");
  return hash.value() == 0 ? 1 : hash.value();
}

}  // namespace fundgate::policy
