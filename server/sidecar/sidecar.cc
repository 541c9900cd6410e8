#include "server/sidecar/sidecar.h"

#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "server/sidecar/feed/backoff.h"

namespace fundgate::sidecar {
namespace {

constexpr absl::Duration kShortestWait = absl::Milliseconds(100);
constexpr absl::Duration kLongestWait = absl::Seconds(5);

std::shared_ptr<grpc::Channel> Connect(const Settings& settings) {
  grpc::ChannelArguments arguments = settings.arguments;
  // A gate that was restarted is found at once.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  return grpc::CreateCustomChannel(
      settings.gate,
      settings.credentials != nullptr ? settings.credentials : grpc::InsecureChannelCredentials(),
      arguments);
}

}  // namespace

Sidecar::Sidecar(Settings settings, Log log)
    : settings_(std::move(settings)), log_(std::move(log)) {
  const std::shared_ptr<grpc::Channel> channel = Connect(settings_);
  ingest_ = v1::Ingest::NewStub(channel);
  policies_ = v1::Policies::NewStub(channel);
}

End Sidecar::Run() {
  feed::Backoff backoff(kShortestWait, kLongestWait, std::random_device()());
  while (true) {
    Session session({settings_, *ingest_, *policies_, log_, counters_, server_uid_,
                     must_begin_anew_, gives_up_prepared_, schema_, damage_});
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return End::kStopped;
      session_ = &session;
    }
    const SessionEnd end = session.Run();
    {
      const std::lock_guard lock(mutex_);
      session_ = nullptr;
    }
    if (session.went_well()) {
      backoff.Reset();
      told_ = absl::OkStatus();
    }
    if (const std::optional<End> last = After(end); last.has_value()) return *last;
    Wait(backoff.Next());
  }
}

// The same news once.
void Sidecar::TellLoss(const SessionEnd& end) {
  if (end.status == told_) return;
  told_ = end.status;
  const std::string reason(end.status.message());
  if (absl::IsDataLoss(end.status)) {
    log_.Error("what the source sends is damaged; reading it again", {{"reason", reason}});
  } else if (end.next == Next::kReload) {
    log_.Warning("the gate wants to begin anew", {{"reason", reason}});
  } else {
    log_.Warning("lost a connection; trying again", {{"reason", reason}});
  }
}

std::optional<End> Sidecar::After(const SessionEnd& end) {
  const std::string reason(end.status.message());
  switch (end.next) {
    case Next::kRetry:
    case Next::kReload: {
      const std::lock_guard lock(mutex_);
      if (stopping_) {
        if (!end.unacknowledged) return End::kStopped;
        log_.Error("ended with something unacknowledged: it is read again at the next start",
                   {{"reason", reason}});
        return End::kFailed;
      }
      TellLoss(end);
      return std::nullopt;
    }
    case Next::kFail:
      log_.Error("can't go on until this is set right", {{"reason", reason}});
      return End::kFailed;
    case Next::kFenced:
      log_.Error("another sidecar feeds this source now; this one gives way", {{"reason", reason}});
      return End::kFenced;
    case Next::kLost:
      log_.Error("the source doesn't have what comes next any more", {{"reason", reason}});
      return End::kLost;
  }
  return End::kFailed;
}

void Sidecar::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    if (session_ != nullptr) session_->Stop();
  }
  changed_.notify_all();
}

void Sidecar::Wait(absl::Duration length) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, absl::ToChronoNanoseconds(length), [this] { return stopping_; });
}

}  // namespace fundgate::sidecar
