// What tables looked like as of each event of a binlog that doesn't say it itself.
#ifndef SERVER_SIDECAR_SCHEMA_HISTORY_H_
#define SERVER_SIDECAR_SCHEMA_HISTORY_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
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

// What a server says of its tables now.
struct PresentSchema {
  std::map<std::string, Definition> tables;    // by "database.table" in lower case
  std::map<std::string, uint16_t> collations;  // of databases in lower case: of new tables
};

// Where a session begins to read.
struct SessionStart {
  std::string position;
  // Whether the transaction of that name lies before it.
  std::function<bool(std::string_view id)> covers;
  // Whether everything that lies before an older session's position lies before it.
  std::function<bool(const std::string& older)> follows;
};

// Follows the definitions of the source's tables from statement to statement.
//
// It begins with what a server says of them now, and with everything that the binlog has between
// the place where reading begins and now (see learn.h). If no statement in between changed a table,
// what holds now held all the while. Else it holds from the last such statement on, and rows before
// it can't be described: the server's present schema is never used for what lies before a change of
// it. From then on each statement is applied to what it changes. What a definition says is checked
// against every table map: number of columns, types, lengths, whether they may be NULL. If it
// doesn't agree, or a statement wasn't understood, the server is asked once more.
//
// It also says of a table that a statement gave it a foreign key with CASCADE or SET NULL.
//
// It also says which columns a statement took away, renamed, or gave another type, if that may
// have changed what rows hold in them; for that it needs no server, and it does so for tables whose
// maps say all, too. What is done to a table in the shadow of an online schema change (_T_gho,
// _T_new: see binlog::IsShadowOf) is said when the shadow becomes the table.
//
// It outlives the connections to a source: what was learned stays, by the names of transactions, so
// that what is read again is described as before.
//
// Used by one thread.
class History final : public binlog::TableDescriber {
 public:
  // The tables that are read, "database.table" in any case.
  void Follow(const std::set<std::string>& tables);

  // Those of them whose changes by foreign keys are taken, though no binlog shows them: a statement
  // that adds such a key is said of the others only. In any case.
  void AcceptCascades(const std::set<std::string>& tables);

  // A session begins. What was learned of what lies after an earlier start stays.
  void Begin(SessionStart start);

  // Whether a table couldn't be described, and asking the server may help: before the next session
  // Learn() is to be called. True after Describe() gave UNAVAILABLE.
  bool wants_present() const { return wants_present_; }

  // The server has this schema now; `statements` is everything that is logged after where the
  // session begins, in order, of which the first `before` are in what the server said and the
  // others came later. To be called after Begin().
  void Learn(const PresentSchema& present, const std::vector<LoggedStatement>& statements,
             size_t before);

  // Whether the statement changes a table that is followed, or its shadow.
  bool Concerns(const LoggedStatement& statement) const;

  // The tables whose present definition should be asked for, "database.table" in lower case.
  const std::set<std::string>& followed() const { return followed_; }

  absl::StatusOr<std::vector<binlog::ColumnLoss>> OnStatement(const binlog::TransactionHead& head,
                                                              std::string_view database,
                                                              std::string_view sql) override;

  // UNAVAILABLE if the server should be asked: end the session, Learn(), and read again.
  // FAILED_PRECONDITION if it was and doesn't show the table, for want of a right.
  absl::Status Describe(binlog::Table& table) override;

 private:
  struct State {
    std::optional<Definition> definition;
    std::string why;         // there is none, a sentence
    bool is_settled = true;  // asking the server (once more) doesn't help
    bool is_hidden = false;  // the server didn't show it, though it is there
    std::string changed_by;  // see binlog::Table
    // Of a shadow: it was seen to be made like its table, so that these are all that was done to
    // it.
    bool is_witnessed = false;
    std::vector<binlog::ColumnLoss> losses;
  };
  using States = std::map<std::string, State>;  // by "database.table" in lower case
  // What one transaction did.
  struct Step {
    std::vector<std::pair<std::string, State>> states;  // of tables, after it
    std::vector<binlog::ColumnLoss> losses;
  };
  class Application;

  // "database.table" of what is followed, if the table is that or its shadow; else empty.
  std::string FollowedBy(const std::string& key) const;
  Step Compute(const States& states, const LoggedStatement& statement) const;
  void Remember(const std::string& id, Step step);
  static void TakeOver(const std::string& key, const PresentSchema& present, State& state);

  std::set<std::string> followed_;
  std::set<std::string> cascading_;  // of these: AcceptCascades()
  States base_;                      // before the first of steps_
  std::string base_id_;  // the transaction that base_ is behind; empty: of base_position_
  std::string base_position_;
  std::string start_position_;         // of the session
  std::map<std::string, Step> steps_;  // by transaction
  std::deque<std::string> order_;      // of these

  std::map<std::string, uint16_t> collations_;  // of databases
  States now_;                                  // as of the event being read
  // Columns as they last came in a map, since the session began.
  std::map<std::string, std::vector<binlog::Column>> seen_;
  bool wants_present_ = false;
};

}  // namespace fundgate::schema

#endif  // SERVER_SIDECAR_SCHEMA_HISTORY_H_
