#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/policy/event_environment.h"
#include "server/policy/fact_mapping.h"
#include "server/policy/mapping.h"
#include "server/policy/row_fields.h"
#include "server/policy/scalars.h"
#include "server/policy/validate_parts.h"

namespace fundgate::policy {
namespace {

// v1::Mariadb or v1::Mysql.
template <typename Database>
void ValidateDatabase(const Validation& v, const std::string& path, const Database& database) {
  CheckHosts(v, path + ".hosts", database.hosts(), "3306");
  CheckLogin(v, path, database.user(), database.password_file());
  if (database.has_tls()) ValidateTls(v, path + ".tls", database.tls());
}

void ValidateMysql(const Validation& v, const std::string& path, const v1::Mysql& database) {
  ValidateDatabase(v, path, database);
  if (database.positions() == v1::POSITIONS_FILES && database.hosts_size() > 1) {
    v.AtKey(path + ".hosts",
            "positions: files needs exactly one host: a place in the files of one server means "
            "nothing on another");
  }
}

void CheckEvent(const Validation& v, const std::string& place, const std::string& name) {
  if (v.document.movements().count(name) > 0 || v.document.facts().count(name) > 0) return;
  if (v.places.IsDamaged("movements") || v.places.IsDamaged("facts")) return;
  v.AtValue(place, NoSuch(v.document.facts().empty() ? "movement" : "movement or fact", name,
                          EventNames(v.document)));
}

void CheckFields(const Validation& v, const std::string& path, const v1::Table& table,
                 const RowFields& wanted) {
  for (const std::string& name : wanted.required) {
    if (table.fields().count(name) == 0) {
      v.AtKey(path + ".fields",
              absl::StrCat("'", name, "' is missing; rows of '", table.emit(), "' must say it"));
    }
  }
  for (const auto& [name, text] : table.fields()) {
    if (std::find(wanted.all.begin(), wanted.all.end(), name) == wanted.all.end()) {
      v.AtKey(absl::StrCat(path, ".fields.", name),
              NoSuch("field", name, wanted.all, absl::StrCat(" of '", table.emit(), "'")));
    }
  }
}

void ValidateFields(const Validation& v, const std::string& path, const v1::Table& table) {
  if (!v.places.IsRead(path + ".fields")) return;
  const auto movement = v.document.movements().find(table.emit());
  if (movement != v.document.movements().end()) {
    return CheckFields(v, path, table, RowFieldsOf(v.document, movement->second));
  }
  const auto fact = v.document.facts().find(table.emit());
  if (fact == v.document.facts().end()) return;
  CheckFields(v, path, table, {{fact->second.key()}, NamesOf(fact->second.fields())});
}

// Which of the conditions belong to what the table emits.
void ValidateConditions(const Validation& v, const std::string& path, const v1::Table& table) {
  const bool is_fact = v.document.facts().count(table.emit()) > 0;
  if (!is_fact) {
    if (!v.places.Has(path + ".counts")) {
      v.AtKey(path, "'counts' is missing; it is required where rows are movements");
    }
    if (v.places.Has(path + ".when")) {
      v.AtKey(path + ".when", "'when' is for facts; write counts, in_progress and failed");
    }
    return;
  }
  for (const char* field : {"counts", "in_progress", "failed"}) {
    const std::string place = absl::StrCat(path, ".", field);
    if (v.places.Has(place)) {
      v.AtKey(place, absl::StrCat("'", field, "' is for movements; write `when` for facts"));
    }
  }
}

void AddIssues(const Validation& v, const std::string& path,
               const std::vector<MappingIssue>& issues) {
  for (const MappingIssue& found : issues) {
    const std::string place = absl::StrCat(path, ".", found.field);
    if (v.places.IsRead(place)) v.AtValue(place, found.issue.message, found.issue.offset);
  }
}

void ValidateTable(const Validation& v, const std::string& path, const v1::Table& table) {
  CheckTableName(v, path + ".table", table.table());
  if (v.places.IsRead(path + ".emit")) CheckEvent(v, path + ".emit", table.emit());
  if (v.places.Has(path + ".emit")) ValidateConditions(v, path, table);
  ValidateFields(v, path, table);
  std::vector<MappingIssue> issues;
  const auto fact = v.document.facts().find(table.emit());
  if (fact != v.document.facts().end()) {
    (void)CompileFactTable(table, fact->second, &issues);
  } else {
    (void)CompileTable(table, &issues);
  }
  AddIssues(v, path, issues);
}

void ValidateMarker(const Validation& v, const std::string& path, const v1::Marker& marker) {
  CheckTableName(v, path + ".table", marker.table());
  if (marker.marks().empty() && v.places.IsRead(path + ".marks")) {
    v.AtValue(path + ".marks", "at least one mark is needed");
  }
  for (const auto& [name, text] : marker.marks()) {
    if (!IsEntryName(name)) {
      v.AtKey(absl::StrCat(path, ".marks.", name),
              absl::StrCat("'", name,
                           "' is no name for a mark: use lower_snake_case, at most 64 "
                           "bytes, beginning with a letter"));
    }
  }
  std::vector<MappingIssue> issues;
  (void)CompileMarker(marker, &issues);
  AddIssues(v, path, issues);
}

void ValidateReport(const Validation& v, const std::string& path, const v1::Report& report) {
  if (report.emits().empty() && v.places.IsRead(path + ".emits")) {
    v.AtValue(path + ".emits", "at least one movement or fact is needed");
  }
  std::set<std::string> seen;
  for (int i = 0; i < report.emits_size(); ++i) {
    const std::string place = absl::StrCat(path, ".emits[", i, "]");
    CheckEvent(v, place, report.emits(i));
    if (!seen.insert(report.emits(i)).second) {
      v.AtValue(place, absl::StrCat("'", report.emits(i), "' stands there twice"));
    }
  }
}

}  // namespace

void ValidateSources(const Validation& v) {
  for (const auto& [name, source] : v.document.sources()) {
    const std::string path = absl::StrCat("sources.", name);
    if (!IsEntryName(name)) {
      v.AtKey(path, absl::StrCat("'", name,
                                 "' is no name for an entry: use lower_snake_case, at most 64 "
                                 "bytes, beginning with a letter"));
    }
    const int kinds = (source.has_mariadb() ? 1 : 0) + (source.has_mysql() ? 1 : 0) +
                      (source.has_kafka() ? 1 : 0) + (source.has_report() ? 1 : 0);
    if (kinds > 1) {
      v.AtKey(path,
              "a source is a database, a cluster with topics or a service: leave one of mariadb, "
              "mysql, kafka and report");
    } else if (kinds == 0) {
      v.AtKey(path, "a source needs mariadb, mysql or kafka (and tables), or report");
    }
    if (source.has_mariadb()) ValidateDatabase(v, path + ".mariadb", source.mariadb());
    if (source.has_mysql()) ValidateMysql(v, path + ".mysql", source.mysql());
    if (source.has_kafka()) ValidateKafka(v, path, source);
    if (source.has_report()) ValidateReport(v, path + ".report", source.report());
    const bool is_database = IsDatabase(source);
    const bool has_rows = is_database || source.has_kafka();
    if (has_rows && source.tables().empty()) {
      v.AtKey(path, is_database
                        ? "a database source needs tables: which rows are movements?"
                        : "a source with topics needs tables: which rows are movements or facts?");
    }
    if (!has_rows && !source.tables().empty()) {
      v.AtKey(path + ".tables", "only a database source and one with topics have tables");
    }
    if (!has_rows && source.on_gap() != v1::ON_GAP_UNSPECIFIED) {
      v.AtKey(path + ".on_gap", "only a source that a sidecar reads has gaps of its own");
    }
    if (source.has_marker() && !is_database) {
      v.AtKey(path + ".marker", "only a database source has a marker table");
    }
    if (source.has_marker()) ValidateMarker(v, path + ".marker", source.marker());
    for (int i = 0; i < source.tables_size(); ++i) {
      ValidateTable(v, absl::StrCat(path, ".tables[", i, "]"), source.tables(i));
    }
  }
}

}  // namespace fundgate::policy
