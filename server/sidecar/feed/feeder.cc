#include "server/sidecar/feed/feeder.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "fundgate/types/status_macros.h"

namespace fundgate::feed {
namespace {

// What a transaction without events takes in the queue, so that it isn't free.
constexpr size_t kTransactionBytes = 256;

size_t BytesOf(const Transaction& transaction) {
  return kTransactionBytes + transaction.events.memory_bytes();
}

}  // namespace

Feeder::Feeder(v1::Ingest::Stub& stub, RequestBuilder builder,
               google::protobuf::Timestamp granted_at, const FeederOptions& options,
               Counters& counters, Outside outside)
    : options_(options),
      form_(builder.position().form()),
      counters_(counters),
      outside_(std::move(outside)),
      builder_(std::move(builder)),
      stream_(stub, std::move(granted_at), builder_.position().ToString(), options.window,
              {[this] {
                 const Lock lock(mutex_);
                 probe_asked_ = true;
                 changed_.notify_all();
               },
               [this] {
                 {
                   const Lock lock(mutex_);
                   ended_ = true;
                 }
                 changed_.notify_all();
                 outside_.on_end();
               },
               [this](uint64_t run) { HearOfRun(run); }}),
      sender_([this] { Send(); }),
      prober_([this] { Probe(); }) {}

Feeder::~Feeder() {
  {
    const Lock lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
  stream_.Cancel();
  JoinAll();
}

void Feeder::JoinAll() {
  if (sender_.joinable()) sender_.join();
  if (prober_.joinable()) prober_.join();
}

absl::Status Feeder::Push(Transaction transaction) {
  Lock lock(mutex_);
  const size_t bytes = BytesOf(transaction);
  // One that is larger than the bound alone waits for an empty queue.
  changed_.wait(lock, [this, bytes] {
    return ended_ || queued_ == 0 ||
           (queued_bytes_ + bytes <= options_.queued_bytes_max &&
            queued_ < options_.queued_transactions_max);
  });
  if (ended_) {
    return failure_.ok() ? absl::UnavailableError("the gate ended the stream") : failure_;
  }
  queued_bytes_ += bytes;
  ++queued_;
  queue_.push_back(std::move(transaction));
  lock.unlock();
  changed_.notify_all();
  return absl::OkStatus();
}

void Feeder::HoldProbes(bool holds) {
  {
    const Lock lock(mutex_);
    holds_probes_ = holds;
    if (holds) probe_.reset();
    if (!holds) probe_asked_ = true;  // nothing was proven for a while
  }
  changed_.notify_all();
}

absl::Status Feeder::Drain(absl::Duration timeout) {
  const absl::Time until = absl::Now() + timeout;
  {
    Lock lock(mutex_);
    draining_ = true;
    changed_.notify_all();
    const bool in_time = changed_.wait_for(lock, absl::ToChronoNanoseconds(timeout),
                                           [this] { return sent_all_ || ended_; });
    if (!in_time) stream_.Cancel();
  }
  sender_.join();
  absl::Status end = stream_.Finish(until - absl::Now());
  prober_.join();
  const Lock lock(mutex_);
  return failure_.ok() ? end : failure_;
}

// The sender's thread.
void Feeder::Send() {
  Lock lock(mutex_);
  while (AwaitWork(lock)) {
    // All at once: under a flood of transactions without events a request goes out now and then.
    std::deque<Transaction> taken = std::exchange(queue_, {});
    lock.unlock();
    if (const absl::Status filled = Fill(std::move(taken)); !filled.ok()) Fail(filled);
    lock.lock();
    if (ended_ || !IsTimeToSend()) continue;
    lock.unlock();
    SendRequest();
    lock.lock();
  }
  sent_all_ = true;
  changed_.notify_all();
}

// Events and probes go at once; positions alone wait for them a little.
bool Feeder::IsTimeToSend() {
  if (builder_.has_events() || probe_.has_value()) return true;
  if (!builder_.moves()) return false;
  if (!moves_since_.has_value()) moves_since_ = absl::Now();
  return draining_ || absl::Now() >= *moves_since_ + options_.linger;
}

// True if there is something to do, false if there will be nothing more.
bool Feeder::AwaitWork(Lock& lock) {
  while (!ended_) {
    if (!queue_.empty() || IsTimeToSend()) return true;
    if (draining_) return false;
    if (builder_.moves()) {
      changed_.wait_for(lock,
                        absl::ToChronoNanoseconds(*moves_since_ + options_.linger - absl::Now()));
    } else {
      changed_.wait(lock);
    }
  }
  return false;
}

// Puts transactions into requests; sends those that get full.
absl::Status Feeder::Fill(std::deque<Transaction> taken) {
  for (Transaction& transaction : taken) {
    const size_t bytes = BytesOf(transaction);
    while (true) {
      FUNDGATE_ASSIGN_OR_RETURN(const bool whole, builder_.Add(transaction));
      if (whole) break;
      SendRequest();
    }
    const Lock lock(mutex_);
    queued_bytes_ -= bytes;
    --queued_;
    changed_.notify_all();
    if (ended_) break;
  }
  return absl::OkStatus();
}

void Feeder::SendRequest() {
  std::optional<v1::Probe> probe;
  {
    const Lock lock(mutex_);
    probe = std::exchange(probe_, std::nullopt);
  }
  if (probe.has_value()) ++counters_.probes;
  moves_since_.reset();
  if (stream_.Write(builder_.Take(std::move(probe)))) ++counters_.requests;
}

// The prober's thread.
void Feeder::Probe() {
  Lock lock(mutex_);
  while (!ended_ && !draining_) {
    probe_asked_ = false;
    lock.unlock();
    v1::Probe probe;
    const absl::Status read = ReadHead(probe);
    lock.lock();
    if (!read.ok()) ++counters_.head_failures;
    if (read.ok()) {
      if (!holds_probes_) probe_ = std::move(probe);
      changed_.notify_all();
    } else if (absl::IsDataLoss(read) || absl::IsFailedPrecondition(read)) {
      // Beginning anew shows what the server there has.
      lock.unlock();
      Fail(absl::UnavailableError(read.message()));
      lock.lock();
    }
    const absl::Duration waiting = stream_.Waiting(absl::Now());
    counters_.unacknowledged_nanos = absl::ToInt64Nanoseconds(waiting);
    if (waiting > options_.patience) {
      lock.unlock();
      Fail(absl::UnavailableError(absl::StrCat("the gate acknowledged nothing for ",
                                               absl::FormatDuration(options_.patience))));
      lock.lock();
    }
    changed_.wait_for(lock, absl::ToChronoNanoseconds(options_.probe_every),
                      [this] { return ended_ || draining_ || probe_asked_; });
  }
}

absl::Status Feeder::ReadHead(v1::Probe& probe) {
  // Both before the head is read: it proves the time, and must cover what came before it.
  *probe.mutable_read_after() = stream_.gate_time();
  const std::string acknowledged = stream_.acknowledged();
  FUNDGATE_ASSIGN_OR_RETURN(const std::string head, outside_.read_head());
  FUNDGATE_ASSIGN_OR_RETURN(const SourcePosition newest, SourcePosition::Parse(head, form_));
  FUNDGATE_ASSIGN_OR_RETURN(const SourcePosition applied,
                            SourcePosition::Parse(acknowledged, form_));
  if (!newest.Covers(applied)) {
    return absl::DataLossError(absl::StrCat(
        "the source's newest steps are \"", head, "\", which lie before \"", acknowledged,
        "\" that was read from it: it was made anew, or another server answers in its place"));
  }
  probe.set_head_position(head);
  return absl::OkStatus();
}

bool Feeder::is_run_over() const {
  const Lock lock(mutex_);
  return run_over_;
}

// On the stream's thread.
void Feeder::HearOfRun(uint64_t run) {
  if (run != 0 && run != options_.snapshot_run) {
    return Fail(absl::FailedPreconditionError(
        absl::StrCat("it wants tables to be read anew, by run ", run)));
  }
  const Lock lock(mutex_);
  if (run == 0) run_over_ = true;
}

void Feeder::Fail(absl::Status status) {
  {
    const Lock lock(mutex_);
    if (failure_.ok()) failure_ = std::move(status);
    ended_ = true;
  }
  changed_.notify_all();
  stream_.Cancel();
  outside_.on_end();
}

}  // namespace fundgate::feed
