#include "server/gate/outbox_access.h"

#include <algorithm>
#include <optional>

#include "fundgate/types/status_macros.h"
#include "server/gate/convert_review.h"

namespace fundgate::gate {

OutboxAccess::OutboxAccess(store::Store& store, sequencer::Sequencer& sequencer,
                           const Masking& masking)
    : store_(store), sequencer_(sequencer), masking_(masking) {
  observer_ = sequencer_.AddObserver(
      [this](Sequence /*sequence*/, const core::Input& /*input*/, const core::Outcome& outcome) {
        if (outcome.changes.of<core::Outbox>().empty()) return;
        const sequencer::MutexLock lock(watch_mutex_);
        if (changed_) changed_();
      });
}

OutboxAccess::~OutboxAccess() { sequencer_.RemoveObserver(observer_); }

absl::StatusOr<std::vector<OutboxAccess::Waiting>> OutboxAccess::ListWaiting(Sight sight) const {
  const std::shared_ptr<const store::View> view = store_.view();
  std::vector<Waiting> waiting;
  for (const auto& [slot, alert] : view->resident().of<core::Outbox>()) {
    FUNDGATE_ASSIGN_OR_RETURN(v1::Alert proto, ToAlert(alert, *view));
    if (sight == Sight::kMasked) masking_.Mask(proto);
    waiting.push_back({slot, std::move(proto)});
  }
  // Ids begin with the sequence, in digits of equal number.
  std::sort(waiting.begin(), waiting.end(),
            [](const Waiting& a, const Waiting& b) { return a.alert.id() < b.alert.id(); });
  return waiting;
}

absl::StatusOr<std::vector<v1::Alert>> OutboxAccess::ListOpenGroups() const {
  const std::shared_ptr<const store::View> view = store_.view();
  std::vector<v1::Alert> alerts;
  for (const auto& [key, open] : view->resident().of<core::OpenGroups>()) {
    FUNDGATE_ASSIGN_OR_RETURN(const std::optional<core::Group> group,
                              view->Find<core::Groups>(open.id));
    if (!group.has_value()) continue;
    core::Alert standing;
    standing.id = group->id;
    standing.group = group->id;
    standing.at = group->since;
    standing.level = group->level;
    FUNDGATE_ASSIGN_OR_RETURN(v1::Alert proto, ToAlert(standing, *view));
    masking_.Mask(proto);
    alerts.push_back(std::move(proto));
  }
  return alerts;
}

absl::Status OutboxAccess::Delivered(std::vector<std::pair<std::string, std::string>> alerts) {
  core::Input input;
  input.body = core::DeliveredInput{std::move(alerts)};
  return sequencer_.Submit(std::move(input), std::nullopt, nullptr);
}

void OutboxAccess::Watch(std::function<void()> changed) {
  const sequencer::MutexLock lock(watch_mutex_);
  changed_ = std::move(changed);
}

void OutboxAccess::NoteAttempt(v1::DeliveryAttempt attempt) {
  const sequencer::MutexLock lock(mutex_);
  std::pair key(attempt.alert_id(), attempt.sink());
  if (attempt.delivered()) {
    attempts_.erase(key);
    return;
  }
  attempts_.insert_or_assign(std::move(key), std::move(attempt));
  if (attempts_.size() > kMaxAttempts) attempts_.erase(attempts_.begin());
}

std::vector<v1::DeliveryAttempt> OutboxAccess::ListAttempts() const {
  const sequencer::MutexLock lock(mutex_);
  std::vector<v1::DeliveryAttempt> attempts;
  for (const auto& [key, attempt] : attempts_) attempts.push_back(attempt);
  return attempts;
}

}  // namespace fundgate::gate
