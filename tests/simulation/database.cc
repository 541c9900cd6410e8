#include "tests/simulation/database.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace fundgate::simulation {

void Database::Commit() {
  if (open_ > 0 && --open_ > 0) return;
  if (!at_hand_.events.empty()) log_.push_back(std::exchange(at_hand_, {}));
}

void Database::Log(core::Event event) {
  event.id = absl::StrCat(name_, "-", ++events_);
  at_hand_.events.push_back(std::move(event));
  if (open_ == 0) Commit();
}

void Database::LogChange(const MovementKind& kind, const core::RowId& row,
                         const std::optional<core::Contribution>& before,
                         const std::optional<core::Contribution>& after) {
  core::MovementEvent change;
  change.kind = kind;
  change.row = row;
  change.image_hash = after.has_value() ? ++made_ : 0;
  change.before = before;
  change.after = after;
  core::Event event;
  event.body = std::move(change);
  Log(std::move(event));
}

core::RowId Database::Insert(absl::Time now, const MovementKind& kind,
                             const core::Contribution& says) {
  const core::RowId row{absl::StrCat("t_", kind.value()), absl::StrCat(rows_.size() + 1)};
  rows_[row] = {kind, {{now, says}}};
  LogChange(kind, row, std::nullopt, says);
  return row;
}

void Database::Update(absl::Time now, const core::RowId& row, const core::Contribution& says) {
  Row& known = rows_.at(row);
  const std::optional<core::Contribution> before = known.now();
  known.images.push_back({now, says});
  LogChange(known.kind, row, before, says);
}

void Database::Delete(absl::Time now, const core::RowId& row) {
  Row& known = rows_.at(row);
  const std::optional<core::Contribution> before = known.now();
  known.images.push_back({now, std::nullopt});
  LogChange(known.kind, row, before, std::nullopt);
}

void Database::InsertUnreadable(absl::Time now, const MovementKind& kind,
                                const core::Contribution& says) {
  const core::RowId row{absl::StrCat("t_", kind.value()), absl::StrCat(rows_.size() + 1)};
  rows_[row] = {kind, {{now, says}}};
  core::Event event;
  event.body = core::GapEvent{{kind, says.account, says.line.order}, row.table, "unreadable"};
  Log(std::move(event));
}

void Database::Note(const std::string& fact) {
  core::Event event;
  event.body = core::FactEvent{fact, "f1", AccountId(), {}, {}, {}};
  Log(std::move(event));
}

void Database::TellAgain() {
  if (log_.size() > told_for_good_) log_.push_back(Transaction(log_.back()));
}

void Database::FailOver(uint64_t count) {
  coordinates_changed_ = true;
  const uint64_t end = log_.size();
  for (uint64_t i = end - std::min(count, end - told_for_good_); i < end; ++i) {
    Transaction again = log_[i];
    for (core::Event& event : again.events) event.id = absl::StrCat(name_, "-", ++events_);
    log_.push_back(std::move(again));
  }
}

}  // namespace fundgate::simulation
