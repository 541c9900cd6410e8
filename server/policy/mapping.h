// How rows of a table become movements: the expressions of a source's tables, checked and compiled.
// Tables whose rows are facts: see fact_mapping.h.
#ifndef SERVER_POLICY_MAPPING_H_
#define SERVER_POLICY_MAPPING_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fundgate/policy/v1/document.pb.h"
#include "server/expression/environment.h"
#include "server/expression/issue.h"
#include "server/expression/program.h"

namespace fundgate::policy {

// A source whose binlog is read.
inline bool IsDatabase(const v1::Source& source) {
  return source.has_mariadb() || source.has_mysql();
}

// One table. All programs read one frame: see expression::Environment; slots are paths such as
// "row.amount". A column that a row does not have is absent.
struct TableMapping {
  std::string table;
  std::string emit;
  std::unique_ptr<expression::Environment> environment;
  expression::Program counts;
  std::optional<expression::Program> in_progress;
  std::optional<expression::Program> failed;
  std::map<std::string, expression::Program> fields;  // by field: "account_id", "parts.net"
};

// The table whose rows say who made a transaction. As above.
struct MarkerMapping {
  std::string table;
  std::unique_ptr<expression::Environment> environment;
  std::map<std::string, expression::Program> marks;  // by mark: "request"
};

struct MappingIssue {
  std::string field;  // below the table: "counts", "fields.amount", "marks.request"
  expression::Issue issue;
};

// The compiled table, or nothing and all issues. Text fields accept text and integers; amounts must
// be money. Whether the fields are those that the kind needs is Validate()'s business.
std::optional<TableMapping> CompileTable(const v1::Table& table, std::vector<MappingIssue>* issues);

// An environment in which `row` has any column; which ones exist, only the run can tell. Null if it
// can't be made.
std::unique_ptr<expression::Environment> NewRowEnvironment();

// Compiles one expression of a table for a field: text or a whole number; an amount of money; or
// exactly `expected`. Issues say which field.
std::optional<expression::Program> CompileName(expression::Environment& environment,
                                               const std::string& field, const std::string& text,
                                               std::vector<MappingIssue>* issues);
std::optional<expression::Program> CompileAmount(expression::Environment& environment,
                                                 const std::string& field, const std::string& text,
                                                 std::vector<MappingIssue>* issues);
std::optional<expression::Program> CompileAs(expression::Environment& environment,
                                             const std::string& field, const std::string& text,
                                             const expression::Type& expected,
                                             std::vector<MappingIssue>* issues);

// The same for a marker table; marks accept text and integers.
std::optional<MarkerMapping> CompileMarker(const v1::Marker& marker,
                                           std::vector<MappingIssue>* issues);

// Names the meaning of a source's tables: the same for the same declaration on every machine, for
// ever, whatever the order of tables and fields; 0 for a source that maps no rows, or that there is
// not. FNV-1a, 64 bits, over the declarations of tables, topics and guards with each text preceded
// by its length. Where the database or the cluster is reached is no part of it.
uint64_t MappingVersion(const v1::Document& document, const std::string& name);

}  // namespace fundgate::policy

#endif  // SERVER_POLICY_MAPPING_H_
