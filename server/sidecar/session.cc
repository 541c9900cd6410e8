#include "server/sidecar/session.h"

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "server/sidecar/feed/stager.h"
#include "server/sidecar/progress.h"

namespace fundgate::sidecar {
namespace {

constexpr std::chrono::seconds kCallTimeout(5);
// How long the gate has to acknowledge what it was sent, in the end.
constexpr absl::Duration kDrainTimeout = absl::Seconds(10);
// A session this long was no failed attempt, though nothing happened in it.
constexpr absl::Duration kLasted = absl::Seconds(10);

// The gate's answers, and what feeding it ran into.
Next AfterGate(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kAborted:
      return Next::kFenced;
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kNotFound:
      return Next::kReload;
    case absl::StatusCode::kInvalidArgument:
      return Next::kFail;
    case absl::StatusCode::kDataLoss:
      return Next::kLost;
    default:
      return Next::kRetry;
  }
}

// What the policy says: it must be changed, unless the gate just isn't there.
Next AfterPolicy(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kFailedPrecondition:
      return Next::kFail;
    default:
      return Next::kRetry;
  }
}

absl::StatusOr<v1::GetPositionResponse> GetPosition(v1::Ingest::Stub& ingest,
                                                    const std::string& source,
                                                    uint64_t mapping_version, bool may_repeat) {
  grpc::ClientContext call;
  call.set_deadline(std::chrono::system_clock::now() + kCallTimeout);
  v1::GetPositionRequest request;
  request.set_source(source);
  request.set_mapping_version(mapping_version);
  request.set_coordinates_changed(may_repeat);
  v1::GetPositionResponse response;
  const grpc::Status status = ingest.GetPosition(&call, request, &response);
  if (status.ok()) return response;
  return absl::Status(
      static_cast<absl::StatusCode>(status.error_code()),
      absl::StrCat("asking the gate where source ", source, " is: ", status.error_message()));
}

}  // namespace

SessionEnd Session::Run() {
  ++context_.counters.sessions;
  absl::StatusOr<PolicySource> policy =
      FetchPolicySource(context_.policies, context_.settings.source);
  if (!policy.ok()) return {AfterPolicy(policy.status()), policy.status()};
  if (stopped()) return {};
  absl::StatusOr<std::unique_ptr<Follower>> follower =
      NewFollower({context_.settings, *policy, context_.log, context_.counters, context_.server_uid,
                   context_.schema, context_.damage});
  if (!follower.ok()) return {Next::kFail, follower.status()};
  const std::optional<Failure> failure = (*follower)->Connect();
  if (failure.has_value()) return {failure->next, failure->status};
  if (stopped()) return {};
  return Follow(**follower, *policy);
}

SessionEnd Session::Follow(Follower& follower, PolicySource& policy) {
  const uint64_t mapping_version = policy.mapper.mapping_version();
  const absl::StatusOr<v1::GetPositionResponse> granted = GetPosition(
      context_.ingest, context_.settings.source, mapping_version, follower.may_repeat());
  if (!granted.ok()) return {AfterGate(granted.status()), granted.status()};
  absl::StatusOr<feed::RequestBuilder> builder =
      feed::RequestBuilder::Create(context_.settings.source, mapping_version, *granted,
                                   follower.position_form(), context_.settings.feeder.limits);
  if (!builder.ok()) return {Next::kFail, builder.status()};
  const v1::SnapshotOrder& order = granted->snapshot();
  if (order.begin_anew() || (context_.must_begin_anew && order.is_whole())) {
    return BeginAnew(follower, mapping_version, *granted);
  }
  if (context_.must_begin_anew) {
    return {Next::kLost, absl::OutOfRangeError("nobody has asked for its tables to be read anew")};
  }
  SnapshotRunner runner(order, policy.mapper,
                        {.rows_per_second = context_.settings.snapshot_rows_per_second,
                         .spill_folder = context_.settings.spill_folder},
                        context_.log, absl::Now);
  const bool reads_tables = granted->has_snapshot() && follower.SetTableReading(&runner);
  position_ = builder->position();
  const bool gives_up = std::exchange(context_.gives_up_prepared, false);
  if (gives_up) position_->SetUndecided({});
  const std::optional<Failure> failure = follower.Start(*position_, granted->epoch());
  if (failure.has_value()) return {failure->next, failure->status};
  SessionEnd end = Feed(follower, policy, *std::move(builder), granted->gate_time(),
                        reads_tables ? &runner : nullptr, order.run());
  if (end.next == Next::kLost && !position_->UndecidedStreams().empty()) {
    context_.log.Warning(
        "prepared XA transactions can't be read again; those that are committed are gaps",
        {{"position", position_->ToString()}, {"reason", std::string(end.status.message())}});
    context_.gives_up_prepared = true;
    end.next = Next::kReload;
  } else if (end.next == Next::kLost && order.is_whole()) {
    context_.log.Warning("what comes next can't be read; going on from the present, as all is read",
                         {{"reason", std::string(end.status.message())}});
    context_.must_begin_anew = true;
    end.next = Next::kReload;
  }
  return end;
}

// Jumps to the source's present position: what lies between is made up for by reading all tables.
SessionEnd Session::BeginAnew(Follower& follower, uint64_t mapping_version,
                              const v1::GetPositionResponse& granted) {
  const absl::StatusOr<std::string> head = follower.ReadHead();
  if (!head.ok()) return {Next::kRetry, head.status()};
  grpc::ClientContext call;
  call.set_deadline(std::chrono::system_clock::now() + kCallTimeout);
  const auto stream = context_.ingest.Ingest(&call);
  v1::IngestRequest request;
  request.set_source(context_.settings.source);
  request.set_epoch(granted.epoch());
  request.set_previous_position(granted.position());
  request.set_position(*head);
  request.set_mapping_version(mapping_version);
  request.mutable_snapshot()->set_run(granted.snapshot().run());
  request.mutable_snapshot()->set_begins_anew(true);
  v1::IngestAck ack;
  const bool taken = stream->Write(request) && stream->Read(&ack);
  (void)stream->WritesDone();
  const grpc::Status status = stream->Finish();
  if (!taken) {
    return {AfterGate(absl::Status(static_cast<absl::StatusCode>(status.error_code()), "")),
            absl::UnavailableError(
                absl::StrCat("telling the gate to begin anew: ", status.error_message()))};
  }
  context_.must_begin_anew = false;
  went_well_ = true;
  context_.log.Info("begins anew at the source's present position",
                    {{"position_before", granted.position()}, {"position", *head}});
  return {Next::kReload, absl::FailedPreconditionError("its tables are to be read from there on")};
}

SessionEnd Session::Feed(Follower& follower, PolicySource& policy, feed::RequestBuilder builder,
                         const google::protobuf::Timestamp& granted_at, SnapshotRunner* runner,
                         uint64_t run) {
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return {};
    follower_ = &follower;
  }
  feed::FeederOptions options = context_.settings.feeder;
  options.snapshot_run = run;
  feed::Feeder feeder(context_.ingest, std::move(builder), granted_at, options, context_.counters,
                      {.read_head = [this, &follower] { return ReadHead(follower); },
                       .on_end = [this] { Interrupt(); }});
  if (runner != nullptr) {
    runner->set_sink(
        {.push = [&feeder](feed::Transaction step) { return feeder.Push(std::move(step)); },
         .acknowledged_steps = [&feeder] { return feeder.acknowledged_steps(); },
         .is_over = [&feeder] { return feeder.is_run_over(); }});
  }
  const std::string granted = feeder.acknowledged();
  const absl::Time begun = absl::Now();
  context_.counters.following = true;
  SessionEnd read = Read(follower, policy, feeder);
  const absl::Status fed = feeder.Drain(kDrainTimeout);
  context_.counters.following = false;
  const bool moved = feeder.acknowledged() != granted;
  went_well_ = moved || absl::Now() - begun >= kLasted;
  // Where reading got stuck is not where it began: a log that a crash tore apart ends like that,
  // and the server goes on behind it if it is asked again. If not, that attempt will say so.
  if (read.next == Next::kLost && moved) read.next = Next::kRetry;
  {
    const std::lock_guard lock(mutex_);
    follower_ = nullptr;
  }
  if (fed.ok()) return read;
  // Reading that just stopped because the gate did says nothing of its own.
  const Next next = AfterGate(fed);
  // Nor does reading that was told so by the feeder.
  if (read.next <= next || read.status == fed) read = {next, fed};
  read.unacknowledged = true;
  return read;
}

SessionEnd Session::Read(Follower& follower, PolicySource& policy, feed::Feeder& feeder) {
  Progress progress(absl::Now());
  feed::Stager stager(
      policy.mapper,
      {.position = position_,
       .step_of =
           [&follower](const binlog::TransactionHead& head) { return follower.StepOf(head); },
       .spill_folder = context_.settings.spill_folder,
       .stops_at_gap = policy.declared.on_gap() == policy::v1::ON_GAP_STOP,
       .on_untold = [&feeder](bool waits) { feeder.HoldProbes(waits); }},
      context_.log, context_.counters, [this, &feeder, &progress](feed::Transaction transaction) {
        // What says no time (the end of a partition) is no progress.
        const auto report = transaction.committed_at > absl::UnixEpoch()
                                ? progress.Read(transaction.committed_at, absl::Now())
                                : std::nullopt;
        if (report.has_value()) {
          context_.log.Info(
              report->caught_up ? "caught up" : "catching up",
              {{"transactions_per_second", absl::StrCat(report->per_second)},
               {"position", transaction.step.ToString()},
               {"behind", absl::FormatDuration(absl::Trunc(report->behind, absl::Seconds(1)))}});
        }
        return feeder.Push(std::move(transaction));
      });
  const Failure failure = follower.Read(stager);
  if (stopped()) return {};
  return {failure.next, failure.status};
}

absl::StatusOr<std::string> Session::ReadHead(Follower& follower) {
  absl::StatusOr<std::string> read = follower.ReadHead();
  if (!read.ok() && !head_failed_ && !stopped()) {
    context_.log.Warning("can't read how far the source is: it gets stale",
                         {{"reason", std::string(read.status().message())}});
  } else if (read.ok() && head_failed_) {
    context_.log.Info("the source's head can be read again");
  }
  head_failed_ = !read.ok();
  return read;
}

void Session::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  Interrupt();
}

void Session::Interrupt() {
  const std::lock_guard lock(mutex_);
  if (follower_ != nullptr) follower_->Interrupt();
}

bool Session::stopped() const {
  const std::lock_guard lock(mutex_);
  return stopped_;
}

}  // namespace fundgate::sidecar
