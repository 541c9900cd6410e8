#include "server/export/outbox_reader.h"

#include <algorithm>
#include <chrono>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "google/protobuf/util/time_util.h"

namespace fundgate::exporting {

OutboxReader::OutboxReader(Outbox outbox, std::vector<std::unique_ptr<Sink>> sinks,
                           ReaderOptions options)
    : outbox_(std::move(outbox)), options_(options) {
  for (std::unique_ptr<Sink>& sink : sinks) workers_.push_back({std::move(sink), {}});
  // The list is complete before the first of them looks who else there is.
  for (Worker& worker : workers_) {
    worker.thread = std::thread([this, &sink = *worker.sink] { Run(sink); });
  }
}

void OutboxReader::Wake() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++changes_;
  }
  changed_.notify_all();
}

void OutboxReader::Stop() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (Worker& worker : workers_) worker.sink->Cancel();
  for (Worker& worker : workers_) {
    if (worker.thread.joinable()) worker.thread.join();
  }
}

void OutboxReader::Run(Sink& sink) {
  uint64_t seen = 0;
  absl::Duration failed_wait = options_.shortest_wait;
  absl::Time repeat_at = absl::Now() + sink.repeat_every();
  while (!stopping_) {
    bool well = false;
    absl::StatusOr<std::vector<Waiting>> waiting = ListFor(sink);
    if (waiting.ok()) well = TellAll(sink, *waiting);
    if (well && sink.repeat_every() > absl::ZeroDuration() && absl::Now() >= repeat_at) {
      well = Repeat(sink);
      repeat_at = absl::Now() + sink.repeat_every();
    }
    if (well) {
      failed_wait = options_.shortest_wait;
      if (Wait(options_.look_every, seen)) return;
      continue;
    }
    // What comes meanwhile doesn't shorten this: the sink is given time.
    const absl::Time again_at = absl::Now() + failed_wait;
    failed_wait = std::min(failed_wait * 2, options_.longest_wait);
    while (absl::Now() < again_at) {
      if (Wait(again_at - absl::Now(), seen)) return;
    }
  }
}

bool OutboxReader::Wait(absl::Duration longest, uint64_t& seen) {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait_for(lock, absl::ToChronoNanoseconds(longest),
                    [&] { return stopping_ || changes_ != seen; });
  seen = changes_;
  return stopping_;
}

bool OutboxReader::IsFor(const Sink& sink, const v1::Alert& alert) const {
  if (alert.kind() != v1::ALERT_KIND_CALL) return !sink.takes_calls();
  return sink.takes_calls() && sink.name() == alert.endpoint();
}

absl::StatusOr<std::vector<Waiting>> OutboxReader::ListFor(const Sink& sink) {
  const std::lock_guard<std::mutex> lock(mutex_);
  absl::StatusOr<std::vector<Waiting>> waiting = outbox_.list();
  if (!waiting.ok()) return waiting;
  std::set<std::string> ids;
  for (const Waiting& entry : *waiting) ids.insert(entry.alert.id());
  const auto is_gone = [&ids](const auto& entry) { return !ids.contains(entry.first); };
  std::erase_if(taken_, is_gone);
  std::erase_if(said_, is_gone);
  std::erase_if(attempts_, [&ids](const auto& entry) { return !ids.contains(entry.first.first); });
  SayDelivered(*waiting);
  NoteHomeless(*waiting);
  std::erase_if(*waiting, [&](const Waiting& entry) {
    const auto taken = taken_.find(entry.alert.id());
    return !IsFor(sink, entry.alert) || (taken != taken_.end() && taken->second.contains(&sink));
  });
  return waiting;
}

// With the lock. What everybody has taken leaves the outbox; said again if it doesn't.
void OutboxReader::SayDelivered(const std::vector<Waiting>& waiting) {
  std::vector<std::pair<std::string, std::string>> done;
  const absl::Time now = absl::Now();
  for (const Waiting& entry : waiting) {
    const auto taken = taken_.find(entry.alert.id());
    if (taken == taken_.end()) continue;
    const bool by_all = std::all_of(workers_.begin(), workers_.end(), [&](const Worker& worker) {
      return !IsFor(*worker.sink, entry.alert) || taken->second.contains(worker.sink.get());
    });
    const auto said = said_.find(entry.alert.id());
    if (!by_all || (said != said_.end() && now - said->second < options_.say_again)) continue;
    done.emplace_back(entry.slot, entry.alert.id());
  }
  if (done.empty() || !outbox_.delivered(done).ok()) return;
  for (const auto& [slot, id] : done) said_[id] = now;
}

// With the lock. A call that nobody here takes waits until the settings name its endpoint.
void OutboxReader::NoteHomeless(const std::vector<Waiting>& waiting) {
  for (const Waiting& entry : waiting) {
    const bool has_home = std::any_of(workers_.begin(), workers_.end(), [&](const Worker& worker) {
      return IsFor(*worker.sink, entry.alert);
    });
    const std::string& sink = entry.alert.endpoint();
    if (has_home || !attempts_.try_emplace({entry.alert.id(), sink}, 1).second) continue;
    v1::DeliveryAttempt attempt;
    attempt.set_alert_id(entry.alert.id());
    attempt.set_sink(sink);
    *attempt.mutable_at() =
        google::protobuf::util::TimeUtil::NanosecondsToTimestamp(absl::ToUnixNanos(absl::Now()));
    attempt.set_error("the gate's settings name no endpoint of that name: start it with --action " +
                      sink + "=URL");
    outbox_.note(std::move(attempt));
  }
}

bool OutboxReader::TellAll(Sink& sink, const std::vector<Waiting>& waiting) {
  bool all_taken = true;
  for (const Waiting& entry : waiting) {
    if (stopping_) return false;
    const absl::Status status = sink.Tell(entry.alert);
    if (stopping_ && !status.ok()) return false;
    Note(sink, entry.alert, status);
    if (status.ok()) {
      NoteTaken(sink, entry);
    } else {
      all_taken = false;
    }
    if (absl::IsUnavailable(status)) return false;
  }
  return all_taken;
}

bool OutboxReader::Repeat(Sink& sink) {
  const absl::StatusOr<std::vector<v1::Alert>> groups = outbox_.open_groups();
  if (!groups.ok()) return false;
  for (const v1::Alert& group : *groups) {
    if (stopping_ || !sink.Tell(group).ok()) return false;
  }
  return true;
}

void OutboxReader::NoteTaken(const Sink& sink, const Waiting& waiting) {
  const std::lock_guard<std::mutex> lock(mutex_);
  taken_[waiting.alert.id()].insert(&sink);
  SayDelivered({waiting});
}

void OutboxReader::Note(const Sink& sink, const v1::Alert& alert, const absl::Status& status) {
  v1::DeliveryAttempt attempt;
  attempt.set_alert_id(alert.id());
  attempt.set_sink(sink.name());
  *attempt.mutable_at() =
      google::protobuf::util::TimeUtil::NanosecondsToTimestamp(absl::ToUnixNanos(absl::Now()));
  attempt.set_delivered(status.ok());
  attempt.set_error(std::string(status.message()));
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    attempt.set_attempts(++attempts_[{alert.id(), sink.name()}]);
  }
  outbox_.note(std::move(attempt));
}

}  // namespace fundgate::exporting
