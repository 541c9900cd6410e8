#include "server/sidecar/session.h"

#include <chrono>
#include <span>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "fundgate/types/status_macros.h"
#include "fundgate/types/text.h"
#include "server/policy/fnv1a.h"
#include "server/sidecar/binlog/reader.h"
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

// The database's, as sources::DatabaseError() and sources::ConnectToPrimary() say.
Next AfterDatabase(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kAborted:
      return Next::kFenced;
    case absl::StatusCode::kOutOfRange:
      return Next::kLost;
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kFailedPrecondition:
      return Next::kFail;
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

// The decoder's and the mapper's: a table that can't be mapped needs a person; damage may be gone
// when it is read again.
Next AfterReading(const absl::Status& status) {
  return absl::IsFailedPrecondition(status) ? Next::kFail : Next::kRetry;
}

// Where an event begins in its file, by the end that its header names: 4 bytes from the 13th on,
// the least first. 0 for artificial events, which are in no file.
uint64_t OffsetOf(std::span<const uint8_t> event) {
  constexpr size_t kEndPosition = 13;
  uint64_t end = 0;
  for (size_t i = 4; i > 0 && event.size() >= kEndPosition + 4; --i) {
    end = end << 8 | event[kEndPosition + i - 1];
  }
  return end > event.size() ? end - event.size() : 0;
}

absl::StatusOr<v1::GetPositionResponse> GetPosition(v1::Ingest::Stub& ingest,
                                                    const std::string& source,
                                                    uint64_t mapping_version) {
  grpc::ClientContext call;
  call.set_deadline(std::chrono::system_clock::now() + kCallTimeout);
  v1::GetPositionRequest request;
  request.set_source(source);
  request.set_mapping_version(mapping_version);
  v1::GetPositionResponse response;
  const grpc::Status status = ingest.GetPosition(&call, request, &response);
  if (status.ok()) return response;
  return absl::Status(
      static_cast<absl::StatusCode>(status.error_code()),
      absl::StrCat("asking the gate where source ", source, " is: ", status.error_message()));
}

}  // namespace

uint32_t DefaultServerId(std::string_view source) {
  policy::Fnv1a hash;
  hash.AddText(source);
  return static_cast<uint32_t>(hash.value()) | 0x80000000U;
}

SessionEnd Session::Run() {
  ++context_.counters.sessions;
  absl::StatusOr<PolicySource> policy =
      FetchPolicySource(context_.policies, context_.settings.source);
  if (!policy.ok()) return {AfterPolicy(policy.status()), policy.status()};
  policy->primary.server_id = context_.settings.server_id;
  if (stopped()) return {};
  absl::StatusOr<sources::Primary> primary = sources::ConnectToPrimary(policy->primary);
  if (!primary.ok()) return {AfterDatabase(primary.status()), primary.status()};
  if (stopped()) return {};
  return Follow(*std::move(primary), *policy);
}

SessionEnd Session::Follow(sources::Primary primary, PolicySource& policy) {
  NoteServer(primary);
  const uint64_t mapping_version = policy.mapper.mapping_version();
  const absl::StatusOr<v1::GetPositionResponse> granted =
      GetPosition(context_.ingest, context_.settings.source, mapping_version);
  if (!granted.ok()) return {AfterGate(granted.status()), granted.status()};
  absl::StatusOr<feed::RequestBuilder> builder = feed::RequestBuilder::Create(
      context_.settings.source, mapping_version, *granted, context_.settings.feeder.limits);
  if (!builder.ok()) return {Next::kFail, builder.status()};
  sources::HeadReader head(primary);
  const std::string host = primary.session->endpoint().ToString();
  const std::string start = builder->position().Gtids();
  const absl::StatusOr<std::unique_ptr<sources::BinlogStream>> binlog = sources::BinlogStream::Open(
      std::move(primary.session), start, {.server_id = context_.settings.server_id});
  if (!binlog.ok()) return {AfterDatabase(binlog.status()), binlog.status()};
  context_.log.Info("following the binlog", {{"source", context_.settings.source},
                                             {"host", host},
                                             {"server_version", primary.version},
                                             {"server_uid", primary.server_uid},
                                             {"position", granted->position()},
                                             {"epoch", absl::StrCat(granted->epoch())}});
  return Feed(**binlog, head, policy, *std::move(builder), granted->gate_time());
}

SessionEnd Session::Feed(sources::BinlogStream& binlog, sources::HeadReader& head,
                         PolicySource& policy, feed::RequestBuilder builder,
                         const google::protobuf::Timestamp& granted_at) {
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return {};
    binlog_ = &binlog;
    head_ = &head;
  }
  feed::Feeder feeder(
      context_.ingest, std::move(builder), granted_at, context_.settings.feeder, context_.counters,
      {.read_head = [this, &head] { return ReadHead(head); }, .on_end = [this] { Interrupt(); }});
  const std::string granted = feeder.acknowledged();
  const absl::Time begun = absl::Now();
  SessionEnd read = Read(binlog, policy, feeder);
  const absl::Status fed = feeder.Drain(kDrainTimeout);
  const bool moved = feeder.acknowledged() != granted;
  went_well_ = moved || absl::Now() - begun >= kLasted;
  // Where reading got stuck is not where it began: a log that a crash tore apart ends like that,
  // and the server goes on behind it if it is asked again. If not, that attempt will say so.
  if (read.next == Next::kLost && moved) read.next = Next::kRetry;
  {
    const std::lock_guard lock(mutex_);
    binlog_ = nullptr;
    head_ = nullptr;
  }
  if (fed.ok()) return read;
  // Reading that just stopped because the gate did says nothing of its own.
  const Next next = AfterGate(fed);
  if (read.next <= next) read = {next, fed};
  read.unacknowledged = true;
  return read;
}

SessionEnd Session::Read(sources::BinlogStream& binlog, PolicySource& policy,
                         feed::Feeder& feeder) {
  Progress progress(absl::Now());
  feed::Stager stager(
      policy.mapper, {.spill_folder = context_.settings.spill_folder}, context_.log,
      context_.counters, [this, &feeder, &progress](feed::Transaction transaction) {
        const auto report = progress.Read(transaction.committed_at, absl::Now());
        if (report.has_value()) {
          context_.log.Info(
              report->caught_up ? "caught up" : "catching up",
              {{"transactions_per_second", absl::StrCat(report->per_second)},
               {"position", transaction.gtid.ToString()},
               {"behind", absl::FormatDuration(absl::Trunc(report->behind, absl::Seconds(1)))}});
        }
        return feeder.Push(std::move(transaction));
      });
  binlog::ReaderOptions options;
  options.require_checksum = true;
  options.wants_table = [&policy](std::string_view database, std::string_view table) {
    const std::string name = absl::StrCat(ToAbsl(database), ".", ToAbsl(table));
    return policy.tables.contains(absl::AsciiStrToLower(name));
  };
  binlog::Reader reader(stager, std::move(options));
  while (true) {
    const absl::StatusOr<std::span<const uint8_t>> event = binlog.Fetch();
    if (stopped()) return {};
    if (!event.ok()) return {AfterDatabase(event.status()), event.status()};
    const absl::Status applied = reader.Apply(*event, OffsetOf(*event));
    if (!applied.ok()) return {AfterReading(applied), applied};
  }
}

absl::StatusOr<std::string> Session::ReadHead(sources::HeadReader& head) {
  absl::StatusOr<std::string> read = head.Read();
  if (!read.ok() && !head_failed_ && !stopped()) {
    context_.log.Warning("can't read how far the primary is: the source gets stale",
                         {{"reason", std::string(read.status().message())}});
  } else if (read.ok() && head_failed_) {
    context_.log.Info("the primary's position can be read again");
  }
  head_failed_ = !read.ok();
  return read;
}

void Session::NoteServer(const sources::Primary& primary) {
  std::string& known = context_.server_uid;
  if (!known.empty() && known != primary.server_uid) {
    context_.log.Warning("another server than before answers",
                         {{"host", primary.session->endpoint().ToString()},
                          {"server_uid", primary.server_uid},
                          {"server_uid_before", known}});
  }
  known = primary.server_uid;
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
  if (binlog_ != nullptr) binlog_->Interrupt();
  if (head_ != nullptr) head_->Interrupt();
}

bool Session::stopped() const {
  const std::lock_guard lock(mutex_);
  return stopped_;
}

}  // namespace fundgate::sidecar
