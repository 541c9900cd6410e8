#include "server/core/event_violations.h"

#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "fundgate/types/checked.h"
#include "server/core/books.h"
#include "server/core/breaker_scope.h"
#include "server/core/breakers.h"
#include "server/core/event_fields.h"
#include "server/core/leases.h"

namespace fundgate::core {

int PowerOfTenBetween(int64_t a, int64_t b) {
  int64_t larger = std::max(a, b);
  const int64_t smaller = std::min(a, b);
  if (smaller <= 0) return 0;
  int power = 0;
  while (larger > smaller && larger % 10 == 0) {
    larger /= 10;
    ++power;
  }
  return larger == smaller ? power : 0;
}

const std::string& PartOf(const Contribution& row) {
  return row.part_key.empty() ? row.line.order.value() : row.part_key;
}

void AddOrigin(const EventOrigin& origin, Violation& violation) {
  if (origin.server_id != 0) {
    violation.fields.emplace_back("origin.server_id", absl::StrCat(origin.server_id));
  }
  if (!origin.statement.empty()) {
    violation.fields.emplace_back("origin.statement", origin.statement);
  }
  for (const auto& [name, mark] : origin.marks) {
    violation.fields.emplace_back(absl::StrCat("origin.marker.", name), mark);
  }
}

void AddEvent(const Event& event, Violation& violation) {
  violation.event_id = event.id;
  violation.occurred_at = event.occurred_at;
  AddOrigin(event.origin, violation);
  const RowId& row = RowOf(event);
  if (!row.table.empty()) {
    violation.fields.emplace_back("table", row.table);
    violation.fields.emplace_back("primary_key", row.primary_key);
  }
  if (const auto* fact = std::get_if<FactEvent>(&event.body)) {
    violation.fields.emplace_back("key", fact->key);
  }
  for (const auto& [name, value] : AttributesOf(event)) {
    if (violation.fields.size() >= kMaxViolationFields) break;
    violation.fields.emplace_back(absl::StrCat("attribute.", name), ToString(value));
  }
}

void React(Draft& draft, OnEvent reaction, const MovementKind& kind, const Violation& violation) {
  if (violation.history || draft.finds_history()) return;
  if (reaction == OnEvent::kAlert || violation.account.empty()) return;
  const bool is_trip = reaction == OnEvent::kTrip;
  const bool has_checkpoint = draft.policy().FindCheckpoint(kind) != nullptr;
  const BreakerScope scope{is_trip && has_checkpoint ? kind.value() : std::string(kEverything),
                           "account", violation.account.value()};
  const std::string movement =
      violation.key.key.empty()
          ? ""
          : absl::StrCat(", ", violation.key.kind.value(), " ", violation.key.key.value());
  OpenAutomatically(draft, scope.ToString(),
                    is_trip ? BreakerOrigin::kTrip : BreakerOrigin::kFreeze,
                    absl::StrCat(violation.name, movement, ": ", violation.message));
}

void EventViolations::Raise(ViolationKind kind, const Contribution& after, std::string message,
                            std::vector<std::pair<std::string, std::string>> fields) {
  Violation violation;
  violation.kind = kind;
  violation.name = std::string(ToString(kind));
  violation.key = key_;
  violation.account = after.account;
  violation.order = after.line.order;
  violation.amount = Money{after.currency, after.line.amount};
  violation.source = source_.name;
  violation.message = std::move(message);
  violation.fields = std::move(fields);
  AddEvent(event_, violation);
  React(draft_, draft_.policy().OnViolation(kind), key_.kind, violation);
  draft_.AddViolation(std::move(violation));
}

bool EventViolations::IsHistory() const {
  if (draft_.finds_history()) return true;
  return movement_.gated_from.has_value() && event_.occurred_at != absl::InfinitePast() &&
         event_.occurred_at < *movement_.gated_from;
}

void EventViolations::Compare(const Contribution& after, bool is_duplicate) {
  const KeyRecord& record = *draft_.FindKey(key_);
  if (is_duplicate) {
    return Raise(ViolationKind::kDuplicateMovement, after,
                 absl::StrCat("a second row has moved ", key_.kind.value(), " ", key_.key.value()),
                 {{"first_row", absl::StrCat(record.rows.front().row.table, "/",
                                             record.rows.front().row.primary_key)}});
  }
  CompareCurrency(after);
  if (!movement_.gated) return;
  CompareWithState(record, after);
  CompareWithReservation(record, after);
}

void EventViolations::CompareWithState(const KeyRecord& record, const Contribution& after) {
  if (record.moved) return;  // said when the first of its rows came
  const bool released =
      record.reservation.has_value() && record.reservation->state == ReservationState::kReleased;
  if (record.state == KeyState::kClosed || (record.state == KeyState::kAllowed && released)) {
    return Raise(ViolationKind::kAfterRelease, after,
                 "it moved although the service had released it");
  }
  if (record.state == KeyState::kBlocked || record.state == KeyState::kRejected) {
    return Raise(ViolationKind::kAfterBlock, after, "it moved although it was blocked");
  }
  if (record.state == KeyState::kAllowed || IsHistory()) return;
  if (MayBeLeased(draft_, key_, Money{after.currency, after.line.amount})) return;
  Raise(ViolationKind::kUngated, after,
        record.state == KeyState::kHeld ? "it moved although it was only held"
                                        : "it moved without having been asked for");
}

void EventViolations::CompareCurrency(const Contribution& after) {
  const KeyRecord& record = *draft_.FindKey(key_);
  bool differs =
      record.state == KeyState::kAllowed && record.fingerprint->amount.currency != after.currency;
  for (const Effect& effect : movement_.effects) {
    const BookDefinition& book = draft_.policy().books[effect.book];
    if (!book.single_currency) continue;
    const Family* family =
        draft_.FindFamily({book.name, after.account, book.by_order ? after.line.order : OrderId()});
    differs |= family != nullptr && !family->currency.empty() && family->currency != after.currency;
  }
  if (!differs) return;
  Raise(ViolationKind::kOtherCurrency, after,
        absl::StrCat("it moved in ", std::string(after.currency.code()),
                     ", which is not the currency of its order or of what was allowed"));
}

void EventViolations::CompareWithReservation(const KeyRecord& record, const Contribution& after) {
  if (record.state != KeyState::kAllowed) return;
  const Fingerprint& allowed = *record.fingerprint;
  if (allowed.account != after.account) {
    Raise(ViolationKind::kOtherAccount, after,
          absl::StrCat("it was allowed for account ", allowed.account.value(), " and moved for ",
                       after.account.value()));
  }
  const auto line =
      std::find_if(allowed.lines.begin(), allowed.lines.end(),
                   [&after](const Line& candidate) { return candidate.order == after.line.order; });
  if (line == allowed.lines.end() && !movement_.many_lines && allowed.lines.front().order.empty()) {
    return;
  }
  if (line == allowed.lines.end()) {
    return Raise(ViolationKind::kOtherOrder, after,
                 absl::StrCat("it was not allowed for order ", after.line.order.value()));
  }
  if (allowed.amount.currency != after.currency) return;  // amounts can't be compared
  const int64_t expected =
      movement_.many_lines ? line->amount : record.reservation->amount.minor_units;
  const Line moved = MovedOfLine(record, after);
  // Of a line that several rows make up, those that are missing may still come.
  const bool is_whole = !movement_.many_lines || PartOf(after) == after.line.order.value();
  if (!is_whole && moved.amount < expected) return;
  if (expected != moved.amount) return RaiseMismatch(after, {{"", expected, moved.amount}});
  if (!movement_.many_lines) return;
  std::vector<Difference> differences;
  for (const auto& [name, allowed_part] : line->parts) {
    const int64_t* const moved_part = FindPart(moved, name);
    if (moved_part == nullptr || *moved_part == allowed_part) continue;
    differences.push_back({name, allowed_part, *moved_part});
  }
  if (!differences.empty()) RaiseMismatch(after, differences);
}

void EventViolations::RaiseMismatch(const Contribution& after,
                                    const std::vector<Difference>& differences) {
  bool mixed_units = false;
  std::string message;
  std::vector<std::pair<std::string, std::string>> fields;
  for (const Difference& difference : differences) {
    const int power = PowerOfTenBetween(difference.allowed, difference.moved);
    const std::string allowed = Money{after.currency, difference.allowed}.ToString();
    const std::string moved = Money{after.currency, difference.moved}.ToString();
    const bool is_part = !difference.part.empty();
    mixed_units |= power > 0;
    absl::StrAppend(&message, message.empty() ? "" : "; ", difference.part, is_part ? ": " : "",
                    allowed, " was allowed and ", moved, " moved");
    if (power > 0) absl::StrAppend(&message, ": a factor of 10^", power, ", mixed units");
    const std::string suffix = is_part ? absl::StrCat(".", difference.part) : "";
    fields.emplace_back(absl::StrCat("allowed", suffix), allowed);
    fields.emplace_back(absl::StrCat("moved", suffix), moved);
    fields.emplace_back(absl::StrCat("power_of_ten", suffix), absl::StrCat(power));
  }
  Raise(mixed_units ? ViolationKind::kUnitMismatch : ViolationKind::kAmountMismatch, after,
        std::move(message), std::move(fields));
}

// What all rows of the line have moved, where several make it up; else what this one did.
Line EventViolations::MovedOfLine(const KeyRecord& record, const Contribution& after) const {
  Line moved = after.line;
  if (!movement_.many_lines || PartOf(after) == after.line.order.value()) return moved;
  const RowId& this_row = std::get<MovementEvent>(event_.body).row;
  for (const RowContribution& row : record.rows) {
    const bool is_this = row.source == source_.name && row.row == this_row;
    if (is_this || row.line.order != after.line.order) continue;
    moved.amount = CheckedAdd(moved.amount, row.line.amount).value_or(moved.amount);
    for (auto& [name, amount] : moved.parts) {
      const int64_t* const part = FindPart(row.line, name);
      if (part != nullptr) amount = CheckedAdd(amount, *part).value_or(amount);
    }
  }
  return moved;
}

void EventViolations::Undone(const RowContribution& posted, const Contribution* after) {
  if (movement_.reversible) return;
  Contribution gone;
  gone.account = posted.account;
  gone.line = posted.line;
  gone.currency = posted.amount.currency;
  Raise(ViolationKind::kMovementUndone, gone,
        absl::StrCat(posted.amount.ToString(), " that had moved ",
                     after != nullptr && after->status == MovementStatus::kHappened
                         ? "was edited to " + Money{after->currency, after->line.amount}.ToString()
                         : "is gone"));
}

}  // namespace fundgate::core
