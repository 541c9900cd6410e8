#include "server/core/outbox.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/grouping.h"

namespace fundgate::core {
namespace {

// The oldest alert that another one may take over; calls keep their places.
std::string OldestAlert(const absl::btree_map<std::string, Alert>& waiting) {
  std::string oldest;
  const Alert* found = nullptr;
  for (const auto& [slot, alert] : waiting) {
    if (alert.kind == AlertKind::kCall) continue;
    if (found == nullptr || alert.id < found->id) {
      oldest = slot;
      found = &alert;
    }
  }
  return oldest;
}

std::string SlotOf(const Action& action, const Violation& violation) {
  std::string subject =
      violation.order.empty() ? violation.account.value() : violation.order.value();
  if (!violation.key.key.empty()) subject = violation.key.key.value();
  return absl::StrCat("call ", action.name, " ", violation.account.value(), " ", subject);
}

}  // namespace

void PostAlert(Draft& draft, const Group& group, AlertKind kind) {
  const Alert* present = draft.FindWaiting(group.id);
  int64_t stands_for = present == nullptr ? 0 : present->stands_for + 1;
  if (present == nullptr && draft.CountWaiting() >= kMaxWaiting) {
    const absl::btree_map<std::string, Alert> waiting = draft.Waiting();
    const std::string oldest = OldestAlert(waiting);
    if (!oldest.empty()) {
      stands_for = waiting.at(oldest).stands_for + 1;
      draft.EraseWaiting(oldest);
    }
  }
  Alert& alert = draft.MutableWaiting(group.id);
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
  if (draft.FindWaiting(slot) != nullptr) return;
  if (draft.CountWaiting() >= kMaxWaiting) {
    Member dropped;
    dropped.name = std::string(kNotCalledGroup);
    dropped.id = violation.id;
    dropped.labels = {{"action", action.name}};
    dropped.message = absl::StrCat("there was no room for the call ", action.name, " because of ",
                                   violation.id, ": do by hand what it would have done");
    Join(draft, {std::string(kNotCalledGroup), {{"action", action.name}}}, std::move(dropped));
    return;
  }
  Alert& call = draft.MutableWaiting(slot);
  call.id = draft.NewAlertId();
  call.kind = AlertKind::kCall;
  call.at = draft.now();
  call.action = action.name;
  call.endpoint = action.endpoint;
  call.violation = violation.id;
}

Answer ForgetDelivered(Draft& draft, const DeliveredInput& input) {
  for (const auto& [slot, id] : input.alerts) {
    const Alert* waiting = draft.FindWaiting(slot);
    if (waiting != nullptr && waiting->id == id) draft.EraseWaiting(slot);
  }
  return Done{};
}

}  // namespace fundgate::core
