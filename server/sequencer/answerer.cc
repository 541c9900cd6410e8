#include "server/sequencer/answerer.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace fundgate::sequencer {

void Answerer::Answer(std::vector<Group> groups, absl::Duration synced) {
  for (Group& group : groups) AnswerOne(std::move(group), synced);
}

void Answerer::Leave(std::vector<Group> groups, absl::Duration synced) {
  {
    MutexLock lock(mutex_);
    while (!groups_left_.empty()) taken_.Wait(mutex_);
    groups_left_ = std::move(groups);
    synced_ = synced;
  }
  // Without the lock, which the answerer's thread takes first when it wakes.
  left_.NotifyOne();
}

bool Answerer::Turn() {
  std::vector<Group> groups;
  absl::Duration synced;
  {
    MutexLock lock(mutex_);
    while (groups_left_.empty() && !finishing_) left_.Wait(mutex_);
    if (groups_left_.empty()) return false;
    groups = std::exchange(groups_left_, {});
    synced = synced_;
    answering_ = true;
  }
  taken_.NotifyOne();
  Answer(std::move(groups), synced);
  MutexLock lock(mutex_);
  answering_ = false;
  return true;
}

void Answerer::Finish() {
  {
    MutexLock lock(mutex_);
    finishing_ = true;
  }
  left_.NotifyOne();
}

bool Answerer::is_busy() const {
  MutexLock lock(mutex_);
  return answering_ || !groups_left_.empty();
}

void Answerer::AnswerOne(Group group, absl::Duration synced) {
  if (group.number > std::exchange(counted_, std::max(counted_, group.number))) {
    ++groups_;
    inputs_ += group.answered.size();
    meters_.group_inputs.Observe(
        std::count_if(group.answered.begin(), group.answered.end(),
                      [](const Answered& answered) { return answered.sequence != 0; }));
  }
  for (Answered& answered : group.answered) {
    if (!answered.error.ok()) {
      if (answered.done) answered.done(std::move(answered.error));
      continue;
    }
    // Before the answer: whoever has heard it finds it counted.
    if (std::holds_alternative<core::Decision>(answered.outcome.answer)) {
      meters_.ObserveCheck(answered.times, synced);
    }
    if (answered.sequence != 0) Observe(answered);
    if (answered.done) answered.done(std::move(answered.outcome.answer));
  }
}

void Answerer::Observe(const Answered& answered) {
  MutexLock lock(observers_mutex_);
  for (const auto& [id, observer] : observers_) {
    observer(answered.sequence, answered.input, answered.outcome);
  }
}

uint64_t Answerer::AddObserver(Observer observer) {
  MutexLock lock(observers_mutex_);
  observers_.emplace_back(next_observer_, std::move(observer));
  return next_observer_++;
}

void Answerer::RemoveObserver(uint64_t id) {
  MutexLock lock(observers_mutex_);
  std::erase_if(observers_, [id](const auto& entry) { return entry.first == id; });
}

}  // namespace fundgate::sequencer
