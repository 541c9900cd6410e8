#include "server/sequencer/writer.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "server/sequencer/failure.h"

namespace fundgate::sequencer {
namespace {

// So many groups of one input each, one after the other, and each after all before it were
// answered, say that nobody is in a hurry. A crowd that waits for its answers comes again as one
// input and then the others: one such group says nothing.
constexpr uint64_t kQuietGroups = 2;
// Each time that they have said so wrongly, so many times as many are asked for, up to that many;
// each time that they were right one fewer. A lone caller is taken for a crowd now and then, a
// crowd is one again and again.
constexpr uint64_t kMoreAfterHurry = 4;
constexpr uint64_t kMostQuietGroups = 256;

// Inputs of the sequencer itself in one group at most: the clock's drift and a tick.
constexpr size_t kOwnInputs = 2;

// The same check, to be answered with what is known.
Pending Finally(Pending check) {
  std::get<core::CheckInput>(check.input.body).may_wait = false;
  return check;
}

Answered Unanswerable(Pending&& pending, absl::Status error) {
  return {.input = std::move(pending.input),
          .outcome = {},
          .sequence = 0,
          .error = std::move(error),
          .done = std::move(pending.done),
          .times = pending.times};
}

// Where they lie until they are answered. They have many parts: each is moved but once.
void MoveInto(Group& group, Pending& pending, core::Outcome& outcome, Sequence sequence) {
  Answered& answered = group.answered.emplace_back();
  answered.input = std::move(pending.input);
  answered.outcome = std::move(outcome);
  answered.sequence = sequence;
  answered.done = std::move(pending.done);
  answered.times = pending.times;
}

bool IsWait(const absl::StatusOr<core::Outcome>& outcome) {
  return outcome.ok() && std::holds_alternative<core::Wait>(outcome->answer);
}

}  // namespace

Writer::Writer(const Options& options, Parts parts, bool manual_clock)
    : options_(options),
      parts_(std::move(parts)),
      manual_clock_(manual_clock),
      pace_(options.inputs_per_second),
      parked_(options.parking_capacity),
      probes_(options.probe_spacing, options.probe_retry),
      next_tick_(parts_.clock.Steady() + options.tick_period),
      quiet_from_(kQuietGroups) {}

bool Writer::Turn(absl::Duration longest_wait) {
  if (finished()) return false;
  // Room first: what comes during that wait joins the group.
  if (!parts_.committer.WaitForRoom()) return false;
  // How long to wait depends on it; and it may happen meanwhile.
  NoteFailedWrite();
  Refill(longest_wait);
  NoteFailedWrite();
  pace_.Advance(parts_.clock.Steady());
  ReleaseDue();
  if (!failure_.ok()) TryReload();
  if (failure_.ok()) {
    CommitGroup();
  } else {
    AnswerWithFailure();
  }
  TellProgress();
  return true;
}

bool Writer::is_quiet() const {
  return lone_groups_ >= quiet_from_ && next_ == taken_.size() && again_.empty() &&
         parts_.queue.depth() == 0;
}

bool Writer::lends() const {
  return lone_groups_ >= quiet_from_ && again_.empty() && failure_.ok();
}

void Writer::NoteHurry(bool hurry) {
  quiet_from_ = hurry ? std::min(kMoreAfterHurry * quiet_from_, kMostQuietGroups)
                      : std::max(quiet_from_ - 1, kQuietGroups);
  if (hurry) lone_groups_ = 0;
}

bool Writer::has_work_for_its_thread() const {
  return has_inputs() || finished() || NextWakeUp() < wakes_at_ ||
         !parts_.committer.write_failure().ok();
}

bool Writer::finished() const {
  if (hopeless_ || parts_.committer.dead()) return true;
  return draining() && parts_.queue.depth() == 0 && again_.empty() && parked_.size() == 0;
}

// ---- Taking inputs ----

void Writer::Refill(absl::Duration longest_wait) {
  if (next_ < taken_.size()) return parts_.queue.Rest(std::min(RestOfPace(), longest_wait));
  const absl::Duration next = NextWakeUp();
  const absl::Duration wait = again_.empty() ? WaitUntil(next) : RestOfPace();
  // A turn that may not wait is borrowed, or made by hand: the thread sleeps as it did.
  if (longest_wait > absl::ZeroDuration()) wakes_at_ = next;
  parts_.queue.Await(std::min(wait, longest_wait), lends());
  if (next_ < taken_.size()) return;  // left by who had the turn meanwhile
  taken_.clear();
  next_ = 0;
  parts_.queue.Take(taken_);
  for (Pending& pending : taken_) pending.arrival = ++arrivals_;
}

absl::Duration Writer::WaitUntil(absl::Duration moment) const {
  const absl::Duration wait = moment - parts_.clock.Steady();
  return manual_clock_ && wait > absl::ZeroDuration() ? absl::InfiniteDuration() : wait;
}

// How long the pace keeps the writer from the inputs it has; none if it doesn't.
absl::Duration Writer::RestOfPace() const {
  const absl::Duration now = parts_.clock.Steady();
  const absl::Duration rest = draining() ? absl::ZeroDuration() : pace_.Rest(now);
  if (rest == absl::ZeroDuration()) return rest;
  return WaitUntil(std::min(now + rest, NextWakeUp()));
}

absl::Duration Writer::NextWakeUp() const {
  if (!failure_.ok()) return std::min(reload_at_, parked_.next_due());
  return std::min({next_tick_, parked_.next_due(), probes_.next_due()});
}

std::optional<Pending> Writer::TakeNext() {
  if (!has_inputs() || !(draining() || pace_.Take())) return std::nullopt;
  ++inputs_of_turn_;
  if (!again_.empty()) {
    Pending pending = std::move(again_.front());
    again_.pop_front();
    return pending;
  }
  Pending pending = std::move(taken_[next_++]);
  parts_.queue.SetBacklog(taken_.size() - next_);
  return pending;
}

void Writer::TellProgress() {
  parts_.admission.Progress({.inputs = std::exchange(inputs_of_turn_, 0),
                             .left = has_inputs(),
                             .waiting = has_inputs() || parts_.queue.depth() > 0},
                            parts_.clock.Steady());
}

void Writer::ReleaseDue() {
  const bool last_call = draining() && parts_.queue.depth() == 0;
  std::vector<Pending> due = last_call ? parked_.TakeAll() : parked_.TakeDue(parts_.clock.Steady());
  for (Pending& check : due) again_.push_back(Finally(std::move(check)));
  parts_.counts.parked = parked_.size();
}

// ---- Judging them ----

void Writer::CommitGroup() {
  machinery_ = absl::OkStatus();
  appended_ = damaged_ = time_accepted_ = false;
  Group group;
  group.answered.reserve(
      std::min(options_.group_capacity, again_.size() + taken_.size() - next_ + kOwnInputs));
  bool open = JudgeTick(group);
  while (open && group.answered.size() < options_.group_capacity) {
    std::optional<Pending> next = TakeNext();
    if (!next.has_value()) break;
    open = JudgeOne(*std::move(next), group);
  }
  // Before the commit: the feeders' answer takes longer.
  AskForProbes();
  parts_.counts.parked = parked_.size();
  HandGroup(std::move(group));
}

bool Writer::JudgeTick(Group& group) {
  const absl::Duration steady_now = parts_.clock.Steady();
  if (draining() || steady_now < next_tick_) return true;
  next_tick_ = steady_now + options_.tick_period;

  const core::StateReader& state = parts_.store.state();
  const absl::Duration drift = parts_.clock.Drift();
  if (absl::AbsDuration(drift) > options_.drift_limit && !state.resident().clock.drifted) {
    Pending report;
    report.input.body = core::ClockDriftInput{.drift = drift};
    if (!JudgeOne(std::move(report), group)) return false;
  }
  const size_t before = group.answered.size();
  Pending tick;
  tick.input.body = core::TickInput{};
  if (!JudgeOne(std::move(tick), group)) return false;
  // One tick does a bounded amount of work. What it left over comes with the next group.
  const bool recorded = group.answered.size() > before;
  if (recorded && !state.Due<core::Timers>(group.answered.back().input.time, 1).empty()) {
    next_tick_ = steady_now;
  }
  return true;
}

bool Writer::JudgeOne(Pending&& pending, Group& group) {
  const absl::Duration judging = parts_.clock.Steady();
  if (pending.deadline <= judging) {
    group.answered.push_back(Unanswerable(
        std::move(pending), absl::DeadlineExceededError(
                                "the caller's deadline passed before the input was judged: nothing "
                                "happened")));
    return true;
  }
  pending.times.BeginJudging(judging);
  pending.input.time = parts_.clock.Now();
  absl::StatusOr<core::Outcome> outcome = parts_.judge(pending.input);
  pending.times.judged = parts_.clock.Steady();
  if (IsWait(outcome)) {
    const auto* check = std::get_if<core::CheckInput>(&pending.input.body);
    if (check != nullptr && check->may_wait) {
      Park(std::move(pending), std::get<core::Wait>(std::move(outcome->answer)));
      return true;
    }
    outcome = absl::InternalError("the machine asks to wait with an input that may not wait");
  }
  if (!outcome.ok()) {
    machinery_ = outcome.status();
    group.answered.push_back(Unanswerable(std::move(pending), FailureFor(machinery_)));
    return false;
  }
  return Record(std::move(pending), *std::move(outcome), group);
}

bool Writer::Record(Pending&& pending, core::Outcome&& outcome, Group& group) {
  if (!outcome.recorded) {
    // Nothing to tell of the sequencer's own inputs that changed nothing.
    if (!pending.done) return true;
    MoveInto(group, pending, outcome, 0);
    return true;
  }
  if (absl::Status status = parts_.store.Append(pending.input, outcome); !status.ok()) {
    machinery_ = std::move(status);
    damaged_ = true;
    group.answered.push_back(Unanswerable(std::move(pending), FailureFor(machinery_)));
    return false;
  }
  appended_ = true;
  const core::Resident& resident = parts_.store.state().resident();
  if (const auto* ingest = std::get_if<core::IngestInput>(&pending.input.body)) {
    for (Pending& check : parked_.TakeProven(ingest->source, resident)) {
      again_.push_back(std::move(check));
    }
  }
  time_accepted_ = std::holds_alternative<core::AcceptTimeInput>(pending.input.body) &&
                   std::holds_alternative<core::Done>(outcome.answer);
  MoveInto(group, pending, outcome, resident.clock.sequence);
  // The clock follows once the acceptance is written; whatever comes after it has the new time.
  return !time_accepted_;
}

void Writer::Park(Pending check, core::Wait wait) {
  const absl::Duration steady_now = parts_.clock.Steady();
  // Patience is measured by the steady clock, and judging anew does not start it again.
  check.answer_by = std::min({check.answer_by, steady_now + (wait.give_up_at - check.input.time),
                              check.deadline - options_.deadline_margin});
  if (draining() || parked_.full() || check.answer_by <= steady_now) {
    again_.push_front(Finally(std::move(check)));
    return;
  }
  for (const SourceName& source : wait.sources) probes_.Need(source, wait.proven_past);
  for (const auto& [source, position] : wait.after_positions) {
    probes_.Need(source, absl::InfinitePast());
  }
  parked_.Park(std::move(check), std::move(wait));
}

void Writer::AskForProbes() {
  const absl::Duration steady_now = parts_.clock.Steady();
  if (probes_.next_due() > steady_now) return;
  const std::vector<SourceName> due =
      probes_.TakeDue(steady_now, parts_.clock.Now(),
                      [this](const SourceName& source) { return parked_.Awaits(source); });
  if (!due.empty() && parts_.request_probe) parts_.request_probe(due);
}

// ---- Failing and coming back ----

void Writer::HandGroup(Group group) {
  if (damaged_) {
    SetFailure(FailureFor(machinery_));
    group.Fail(failure_);
    if (!group.answered.empty()) parts_.committer.Hand(std::move(group));
    return;
  }
  if (appended_) newest_ended_ = parts_.store.EndGroup();
  group.number = newest_ended_;
  group.accepts_time = time_accepted_;
  // Only for what comes next: what came before the failure was judged well.
  if (!machinery_.ok()) SetFailure(FailureFor(machinery_));
  if (group.answered.empty()) return;
  const bool alone = group.answered.size() == 1 && parts_.committer.is_idle();
  lone_groups_ = alone ? lone_groups_ + 1 : 0;
  if (!has_inputs() && parts_.queue.depth() == 0) parts_.committer.WriteHere(group);
  parts_.committer.Hand(std::move(group));
}

// What was judged since rests on what isn't there.
void Writer::NoteFailedWrite() {
  if (!failure_.ok()) return;
  if (absl::Status failure = parts_.committer.write_failure(); !failure.ok()) SetFailure(failure);
}

void Writer::SetFailure(const absl::Status& failure) {
  failure_ = OwnCopy(failure);
  reload_at_ = parts_.clock.Steady();
  parts_.counts.SetFailure(failure_);
}

void Writer::AnswerWithFailure() {
  Group group;
  while (group.answered.size() < options_.group_capacity) {
    std::optional<Pending> next = TakeNext();
    if (!next.has_value()) break;
    group.answered.push_back(Unanswerable(*std::move(next), OwnCopy(failure_)));
  }
  if (!group.answered.empty()) parts_.committer.Hand(std::move(group));
}

void Writer::TryReload() {
  const absl::Duration now = parts_.clock.Steady();
  if (now < reload_at_) return;
  // What was written before the failure becomes durable first: the store is then at rest.
  if (!parts_.committer.WaitUntilSynced()) return;
  ++parts_.counts.reloads;
  const absl::Status status = parts_.store.Reload();
  if (status.ok()) {
    failure_ = absl::OkStatus();
    newest_ended_ = parts_.store.written();
    parts_.committer.GoOn();
    parts_.counts.SetFailure(absl::OkStatus());
    return;
  }
  if (absl::IsDataLoss(status)) {
    hopeless_ = true;
    parts_.queue.Close();
    return parts_.fatal(status);
  }
  SetFailure(FailureFor(status));
  reload_at_ = now + options_.reload_period;  // from its beginning, however long it took
}

}  // namespace fundgate::sequencer
