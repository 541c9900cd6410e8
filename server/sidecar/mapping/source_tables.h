// The tables of a source that are read, compiled, and bound to what the database says of them.
#ifndef SERVER_SIDECAR_MAPPING_SOURCE_TABLES_H_
#define SERVER_SIDECAR_MAPPING_SOURCE_TABLES_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fundgate/policy/v1/document.pb.h"
#include "server/policy/mapping.h"
#include "server/sidecar/binlog/table.h"
#include "server/sidecar/mapping/declaration.h"
#include "server/sidecar/mapping/fact_declaration.h"
#include "server/sidecar/mapping/guard_declaration.h"

namespace fundgate::mapping {

// All declarations of one table for one kind of movement.
struct KindDeclarations {
  std::string kind;
  std::vector<std::unique_ptr<Declaration>> declarations;
  std::string problem;  // why rows of the bound definition can't be read as it; empty: they can
};

// All declarations of one table for one fact.
struct FactDeclarations {
  std::string fact;
  std::vector<std::unique_ptr<FactDeclaration>> declarations;
  std::string problem;  // see KindDeclarations
};

// The expressions of the marker table.
struct MarkerDeclaration {
  explicit MarkerDeclaration(policy::MarkerMapping compiled)
      : mapping(std::move(compiled)), frame(*mapping.environment) {}

  policy::MarkerMapping mapping;
  RowFrame frame;
  bool is_bound = false;  // false: nobody can say the columns' names, so there are no marks
};

// One table that is read.
struct MappedTable {
  std::string name;                                       // "pay.refund"
  std::vector<KindDeclarations> kinds;                    // sorted by kind
  std::vector<FactDeclarations> facts;                    // sorted by fact
  std::vector<std::unique_ptr<GuardDeclaration>> guards;  // sorted by name
  std::unique_ptr<MarkerDeclaration> marker;              // null if it is none

  // The definition that the declarations are bound to.
  bool bound = false;
  std::string problem;                      // why no row of it can be read; empty: rows can
  std::vector<GuardDeclaration*> watching;  // guards that see what they guard
  std::string guard_problem;                // why another one doesn't; empty: all do
  std::vector<std::string> columns;
  std::vector<uint32_t> primary_key;
  std::string undescribed;
  std::string changed_by;
};

// Used by one thread.
class SourceTables {
 public:
  // See RowMapper::Create.
  static absl::StatusOr<std::unique_ptr<SourceTables>> Create(const policy::v1::Document& document,
                                                              std::string_view source);

  // Definitions may have changed since the last row: looks at each again when it comes.
  void NewTransaction() { newest_ = nullptr; }

  // The table, bound to this definition; null if nobody reads its rows. What can't be bound has a
  // problem. FAILED_PRECONDITION as of RowMapper::AppendEvents.
  absl::StatusOr<MappedTable*> Find(const binlog::Table& table);

  // The columns that declarations of the table read, sorted.
  std::vector<std::string> ColumnsOf(const std::string& table) const;

  // The kinds of movement and the facts that rows of the table may be, sorted; an empty table means
  // all of the database, an empty database everything. Names are compared without regard to case: a
  // statement may write them as it likes where the server does so (lower_case_table_names).
  // With a column: those whose declarations read it.
  std::vector<std::string> KindsOf(std::string_view database, std::string_view table,
                                   std::string_view column = {}) const;

 private:
  SourceTables() = default;

  absl::Status AddTable(const policy::v1::Document& document, std::string_view source,
                        const policy::v1::Table& table);
  absl::Status AddFacts(const policy::v1::Fact& fact, std::string_view source,
                        const policy::v1::Table& table);
  absl::Status AddGuards(const policy::v1::Document& document, std::string_view source);
  absl::Status AddMarker(std::string_view source, const policy::v1::Marker& marker);
  MappedTable& Named(const std::string& name);

  absl::flat_hash_map<std::string, std::unique_ptr<MappedTable>> tables_;
  std::string name_;  // of the table looked up last

  // The newest answer of Find: rows of one table come in a run.
  const binlog::Table* newest_ = nullptr;
  uint64_t newest_id_ = 0;
  MappedTable* newest_found_ = nullptr;
};

}  // namespace fundgate::mapping

#endif  // SERVER_SIDECAR_MAPPING_SOURCE_TABLES_H_
