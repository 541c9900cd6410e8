// What tables looked like as of each event of a binlog that doesn't say it itself.
#ifndef SERVER_SIDECAR_SCHEMA_HISTORY_H_
#define SERVER_SIDECAR_SCHEMA_HISTORY_H_

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "server/sidecar/binlog/table_describer.h"
#include "server/sidecar/schema/ddl.h"
#include "server/sidecar/schema/definition.h"

namespace fundgate::schema {

// A statement of the binlog, as TableDescriber::OnStatement has it.
struct LoggedStatement {
  std::string id;  // of its transaction
  std::string database;
  std::string sql;
};

// What a server said of its tables, and when.
struct PresentSchema {
  std::map<std::string, Definition> tables;          // by "database.table" in lower case
  std::map<std::string, std::string> charsets;       // of databases in lower case: their default
};

// Follows the definitions of the source's tables from statement to statement.
//
// It begins with what a server says of them now, and with everything that the binlog has between
// the place where reading begins and now (see learn.h). If no statement in between names a table,
// what holds now held all the while. Else it holds from the last such statement on, and rows before
// it can't be described: the server's present schema is never used for what lies before a change of
// it. From then on each statement is applied to what it changes; one that isn't understood makes
// its table unknown. What a definition says is checked against every table map: number of columns,
// types, lengths, whether they may be NULL.
//
// It outlives the connections to a source: what was learned stays, by the names of transactions, so
// that what is read again is described as before.
//
// Shadow tables of online schema changes (_T_gho, _T_new: see IsShadow) are followed like the
// tables that they are for, so that the renaming in the end gives those their definition.
//
// Used by one thread.
class History final : public binlog::TableDescriber {
 public:
  History() = default;

  // The tables that are read, "database.table" in lower case. Those that are new are unknown.
  void Follow(const std::set<std::string>& tables);

  // A session begins behind what `is_applied` says; statements that are told again are known.
  void Begin(const std::function<bool(std::string_view id)>& is_applied);

  // Whether a table couldn't be described that the present schema may help with: before the next
  // session Learn() should be called. True after Describe() or OnStatement() gave UNAVAILABLE.
  bool wants_present() const { return wants_present_; }

  // The server has this schema now, and `statements` is everything that is logged after where the
  // session begins, in order, of which the first `before` are in what the server said and the
  // others came later. To be called after Begin(). What could be described before stays.
  void Learn(const PresentSchema& present, const std::vector<LoggedStatement>& statements,
             size_t before);

  // All tables whose present definition is asked for: those that are followed and their shadows.
  std::set<std::string> Asked() const;

  // UNAVAILABLE if the present schema should be asked for: see wants_present().
  absl::Status OnStatement(const binlog::TransactionHead& head, std::string_view database,
                           std::string_view sql) override;
  absl::Status Describe(binlog::Table& table) override;
};

}  // namespace fundgate::schema

#endif  // SERVER_SIDECAR_SCHEMA_HISTORY_H_
