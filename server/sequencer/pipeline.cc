#include "server/sequencer/pipeline.h"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "fundgate/types/text.h"

namespace fundgate::sequencer {
namespace {

constexpr int kExitFatal = 70;  // sysexits.h: EX_SOFTWARE

// Who brings its next input within this part of the time that the one before took had it at hand
// already: a caller that waits for its answer takes longer to come again. Its thread is then better
// off bringing inputs than waiting for the disk.
constexpr int kHurry = 8;

void EndProcess(const absl::Status& status) {
  const std::string text = status.ToString();
  std::fprintf(stderr,
               "fundgate: what was written can't be made durable or read back, so nothing more is "
               "answered; start again to recover from disk. The cause: %s\n",
               text.c_str());
  // Without destructors: they would flush and answer.
  std::_Exit(kExitFatal);
}

absl::Status CheckOptions(const Options& options) {
  const auto positive = [](std::string_view name, auto value, auto zero) {
    if (value > zero) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat("sequencer option ", ToAbsl(name), " must be greater than zero"));
  };
  FUNDGATE_RETURN_IF_ERROR(positive("queue_capacity", options.queue_capacity, size_t{0}));
  FUNDGATE_RETURN_IF_ERROR(positive("group_capacity", options.group_capacity, size_t{0}));
  FUNDGATE_RETURN_IF_ERROR(positive("groups_in_flight", options.groups_in_flight, size_t{0}));
  const absl::Duration zero;
  FUNDGATE_RETURN_IF_ERROR(positive("longest_wait", options.longest_wait, zero));
  FUNDGATE_RETURN_IF_ERROR(positive("tick_period", options.tick_period, zero));
  FUNDGATE_RETURN_IF_ERROR(positive("drift_limit", options.drift_limit, zero));
  FUNDGATE_RETURN_IF_ERROR(positive("probe_spacing", options.probe_spacing, zero));
  FUNDGATE_RETURN_IF_ERROR(positive("probe_retry", options.probe_retry, zero));
  return positive("reload_period", options.reload_period, zero);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Pipeline>> Pipeline::Create(const Options& options,
                                                           store::Store& store, InputClock& clock,
                                                           Judge judge, ProbeRequest request_probe,
                                                           Sequencer::Fatal fatal) {
  FUNDGATE_RETURN_IF_ERROR(CheckOptions(options));
  const absl::Time newest = store.state().resident().clock.time;
  if (clock.Now() < newest) {
    return absl::FailedPreconditionError(
        absl::StrCat("the input clock is behind the journal, whose newest input is of ",
                     absl::FormatTime(newest), ": start the clock no earlier than that"));
  }
  if (!fatal) fatal = EndProcess;
  return std::unique_ptr<Pipeline>(
      new Pipeline(options, store, clock, std::move(judge), std::move(request_probe), fatal));
}

Pipeline::Pipeline(const Options& options, store::Store& store, InputClock& clock, Judge judge,
                   ProbeRequest request_probe, const Sequencer::Fatal& fatal)
    : options_(options),
      clock_(clock),
      queue_(options.queue_capacity),
      admission_(options.longest_wait, options.queue_capacity),
      answerer_(meters_),
      committer_(store, clock, meters_, answerer_, options.groups_in_flight,
                 {.fatal = fatal,
                  .on_death = [this] { queue_.Close(); },
                  .on_failed_write =
                      [this](const absl::Status& failure) {
                        counts_.SetFailure(failure);
                        queue_.Wake();
                      }}),
      writer_(options,
              {.store = store,
               .clock = clock,
               .queue = queue_,
               .admission = admission_,
               .committer = committer_,
               .judge = std::move(judge),
               .request_probe = std::move(request_probe),
               .fatal = fatal,
               .counts = counts_},
              clock.Watch([this] { queue_.Wake(); })) {}

std::optional<TurnedAway> Pipeline::TurnAway(const Newcomer& newcomer) {
  return admission_.TurnAway(newcomer, queue_.line(), clock_.Steady());
}

absl::Status Pipeline::Submit(core::Input input, std::optional<absl::Duration> time_left,
                              Callback done) {
  return queue_.Push(MakePending(std::move(input), time_left, std::move(done)));
}

absl::Status Pipeline::SubmitHere(core::Input input, std::optional<absl::Duration> time_left,
                                  Callback done) {
  bool borrowed = false;
  Pending pending = MakePending(std::move(input), time_left, std::move(done));
  const absl::Duration submitted = pending.times.submitted;
  FUNDGATE_RETURN_IF_ERROR(queue_.PushOrBorrow(std::move(pending), borrowed));
  if (!borrowed) return absl::OkStatus();
  writer_.NoteHurry(submitted - borrowed_until_ < borrowed_for_ / kHurry);
  writer_.Turn(absl::ZeroDuration());
  PassOn();
  borrowed_until_ = clock_.Steady();
  borrowed_for_ = borrowed_until_ - submitted;
  queue_.GiveBack(writer_.has_work_for_its_thread(), writer_.lends());
  return absl::OkStatus();
}

Pending Pipeline::MakePending(core::Input input, std::optional<absl::Duration> time_left,
                              Callback done) {
  Pending pending;
  pending.times.submitted = clock_.Steady();
  if (time_left.has_value()) pending.deadline = pending.times.submitted + *time_left;
  pending.input = std::move(input);
  if (auto* check = std::get_if<core::CheckInput>(&pending.input.body)) {
    check->arrived_at = clock_.Now();
  }
  pending.done = std::move(done);
  return pending;
}

uint64_t Pipeline::AddObserver(Observer observer) {
  return answerer_.AddObserver(std::move(observer));
}

void Pipeline::RemoveObserver(uint64_t id) { answerer_.RemoveObserver(id); }

Statistics Pipeline::statistics() const {
  Statistics statistics;
  statistics.queue_depth = queue_.depth();
  statistics.queue_capacity = options_.queue_capacity;
  statistics.wait = admission_.WaitAt(queue_.line(), clock_.Steady());
  statistics.parked = counts_.parked;
  statistics.groups = answerer_.groups();
  statistics.inputs = answerer_.inputs();
  statistics.reloads = counts_.reloads;
  statistics.failure = counts_.failure();
  statistics.disk_full = absl::IsResourceExhausted(statistics.failure);
  statistics.input_time = clock_.Now();
  return statistics;
}

bool Pipeline::writer_needs_committer() const {
  return !committer_.has_room() || (committer_.in_flight() > 0 && !counts_.failure().ok());
}

}  // namespace fundgate::sequencer
