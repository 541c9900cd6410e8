// What ALTER TABLE makes of a definition. Servers go over the columns that there are and keep,
// rename, replace or drop each; then they place, in the statement's order, those that are new or
// that move. Names behind AFTER are those of the new table.
#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "server/sidecar/binlog/charset.h"
#include "server/sidecar/schema/ddl.h"

namespace fundgate::schema {
namespace {

bool IsCalled(const ColumnDefinition& column, const std::string& name) {
  return absl::EqualsIgnoreCase(column.name, name);
}

absl::Status NoColumn(const std::string& name) {
  return absl::InvalidArgumentError(absl::StrCat("there is no column ", name));
}

class Alteration {
 public:
  explicit Alteration(const Definition& before) : before_(before), after_(before) {
    after_.columns.clear();
  }

  absl::StatusOr<Definition> Apply(const std::vector<Change>& changes) {
    SetCharsets(changes);
    FUNDGATE_RETURN_IF_ERROR(CheckNames(changes));
    for (const ColumnDefinition& column : before_.columns) Carry(column, changes);
    for (const Change& change : changes) {
      const bool is_new = change.kind == Change::Kind::kAdd && !Exists(change);
      const bool moves = change.kind == Change::Kind::kReplace && IsPlaced(change) &&
                         before_.Find(change.name) != nullptr;
      if (is_new || moves) FUNDGATE_RETURN_IF_ERROR(Place(change));
    }
    FUNDGATE_RETURN_IF_ERROR(SetKey(changes));
    if (after_.columns.empty()) return absl::InvalidArgumentError("no column is left");
    return std::move(after_);
  }

 private:
  static bool IsPlaced(const Change& change) { return change.is_first || !change.after.empty(); }

  bool Exists(const Change& change) const {
    return change.is_lenient && before_.Find(change.column.name) != nullptr;
  }

  // The default that new columns of the same statement get comes from it, too.
  void SetCharsets(const std::vector<Change>& changes) {
    for (const Change& change : changes) {
      const bool converts = change.kind == Change::Kind::kConvert;
      if (converts || change.kind == Change::Kind::kCharset) {
        after_.collation = change.column.type.collation;
      }
      if (converts) converted_to_ = change.column.type.collation;
    }
  }

  absl::Status CheckNames(const std::vector<Change>& changes) const {
    for (const Change& change : changes) {
      const bool names_one = change.kind == Change::Kind::kReplace ||
                             change.kind == Change::Kind::kRename ||
                             change.kind == Change::Kind::kDrop;
      if (names_one && !change.is_lenient && before_.Find(change.name) == nullptr) {
        return NoColumn(change.name);
      }
    }
    return absl::OkStatus();
  }

  ColumnDefinition Complete(ColumnDefinition column) const {
    if (column.type.HasCharset() && column.type.collation == 0) {
      column.type.collation = after_.collation;
    }
    return column;
  }

  void Carry(const ColumnDefinition& column, const std::vector<Change>& changes) {
    ColumnDefinition kept = column;
    if (converted_to_ != 0 && kept.type.HasCharset() &&
        kept.type.collation != binlog::kBinaryCollation) {
      kept.type.collation = converted_to_;
    }
    for (const Change& change : changes) {
      if (!IsCalled(column, change.name)) continue;
      switch (change.kind) {
        case Change::Kind::kDrop:
          return DropFromKey(column.name);
        case Change::Kind::kReplace:
          RenameInKey(column.name, change.column.name);
          if (IsPlaced(change)) return;
          after_.columns.push_back(Complete(change.column));
          return;
        case Change::Kind::kRename:
          RenameInKey(column.name, change.to);
          kept.name = change.to;
          break;
        default:
          break;
      }
    }
    after_.columns.push_back(std::move(kept));
  }

  absl::Status Place(const Change& change) {
    std::vector<ColumnDefinition>& columns = after_.columns;
    if (after_.Find(change.column.name) != nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("there is a column ", change.column.name, " already"));
    }
    auto place = columns.end();
    if (change.is_first) place = columns.begin();
    if (!change.after.empty()) {
      place = std::find_if(columns.begin(), columns.end(), [&](const ColumnDefinition& column) {
        return IsCalled(column, change.after);
      });
      if (place == columns.end()) return NoColumn(change.after);
      ++place;
    }
    columns.insert(place, Complete(change.column));
    return absl::OkStatus();
  }

  // By where the names stand in the key before, so that names can be exchanged.
  void RenameInKey(const std::string& from, const std::string& to) {
    for (size_t i = 0; i < before_.primary_key.size(); ++i) {
      if (absl::EqualsIgnoreCase(before_.primary_key[i], from)) after_.primary_key[i] = to;
    }
  }

  void DropFromKey(const std::string& name) {
    for (size_t i = 0; i < before_.primary_key.size(); ++i) {
      if (absl::EqualsIgnoreCase(before_.primary_key[i], name)) after_.primary_key[i].clear();
    }
  }

  absl::Status SetKey(const std::vector<Change>& changes) {
    std::vector<std::string>& key = after_.primary_key;
    key.erase(std::remove(key.begin(), key.end(), ""), key.end());
    for (const Change& change : changes) {
      if (change.kind == Change::Kind::kDropKey) key.clear();
    }
    for (const Change& change : changes) {
      if (change.kind == Change::Kind::kAddKey) key = change.key;
      if (change.column_is_key) key = {change.column.name};
    }
    for (const std::string& name : key) {
      ColumnDefinition* const column = after_.Find(name);
      if (column == nullptr) return NoColumn(name);
      column->nullable = false;
    }
    return absl::OkStatus();
  }

  const Definition& before_;
  Definition after_;
  uint16_t converted_to_ = 0;
};

}  // namespace

absl::StatusOr<Definition> Apply(const std::vector<Change>& changes, const Definition& before) {
  return Alteration(before).Apply(changes);
}

}  // namespace fundgate::schema
