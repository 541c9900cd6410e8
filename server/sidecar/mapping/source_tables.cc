#include "server/sidecar/mapping/source_tables.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "fundgate/types/text.h"
#include "server/policy/row_fields.h"
#include "server/policy/verification.h"

namespace fundgate::mapping {
namespace {

absl::Status Refused(std::string_view source, const std::string& table,
                     const std::vector<policy::MappingIssue>& issues) {
  std::string text = absl::StrCat("source ", ToAbsl(source), ", table ", table, ":");
  for (const policy::MappingIssue& found : issues) {
    absl::StrAppend(&text, " ", found.field, ": ", found.issue.message, ";");
  }
  return absl::InvalidArgumentError(
      absl::StrCat(text, " apply a policy that this version can compile"));
}

// Why rows of the table can't be read by name or told apart; empty if they can.
std::string ProblemOf(const std::string& name, const binlog::Table& table) {
  if (!table.names_known || !table.signs_known) {
    if (!table.undescribed.empty()) return absl::StrCat("table ", name, ": ", table.undescribed);
    return absl::StrCat("table ", name,
                        ": the binlog doesn't say the names and signs of its columns; SET "
                        "GLOBAL binlog_row_metadata=FULL (and in the server's configuration), and "
                        "begin with a binlog written since then");
  }
  if (table.primary_key.empty()) {
    return absl::StrCat("table ", name,
                        " has no primary key, so that its rows can't be told apart; give it one: "
                        "ALTER TABLE ",
                        name, " ADD PRIMARY KEY (...)");
  }
  return "";
}

bool IsNamed(std::string_view name, const binlog::Table& table) {
  const size_t size = table.database.size();
  return name.size() == size + 1 + table.name.size() && name.substr(0, size) == table.database &&
         name.substr(size + 1) == table.name;
}

bool IsBoundTo(const MappedTable& mapped, const binlog::Table& table) {
  return mapped.bound && mapped.primary_key == table.primary_key &&
         mapped.undescribed == table.undescribed && mapped.changed_by == table.changed_by &&
         std::equal(mapped.columns.begin(), mapped.columns.end(), table.columns.begin(),
                    table.columns.end(), [](const std::string& name, const binlog::Column& column) {
                      return name == column.name;
                    });
}

// The alternatives of a kind or a fact: one that can't be bound may take any row.
template <typename Alternatives>
std::string BindAll(Alternatives& alternatives, const std::string& problem,
                    const binlog::Table& table) {
  if (!problem.empty()) return problem;
  for (const auto& declaration : alternatives.declarations) {
    const absl::Status bound = declaration->Bind(table);
    if (bound.ok()) continue;
    std::string sentence(bound.message());
    if (!table.changed_by.empty()) {
      absl::StrAppend(&sentence, ". It was changed by ", table.changed_by);
    }
    return sentence;
  }
  return "";
}

// What a guard can't see, only a gap of the table's kinds can tell; so somebody must set it right
// where there are none.
absl::Status BindGuards(MappedTable& mapped, const binlog::Table& table) {
  mapped.watching.clear();
  mapped.guard_problem = mapped.guards.empty() ? "" : mapped.problem;
  for (const auto& guard : mapped.guards) {
    if (!mapped.problem.empty()) break;
    const absl::Status bound = guard->Bind(table);
    if (bound.ok()) {
      mapped.watching.push_back(guard.get());
    } else {
      mapped.guard_problem = std::string(bound.message());
    }
  }
  const bool can_tell = !mapped.kinds.empty() || !mapped.facts.empty();
  return can_tell || mapped.guard_problem.empty()
             ? absl::OkStatus()
             : absl::FailedPreconditionError(mapped.guard_problem);
}

absl::Status BindMarker(MarkerDeclaration& marker, const binlog::Table& table) {
  marker.is_bound = table.names_known;
  return table.names_known ? marker.frame.Bind(table) : absl::OkStatus();
}

absl::Status Bind(MappedTable& mapped, const binlog::Table& table) {
  mapped.bound = false;
  mapped.problem = ProblemOf(mapped.name, table);
  for (KindDeclarations& kind : mapped.kinds) kind.problem = BindAll(kind, mapped.problem, table);
  for (FactDeclarations& fact : mapped.facts) fact.problem = BindAll(fact, mapped.problem, table);
  FUNDGATE_RETURN_IF_ERROR(BindGuards(mapped, table));
  if (mapped.marker != nullptr) FUNDGATE_RETURN_IF_ERROR(BindMarker(*mapped.marker, table));
  mapped.columns.clear();
  for (const binlog::Column& column : table.columns) mapped.columns.push_back(column.name);
  mapped.primary_key = table.primary_key;
  mapped.undescribed = table.undescribed;
  mapped.changed_by = table.changed_by;
  mapped.bound = true;
  return absl::OkStatus();
}

}  // namespace

MappedTable& SourceTables::Named(const std::string& name) {
  std::unique_ptr<MappedTable>& table = tables_[name];
  if (table == nullptr) table = std::make_unique<MappedTable>();
  table->name = name;
  return *table;
}

absl::Status SourceTables::AddFacts(const policy::v1::Fact& fact, std::string_view source,
                                    const policy::v1::Table& table) {
  std::vector<policy::MappingIssue> issues;
  std::optional<policy::FactTableMapping> compiled = policy::CompileFactTable(table, fact, &issues);
  if (!compiled.has_value()) return Refused(source, table.table(), issues);
  std::vector<FactDeclarations>& facts = Named(table.table()).facts;
  auto place = std::lower_bound(
      facts.begin(), facts.end(), table.emit(),
      [](const FactDeclarations& entry, const std::string& name) { return entry.fact < name; });
  if (place == facts.end() || place->fact != table.emit()) {
    place = facts.insert(place, FactDeclarations{table.emit(), {}});
  }
  place->declarations.push_back(std::make_unique<FactDeclaration>(*std::move(compiled)));
  return absl::OkStatus();
}

absl::Status SourceTables::AddTable(const policy::v1::Document& document, std::string_view source,
                                    const policy::v1::Table& table) {
  const auto fact = document.facts().find(table.emit());
  if (fact != document.facts().end()) return AddFacts(fact->second, source, table);
  std::vector<policy::MappingIssue> issues;
  std::optional<policy::TableMapping> compiled = policy::CompileTable(table, &issues);
  if (!compiled.has_value()) return Refused(source, table.table(), issues);
  const auto movement = document.movements().find(table.emit());
  if (movement == document.movements().end()) {
    return Refused(source, table.table(), {{"emit", {0, {}, "there is no such movement or fact"}}});
  }
  std::vector<KindDeclarations>& kinds = Named(table.table()).kinds;
  auto kind = std::lower_bound(
      kinds.begin(), kinds.end(), table.emit(),
      [](const KindDeclarations& entry, const std::string& name) { return entry.kind < name; });
  if (kind == kinds.end() || kind->kind != table.emit()) {
    kind = kinds.insert(kind, KindDeclarations{table.emit(), {}});
  }
  kind->declarations.push_back(std::make_unique<Declaration>(
      *std::move(compiled), policy::RowFieldsOf(document, movement->second)));
  return absl::OkStatus();
}

absl::Status SourceTables::AddGuards(const policy::v1::Document& document,
                                     std::string_view source) {
  const std::map<std::string, policy::v1::Guard> guards(document.guards().begin(),
                                                        document.guards().end());
  for (const auto& [name, guard] : guards) {
    if (policy::SourceOfGuard(document, guard) != source) continue;
    FUNDGATE_ASSIGN_OR_RETURN(auto declaration, GuardDeclaration::Create(name, guard));
    Named(guard.table()).guards.push_back(std::move(declaration));
  }
  return absl::OkStatus();
}

absl::Status SourceTables::AddMarker(std::string_view source, const policy::v1::Marker& marker) {
  std::vector<policy::MappingIssue> issues;
  std::optional<policy::MarkerMapping> compiled = policy::CompileMarker(marker, &issues);
  if (!compiled.has_value()) return Refused(source, marker.table(), issues);
  Named(marker.table()).marker = std::make_unique<MarkerDeclaration>(*std::move(compiled));
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<SourceTables>> SourceTables::Create(
    const policy::v1::Document& document, std::string_view source) {
  const auto found = document.sources().find(std::string(source));
  if (found == document.sources().end()) {
    return absl::NotFoundError(absl::StrCat("the policy has no source \"", ToAbsl(source),
                                            "\"; name one of its sources that have tables"));
  }
  if (found->second.has_report()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "source ", ToAbsl(source), " reports by itself in the policy: it has no tables to map"));
  }
  std::unique_ptr<SourceTables> tables(new SourceTables());
  for (const policy::v1::Table& table : found->second.tables()) {
    FUNDGATE_RETURN_IF_ERROR(tables->AddTable(document, source, table));
  }
  FUNDGATE_RETURN_IF_ERROR(tables->AddGuards(document, source));
  if (found->second.has_marker()) {
    FUNDGATE_RETURN_IF_ERROR(tables->AddMarker(source, found->second.marker()));
  }
  return tables;
}

absl::StatusOr<MappedTable*> SourceTables::Find(const binlog::Table& table) {
  if (newest_ == &table && newest_id_ == table.id && IsNamed(name_, table)) return newest_found_;
  name_.assign(table.database);
  name_ += '.';
  name_ += table.name;
  const auto found = tables_.find(name_);
  MappedTable* mapped = found == tables_.end() ? nullptr : found->second.get();
  if (mapped != nullptr && !IsBoundTo(*mapped, table)) {
    FUNDGATE_RETURN_IF_ERROR(Bind(*mapped, table));
  }
  newest_ = &table;
  newest_id_ = table.id;
  newest_found_ = mapped;
  return mapped;
}

std::vector<std::string> SourceTables::ColumnsOf(const std::string& table) const {
  std::set<std::string> columns;
  const auto found = tables_.find(table);
  if (found == tables_.end()) return {};
  const auto add = [&columns](const auto& declarations) {
    for (const auto& declaration : declarations) {
      const std::vector<std::string>& read = declaration->frame().columns();
      columns.insert(read.begin(), read.end());
    }
  };
  for (const KindDeclarations& kind : found->second->kinds) add(kind.declarations);
  for (const FactDeclarations& fact : found->second->facts) add(fact.declarations);
  return {columns.begin(), columns.end()};
}

std::vector<std::string> SourceTables::KindsOf(std::string_view database, std::string_view table,
                                               std::string_view column) const {
  std::set<std::string> kinds;
  const auto is = [](std::string_view a, std::string_view b) {
    return absl::EqualsIgnoreCase(ToAbsl(a), ToAbsl(b));
  };
  const auto reads = [&](const auto& alternatives) {
    if (column.empty()) return true;
    for (const auto& declaration : alternatives.declarations) {
      const std::vector<std::string>& columns = declaration->frame().columns();
      if (std::any_of(columns.begin(), columns.end(),
                      [&](const std::string& name) { return is(name, column); })) {
        return true;
      }
    }
    return false;
  };
  for (const auto& [name, mapped] : tables_) {
    const size_t dot = name.find('.');
    const bool concerned =
        (database.empty() || is(std::string_view(name).substr(0, dot), database)) &&
        (table.empty() || is(std::string_view(name).substr(dot + 1), table));
    if (!concerned) continue;
    for (const KindDeclarations& kind : mapped->kinds) {
      if (reads(kind)) kinds.insert(kind.kind);
    }
    for (const FactDeclarations& fact : mapped->facts) {
      if (reads(fact)) kinds.insert(fact.fact);
    }
  }
  return {kinds.begin(), kinds.end()};
}

}  // namespace fundgate::mapping
