#include "server/core/outbox.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/grouping.h"

namespace fundgate::core {
namespace {

// The oldest alert that another one may take over; calls keep their places.
std::string OldestAlert(const Draft& draft) {
  std::string oldest;
  std::string oldest_id;
  draft.ForEach<Outbox>([&](const std::string& slot, const Alert& alert) {
    if (alert.kind == AlertKind::kCall) return;
    if (oldest_id.empty() || alert.id < oldest_id) {
      oldest = slot;
      oldest_id = alert.id;
    }
  });
  return oldest;
}

// What the violation is about, as narrow as it tells.
std::string SubjectOf(const Violation& violation) {
  if (!violation.key.key.empty()) return violation.key.key.value();
  const auto key = std::find_if(violation.fields.begin(), violation.fields.end(),
                                [](const auto& field) { return field.first == "key"; });
  if (key != violation.fields.end()) return key->second;
  return violation.order.empty() ? violation.account.value() : violation.order.value();
}

std::string SlotOf(const Action& action, const Violation& violation) {
  return absl::StrCat("call ", action.name, " ", violation.account.value(), " ",
                      SubjectOf(violation));
}

}  // namespace

void PostAlert(Draft& draft, const Group& group, AlertKind kind) {
  const Alert* present = draft.Find<Outbox>(group.id);
  int64_t stands_for = present == nullptr ? 0 : present->stands_for + 1;
  if (present == nullptr && draft.Count<Outbox>() >= kMaxWaiting) {
    const std::string oldest = OldestAlert(draft);
    if (!oldest.empty()) {
      stands_for = draft.Find<Outbox>(oldest)->stands_for + 1;
      draft.Erase<Outbox>(oldest);
    }
  }
  Alert& alert = draft.Mutable<Outbox>(group.id);
  alert = Alert{};
  alert.id = draft.NewAlertId();
  alert.kind = kind;
  alert.at = draft.now();
  alert.group = group.id;
  alert.level = group.level;
  alert.stands_for = stands_for;
}

void PostCall(Draft& draft, const Action& action, const Violation& violation) {
  const std::string slot = SlotOf(action, violation);
  if (draft.Find<Outbox>(slot) != nullptr) return;
  if (draft.Count<Outbox>() >= kMaxWaiting) {
    Member dropped;
    dropped.name = std::string(kNotCalledGroup);
    dropped.id = violation.id;
    dropped.labels = {{"action", action.name}};
    dropped.message = absl::StrCat("there was no room for the call ", action.name, " because of ",
                                   violation.id, ": do by hand what it would have done");
    Join(draft, {std::string(kNotCalledGroup), {{"action", action.name}}}, dropped);
    return;
  }
  Alert& call = draft.Mutable<Outbox>(slot);
  call.id = draft.NewAlertId();
  call.kind = AlertKind::kCall;
  call.at = draft.now();
  call.action = action.name;
  call.endpoint = action.endpoint;
  call.violation = violation.id;
}

Answer ForgetDelivered(Draft& draft, const DeliveredInput& input) {
  for (const auto& [slot, id] : input.alerts) {
    const Alert* waiting = draft.Find<Outbox>(slot);
    if (waiting != nullptr && waiting->id == id) draft.Erase<Outbox>(slot);
  }
  return Done{};
}

}  // namespace fundgate::core
