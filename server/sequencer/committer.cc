#include "server/sequencer/committer.h"

#include <algorithm>
#include <utility>

#include "server/sequencer/failure.h"

namespace fundgate::sequencer {
namespace {

uint64_t NewestOf(const std::vector<Group>& groups) {
  uint64_t newest = 0;
  for (const Group& group : groups) newest = std::max(newest, group.number);
  return newest;
}

size_t InputsOf(const std::vector<Group>& groups) {
  size_t inputs = 0;
  for (const Group& group : groups) inputs += group.answered.size();
  return inputs;
}

}  // namespace

Committer::Committer(store::Store& store, InputClock& clock, Meters& meters, Answerer& answerer,
                     size_t groups_in_flight, Listeners listeners)
    : store_(store),
      clock_(clock),
      meters_(meters),
      answerer_(answerer),
      groups_in_flight_(groups_in_flight),
      listeners_(std::move(listeners)) {}

bool Committer::HasRoom() const {
  return in_flight_ < groups_in_flight_ && unwritten_ < kMostUnwritten &&
         !(takes_no_more_ && in_flight_ > 0);
}

bool Committer::has_room() const {
  MutexLock lock(mutex_);
  return HasRoom();
}

bool Committer::WaitForRoom() {
  MutexLock lock(mutex_);
  while (!HasRoom() && !dead_) moved_on_.Wait(mutex_);
  return !dead_;
}

bool Committer::WaitUntilSynced() {
  MutexLock lock(mutex_);
  while (in_flight_ > 0 && !dead_) moved_on_.Wait(mutex_);
  return !dead_;
}

void Committer::WriteHere(Group& group) {
  {
    MutexLock lock(mutex_);
    if (unwritten_ > 0) return;
  }
  Write(group);
  group.is_written = true;
}

void Committer::Hand(Group group) {
  MutexLock lock(mutex_);
  if (dead_) return;
  takes_no_more_ = group.accepts_time;
  handed_.push_back(std::move(group));
  ++in_flight_;
  if (!handed_.back().is_written) ++unwritten_;
}

void Committer::Call() {
  {
    MutexLock lock(mutex_);
    if (handed_.empty() || turning_) return;
  }
  // Without the lock, which the committer's thread takes first when it wakes.
  handed_over_.NotifyOne();
}

absl::Status Committer::write_failure() const {
  MutexLock lock(mutex_);
  return OwnCopy(write_failure_);
}

void Committer::GoOn() {
  MutexLock lock(mutex_);
  write_failure_ = absl::OkStatus();
}

void Committer::Finish() {
  MutexLock lock(mutex_);
  finishing_ = true;
  handed_over_.NotifyOne();
}

size_t Committer::in_flight() const {
  MutexLock lock(mutex_);
  return in_flight_;
}

bool Committer::is_idle() const {
  MutexLock lock(mutex_);
  return handed_.empty() && !turning_ && !answerer_.is_busy();
}

bool Committer::Turn(bool leaves_answers) {
  std::vector<Group> groups = TakeGroups();
  return !groups.empty() && Commit(std::move(groups), leaves_answers);
}

void Committer::TurnAtOnce() {
  std::vector<Group> groups;
  {
    MutexLock lock(mutex_);
    if (handed_.empty() || turning_ || answerer_.is_busy()) return;
    turning_ = true;
    groups = std::exchange(handed_, {});
  }
  Commit(std::move(groups), false);
}

std::vector<Group> Committer::TakeGroups() {
  MutexLock lock(mutex_);
  while (turning_ || (handed_.empty() && !finishing_)) handed_over_.Wait(mutex_);
  turning_ = !handed_.empty();
  return std::exchange(handed_, {});
}

bool Committer::Commit(std::vector<Group> groups, bool leaves_answers) {
  WriteAll(groups);
  const absl::Status status = SyncAll(groups);
  if (status.ok()) {
    if (groups.back().accepts_time) clock_.AcceptWallClock();
    // Before the answers: the writer goes on while they are being sent.
    Release(groups.size());
    SeeToAnswers(std::move(groups), leaves_answers);
  } else {
    Die(status);
  }
  MutexLock lock(mutex_);
  turning_ = false;
  // What came meanwhile was handed to nobody yet.
  if (!handed_.empty() || finishing_) handed_over_.NotifyOne();
  return status.ok();
}

void Committer::SeeToAnswers(std::vector<Group> groups, bool leaves_answers) {
  const absl::Duration synced = clock_.Steady();
  // Only this turn leaves something: what isn't busy now stays so.
  if (leaves_answers && (InputsOf(groups) > kFewAnswers || answerer_.is_busy())) {
    answerer_.Leave(std::move(groups), synced);
  } else {
    answerer_.Answer(std::move(groups), synced);
  }
}

void Committer::WriteAll(std::vector<Group>& groups) {
  for (Group& group : groups) {
    if (group.is_written) continue;
    Write(group);
    {
      MutexLock lock(mutex_);
      --unwritten_;
    }
    moved_on_.NotifyOne();
  }
}

void Committer::Write(Group& group) {
  absl::Status failure = write_failure();
  if (failure.ok()) {
    const absl::Status written = store_.Write(group.number);
    if (written.ok()) return;
    failure = FailureFor(written);
    {
      MutexLock lock(mutex_);
      write_failure_ = OwnCopy(failure);
    }
    listeners_.on_failed_write(failure);
  }
  if (group.number > store_.written()) group.Fail(failure);
}

absl::Status Committer::SyncAll(const std::vector<Group>& groups) {
  const uint64_t newest = NewestOf(groups);
  if (newest <= synced_) return absl::OkStatus();
  const absl::Duration begun = clock_.Steady();
  const absl::Status status = store_.Sync(newest);
  if (status.ok()) synced_ = newest;
  meters_.sync.Observe(absl::ToInt64Nanoseconds(clock_.Steady() - begun));
  return status;
}

void Committer::Release(size_t groups) {
  {
    MutexLock lock(mutex_);
    in_flight_ -= groups;
  }
  moved_on_.NotifyOne();
}

void Committer::Die(const absl::Status& status) {
  // What the system did with the unsynced pages is unknown, and asking again may hide the loss:
  // only a new process that reads the disk can know what is there.
  listeners_.fatal(status);
  {
    MutexLock lock(mutex_);
    dead_ = true;
    handed_.clear();
    moved_on_.NotifyOne();
  }
  listeners_.on_death();
}

}  // namespace fundgate::sequencer
