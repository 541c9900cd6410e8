#include "server/sidecar/schema/history.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/sidecar/binlog/charset.h"
#include "server/sidecar/binlog/shadow.h"

namespace fundgate::schema {
namespace {

using binlog::ColumnLoss;
using binlog::TableName;

// Transactions that changed tables that are followed. What lies further back than so many is
// forgotten when the gate's position goes back behind it.
constexpr size_t kMaxSteps = 1024;
constexpr size_t kMaxQuoted = 160;  // bytes of a statement in Table::changed_by

std::string KeyOf(const TableName& name) {
  return absl::AsciiStrToLower(absl::StrCat(name.database, ".", name.table));
}

std::string DatabaseOf(const std::string& key) { return key.substr(0, key.find('.')); }
std::string TableOf(const std::string& key) { return key.substr(key.find('.') + 1); }

std::string Quoted(const LoggedStatement& statement) {
  std::string text = absl::StrCat(statement.id, ": ", statement.sql.substr(0, kMaxQuoted));
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20; }, ' ');
  while (!binlog::IsUtf8(text)) text.pop_back();
  return text;
}

// Of a column that neither the definition nor the table map says the character set of: a statement
// that names none takes the database's, and that may never have been told.
std::string MissingCharset(const Definition& definition, const binlog::Table& table) {
  for (size_t i = 0; i < table.columns.size(); ++i) {
    const ColumnDefinition& column = definition.columns[i];
    if (column.type.HasCharset() && column.type.collation == 0 && table.columns[i].collation == 0) {
      return absl::StrCat("the character set of ", column.name, " isn't known");
    }
  }
  return "";
}

}  // namespace

// What one statement does.
class History::Application {
 public:
  Application(const History& history, const States& states, const LoggedStatement& statement)
      : history_(history), states_(states), statement_(statement) {}

  Step Run() {
    const Ddl ddl = ReadDdl(statement_.sql, statement_.database);
    switch (ddl.kind) {
      case Ddl::Kind::kNone:
      case Ddl::Kind::kAlterDatabase:
        break;
      case Ddl::Kind::kCreate:
        Create(ddl);
        break;
      case Ddl::Kind::kCreateLike:
        CreateLike(ddl);
        break;
      case Ddl::Kind::kAlter:
        Alter(ddl);
        break;
      case Ddl::Kind::kRename:
        for (const auto& [from, to] : ddl.renames) Rename(KeyOf(from), KeyOf(to));
        break;
      case Ddl::Kind::kDrop:
        for (const TableName& name : ddl.dropped) Drop(KeyOf(name));
        break;
      case Ddl::Kind::kDropDatabase:
        DropDatabase(absl::AsciiStrToLower(ddl.table.database));
        break;
      case Ddl::Kind::kUnknown:
        Blur(ddl);
        break;
    }
    if (ddl.adds_cascade) AddCascade(KeyOf(ddl.table));
    for (auto& [key, state] : changed_) step_.states.emplace_back(key, std::move(state));
    return std::move(step_);
  }

 private:
  bool IsFollowed(const std::string& key) const { return history_.followed_.contains(key); }
  bool IsTracked(const std::string& key) const { return !history_.FollowedBy(key).empty(); }

  // As it is so far.
  State Get(const std::string& key) const {
    const auto changed = changed_.find(key);
    if (changed != changed_.end()) return changed->second;
    const auto known = states_.find(key);
    if (known != states_.end()) return known->second;
    State state;
    state.why = "nothing is known of it yet";
    state.is_settled = false;
    return state;
  }

  void Set(const std::string& key, State state) {
    if (!IsTracked(key)) return;
    state.changed_by = Quoted(statement_);
    changed_[key] = std::move(state);
  }

  static State Unknown(std::string why) {
    State state;
    state.why = std::move(why);
    state.is_settled = false;
    return state;
  }

  void Create(const Ddl& ddl) {
    const std::string key = KeyOf(ddl.table);
    State state = Get(key);
    if (ddl.is_lenient && state.definition.has_value()) return;  // it was there
    state = {};
    state.definition = ddl.definition;
    const auto inherited = history_.collations_.find(DatabaseOf(key));
    if (inherited != history_.collations_.end()) {
      state.definition->InheritCharset(inherited->second);
    }
    state.is_settled = false;
    Set(key, std::move(state));
  }

  void CreateLike(const Ddl& ddl) {
    const std::string key = KeyOf(ddl.table);
    if (ddl.is_lenient && Get(key).definition.has_value()) return;
    State state = IsTracked(KeyOf(ddl.other)) ? Get(KeyOf(ddl.other))
                                              : Unknown("it is made like one that isn't followed");
    state.is_settled = false;
    state.is_witnessed = true;
    state.losses.clear();
    Set(key, std::move(state));
  }

  void Alter(const Ddl& ddl) {
    const std::string key = KeyOf(ddl.table);
    State state = Get(key);
    if (IsTracked(key)) Lose(key, ddl, state);
    if (state.definition.has_value()) {
      absl::StatusOr<Definition> after = Apply(ddl.changes, *state.definition);
      if (after.ok()) {
        state.definition = *std::move(after);
      } else {
        state.definition.reset();
        state.why = absl::StrCat("a statement doesn't fit what was known of it: ",
                                 after.status().message());
      }
    }
    state.is_settled = false;
    Set(key, std::move(state));
    for (const Change& change : ddl.changes) {
      if (change.kind == Change::Kind::kRenameTable) Rename(key, KeyOf(change.table));
    }
  }

  // Rows may go from here on without a word of it in the binlog. Of a shadow that is kept until it
  // becomes the table.
  void AddCascade(const std::string& key) {
    const std::string table = history_.FollowedBy(key);
    if (table.empty() || history_.cascading_.contains(table)) return;
    ColumnLoss loss = {DatabaseOf(table), TableOf(table), "",
                       absl::StrCat(statement_.id, " gives ", table,
                                    " a foreign key by which the server changes rows where no ",
                                    "binlog shows it; make it RESTRICT, or say `cascades: ",
                                    "accepted` of the table in the policy")};
    if (IsFollowed(key)) return step_.losses.push_back(std::move(loss));
    State state = Get(key);
    state.losses.push_back(std::move(loss));
    Set(key, std::move(state));
  }

  // Says, or of a shadow keeps, what is done to columns that there were.
  void Lose(const std::string& key, const Ddl& ddl, State& state) {
    const std::string table = history_.FollowedBy(key);
    std::vector<ColumnLoss>& losses = IsFollowed(key) ? step_.losses : state.losses;
    for (const Change& change : ddl.changes) {
      const std::string what = Loss(table, change, state);
      if (!what.empty()) losses.push_back(LossOf(table, change.name, what));
    }
  }

  ColumnLoss LossOf(const std::string& table, const std::string& column,
                    const std::string& what) const {
    return {DatabaseOf(table), TableOf(table), column,
            absl::StrCat(statement_.id, " ", what, " column ", column, " of ", table)};
  }

  std::string Loss(const std::string& table, const Change& change, const State& state) const {
    switch (change.kind) {
      case Change::Kind::kDrop:
        return "takes away";
      case Change::Kind::kRename:
        return absl::EqualsIgnoreCase(change.name, change.to) ? "" : "renames";
      case Change::Kind::kReplace: {
        if (!absl::EqualsIgnoreCase(change.name, change.column.name)) return "renames";
        const std::optional<ColumnType> before = TypeBefore(table, change.name, state);
        if (before.has_value() && Keeps(*before, change.column.type)) return "";
        return before.has_value() ? "changes what may be held in"
                                  : "may change (what type it had isn't known) what is held in";
      }
      default:
        return "";
    }
  }

  // A character set that isn't known is that of the table, mostly; and a conversion to another one
  // either keeps the text or is refused.
  static bool Keeps(const ColumnType& before, ColumnType after) {
    if (after.collation == 0) after.collation = before.collation;
    return KeepsValues(before, after);
  }

  std::optional<ColumnType> TypeBefore(const std::string& table, const std::string& name,
                                       const State& state) const {
    if (state.definition.has_value()) {
      const ColumnDefinition* const column = state.definition->Find(name);
      if (column != nullptr) return column->type;
    }
    const auto seen = history_.seen_.find(table);
    if (seen == history_.seen_.end()) return std::nullopt;
    for (const binlog::Column& column : seen->second) {
      if (absl::EqualsIgnoreCase(column.name, name)) return TypeOf(column);
    }
    return std::nullopt;
  }

  void Rename(const std::string& from, const std::string& to) {
    if (!IsTracked(from) && !IsTracked(to)) return;
    State state = IsTracked(from)
                      ? Get(from)
                      : Unknown(absl::StrCat("it was ", from, ", which isn't followed"));
    const bool takes_place = IsFollowed(to) && history_.FollowedBy(from) == to && from != to;
    if (takes_place) TakePlace(to, state);
    state.is_settled = false;
    state.losses.clear();
    state.is_witnessed = false;
    Set(from, Unknown("it was renamed"));
    Set(to, std::move(state));
  }

  // A shadow becomes the table: what was done to it since it was made like the table, and how it
  // differs from it.
  void TakePlace(const std::string& table, const State& shadow) {
    const std::vector<ColumnDefinition> before = ColumnsBefore(table);
    if (!shadow.is_witnessed && (before.empty() || !shadow.definition.has_value())) {
      step_.losses.push_back(
          {DatabaseOf(table), TableOf(table), "",
           absl::StrCat(statement_.id, " puts a table in the place of ", table,
                        " of which not all is known: what rows hold may have changed")});
      return;
    }
    std::vector<ColumnLoss> losses = shadow.losses;
    for (const ColumnDefinition& column : before) {
      if (!shadow.definition.has_value()) break;
      const bool is_said = std::any_of(losses.begin(), losses.end(), [&](const ColumnLoss& loss) {
        return absl::EqualsIgnoreCase(loss.column, column.name);
      });
      const ColumnDefinition* const after = shadow.definition->Find(column.name);
      if (is_said || (after != nullptr && Keeps(column.type, after->type))) continue;
      losses.push_back(LossOf(table, column.name,
                              after == nullptr ? "takes away" : "changes what may be held in"));
    }
    step_.losses.insert(step_.losses.end(), losses.begin(), losses.end());
  }

  // As far as they are known; empty if they aren't.
  std::vector<ColumnDefinition> ColumnsBefore(const std::string& table) const {
    // In the same statement the table was renamed before.
    const auto known = states_.find(table);
    if (known != states_.end() && known->second.definition.has_value()) {
      return known->second.definition->columns;
    }
    std::vector<ColumnDefinition> columns;
    const auto seen = history_.seen_.find(table);
    if (seen == history_.seen_.end()) return columns;
    for (const binlog::Column& column : seen->second) {
      columns.push_back({column.name, TypeOf(column), column.nullable});
    }
    return columns;
  }

  void Drop(const std::string& key) { Set(key, Unknown("it was dropped")); }

  void DropDatabase(const std::string& database) {
    for (const std::string& key : history_.followed_) {
      if (DatabaseOf(key) == database) Drop(key);
    }
    for (const auto& [key, state] : states_) {
      if (DatabaseOf(key) == database) Drop(key);
    }
  }

  // What the statement did isn't understood.
  void Blur(const Ddl& ddl) {
    if (!ddl.table.table.empty()) return Blur(KeyOf(ddl.table), ddl);
    for (const std::string& key : history_.followed_) Blur(key, ddl);
  }

  void Blur(const std::string& key, const Ddl& ddl) {
    State state = Unknown(absl::StrCat("a statement isn't understood: ", ddl.problem));
    state.is_witnessed = Get(key).is_witnessed && ddl.is_alter;
    const std::string table = history_.FollowedBy(key);
    if (ddl.is_alter && !table.empty()) {
      std::vector<ColumnLoss>& losses = IsFollowed(key) ? step_.losses : state.losses;
      losses.push_back({DatabaseOf(table), TableOf(table), "",
                        absl::StrCat(statement_.id, " changes ", table, ", but ", ddl.problem)});
    }
    Set(key, std::move(state));
  }

  const History& history_;
  const States& states_;
  const LoggedStatement& statement_;
  States changed_;
  Step step_;
};

void History::Follow(const std::set<std::string>& tables) {
  followed_.clear();
  for (const std::string& table : tables) followed_.insert(absl::AsciiStrToLower(table));
}

void History::AcceptCascades(const std::set<std::string>& tables) {
  cascading_.clear();
  for (const std::string& table : tables) cascading_.insert(absl::AsciiStrToLower(table));
}

std::string History::FollowedBy(const std::string& key) const {
  if (followed_.contains(key)) return key;
  const std::string database = DatabaseOf(key);
  const std::string table = TableOf(key);
  for (const std::string& followed : followed_) {
    if (DatabaseOf(followed) == database && binlog::IsShadowOf(table, TableOf(followed))) {
      return followed;
    }
  }
  return "";
}

History::Step History::Compute(const States& states, const LoggedStatement& statement) const {
  return Application(*this, states, statement).Run();
}

bool History::Concerns(const LoggedStatement& statement) const {
  return !Compute(now_, statement).states.empty();
}

void History::Begin(SessionStart start) {
  const bool goes_back = base_id_.empty()
                             ? !base_position_.empty() && !start.follows(base_position_)
                             : !start.covers(base_id_);
  if (goes_back) {
    base_.clear();
    steps_.clear();
    order_.clear();
    base_id_.clear();
    base_position_.clear();
  }
  now_ = base_;
  for (const std::string& id : order_) {
    if (!start.covers(id)) continue;
    for (const auto& [key, state] : steps_[id].states) now_[key] = state;
  }
  if (base_id_.empty() && order_.empty() && base_.empty()) base_position_ = start.position;
  start_position_ = std::move(start.position);
  seen_.clear();
}

void History::Remember(const std::string& id, Step step) {
  for (const auto& [key, state] : step.states) now_[key] = state;
  Step& kept = steps_[id];
  if (kept.states.empty() && kept.losses.empty()) order_.push_back(id);
  for (auto& entry : step.states) kept.states.push_back(std::move(entry));
  for (ColumnLoss& loss : step.losses) kept.losses.push_back(std::move(loss));
  if (order_.size() <= kMaxSteps) return;
  base_id_ = order_.front();
  for (auto& [key, state] : steps_[base_id_].states) base_[key] = std::move(state);
  steps_.erase(base_id_);
  order_.pop_front();
}

// What holds now has held since the newest statement that changed it.
void History::TakeOver(const std::string& key, const PresentSchema& present, State& state) {
  const auto shown = present.tables.find(key);
  state.is_settled = true;
  state.is_hidden = shown == present.tables.end();
  if (!state.is_hidden) {
    state.definition = shown->second;
  } else if (!state.definition.has_value()) {
    state.why = "the server doesn't show it";
  }
}

void History::Learn(const PresentSchema& present, const std::vector<LoggedStatement>& statements,
                    size_t before) {
  wants_present_ = false;
  collations_ = present.collations;
  std::map<std::string, size_t>
      newest;  // statement that the server had seen, and changed the table
  for (size_t i = 0; i < before; ++i) {
    for (const auto& [key, state] : Compute(now_, statements[i]).states) newest[key] = i;
  }
  for (const std::string& key : followed_) {
    State& state = now_[key];
    if (!newest.contains(key)) {
      TakeOver(key, present, state);
    } else if (!state.definition.has_value()) {
      state.is_settled = true;
      state.why = "it was changed between then and when the server was asked";
    }
  }
  base_ = now_;
  base_id_.clear();
  base_position_ = start_position_;
  steps_.clear();
  order_.clear();
  for (size_t i = 0; i < statements.size(); ++i) {
    Step step = Compute(now_, statements[i]);
    for (auto& [key, state] : step.states) {
      if (i >= before) continue;
      state.is_settled = true;
      if (followed_.contains(key) && newest[key] == i) TakeOver(key, present, state);
    }
    if (!step.states.empty()) Remember(statements[i].id, std::move(step));
  }
  now_ = base_;
}

absl::StatusOr<std::vector<ColumnLoss>> History::OnStatement(const binlog::TransactionHead& head,
                                                             std::string_view database,
                                                             std::string_view sql) {
  const auto known = steps_.find(head.id);
  if (known != steps_.end()) {
    for (const auto& [key, state] : known->second.states) now_[key] = state;
    return known->second.losses;
  }
  const LoggedStatement statement = {head.id, std::string(database), std::string(sql)};
  Step step = Compute(now_, statement);
  std::vector<ColumnLoss> losses = step.losses;
  if (!step.states.empty() || !step.losses.empty()) Remember(head.id, std::move(step));
  const Ddl ddl = ReadDdl(sql, database);
  if (ddl.kind == Ddl::Kind::kAlterDatabase) {
    collations_.erase(absl::AsciiStrToLower(ddl.table.database));
  }
  return losses;
}

absl::Status History::Describe(binlog::Table& table) {
  const std::string key = KeyOf({table.database, table.name});
  if (!followed_.contains(key)) return absl::OkStatus();
  State& state = now_[key];
  table.changed_by = state.changed_by;
  if (table.names_known && table.signs_known) {
    seen_[key] = table.columns;
    return absl::OkStatus();
  }
  if (state.is_hidden) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the binlog doesn't say the names of the columns of ", key,
        " (binlog_row_metadata isn't FULL), and the server doesn't show them to this user; GRANT "
        "SELECT ON ",
        key, " to it, or SET GLOBAL binlog_row_metadata=FULL and begin with a binlog written since",
        " then"));
  }
  if (state.definition.has_value()) {
    std::string problem = Disagreement(*state.definition, table);
    if (problem.empty() && !state.is_settled) problem = MissingCharset(*state.definition, table);
    if (problem.empty()) {
      FillIn(*state.definition, table);
      seen_[key] = table.columns;
      return absl::OkStatus();
    }
    if (!state.is_settled) state.definition.reset();
    state.why = std::move(problem);
  }
  if (!state.is_settled || (!state.definition.has_value() && state.why.empty())) {
    wants_present_ = true;
    return absl::UnavailableError(
        absl::StrCat("the binlog doesn't say the names of the columns of ", key,
                     ", and what is known of it doesn't do; asking the server what they are, and ",
                     "its binlog since when", state.why.empty() ? "" : ": ", state.why));
  }
  table.undescribed =
      absl::StrCat("the binlog doesn't say the names of its columns (binlog_row_metadata isn't ",
                   "FULL), and what it was then isn't known: ", state.why);
  return absl::OkStatus();
}

}  // namespace fundgate::schema
