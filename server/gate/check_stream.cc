#include "server/gate/check_stream.h"

#include <grpcpp/alarm.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "server/gate/admission.h"
#include "server/gate/gate_service.h"
#include "server/gate/guard.h"
#include "server/gate/overload.h"
#include "server/gate/stream.h"

namespace fundgate::gate {
namespace {

// How long a stream waits before it knocks at a full gate again.
constexpr std::chrono::microseconds kKnockAgain{5000};
// All streams together knock no more often than once in this time, so that a crowd of them costs
// little.
constexpr std::chrono::microseconds kKnockApart{100};

using Reactor = grpc::ServerBidiReactor<v1::CheckRequest, v1::Decision>;

// The answers under way and those not written yet together are at most kMaxChecksOfStream: past it,
// and while the gate has too many checks, nothing is read. So no check of a stream is refused for
// that: its caller finds that it can't send on.
class CheckStream final : public Stream<Reactor, v1::Decision> {
 public:
  CheckStream(const Backend& backend, const grpc::CallbackServerContext& context, Place place)
      : backend_(backend),
        context_(context),
        deadline_(context.deadline()),
        place_(std::move(place)) {}

 private:
  void Start() override FUNDGATE_REQUIRES(mutex_) { ReadOn(); }

  void AfterWrite() override FUNDGATE_REQUIRES(mutex_) { ReadOn(); }

  bool Busy() const override FUNDGATE_REQUIRES(mutex_) { return under_way_ > 0 || knocking_; }

  void ReadOn() FUNDGATE_REQUIRES(mutex_) {
    if (reading_ || knocking_ || ending() || under_way_ + queued() >= kMaxChecksOfStream) return;
    reading_ = true;
    // Each check keeps its request until it is answered.
    request_ = std::make_shared<v1::CheckRequest>();
    StartRead(request_.get());
  }

  void OnReadDone(bool ok) override {
    const auto self = shared_from_this();
    const sequencer::MutexLock lock(mutex_);
    reading_ = false;
    const absl::Duration arrived = backend_.clock.Steady();
    if (!ok) return End(grpc::Status::OK);
    if (ending()) return;
    // Asked again with each check: the access file may have changed.
    const absl::StatusOr<Call> call = backend_.access.Admit(context_, "Gate/StreamChecks");
    if (!call.ok()) return End(ToGrpc(call.status()));
    const absl::Status allowed = call->AllowCheckpoint(request_->checkpoint());
    if (!allowed.ok()) return End(ToGrpc(allowed));
    times_ = {arrived, absl::InfiniteDuration()};
    priority_ = backend_.overload.priorities.Of(request_->checkpoint());
    first_knock_ = true;
    Take();
  }

  // What was read. A gate that is full has held it back, and the policy may have changed meanwhile.
  void Take() FUNDGATE_REQUIRES(mutex_) {
    const auto policy = PresentPolicy(backend_);
    if (!policy.ok()) return Fail(ToGrpc(policy.status()));
    Problems problems;
    if (request_->request_id().empty()) {
      problems.Add("request_id", "is required: the answers of a stream come in any order");
    }
    std::optional<core::CheckInput> check = Admit(**policy, *request_, "", problems);
    if (!problems.empty() || !check.has_value()) {
      return Fail(
          InvalidArgument(problems, absl::StrCat("request_id \"", request_->request_id(), "\": ")));
    }
    times_.admitted = std::min(times_.admitted, backend_.clock.Steady());
    Submit(*std::move(check));
  }

  void Fail(grpc::Status status) FUNDGATE_REQUIRES(mutex_) {
    backend_.meters.CallFailed(status.error_code());
    End(std::move(status));
  }

  void Submit(core::CheckInput check) FUNDGATE_REQUIRES(mutex_) {
    const std::optional<absl::Duration> time_left = TimeLeft(deadline_);
    if (backend_.sequencer.TurnAway({priority_, 1, time_left}).has_value()) {
      return KnockAgain();
    }
    core::Input input;
    input.body = std::move(check);
    const auto self = std::static_pointer_cast<CheckStream>(shared_from_this());
    const absl::Status submitted = backend_.sequencer.Submit(
        std::move(input), time_left,
        [self, request = request_, times = times_](absl::StatusOr<core::Answer> answer) {
          self->Answered(*request, times, std::move(answer));
        });
    if (absl::IsResourceExhausted(submitted)) return KnockAgain();
    if (!submitted.ok()) return Fail(ToGrpc(submitted));
    ++under_way_;
    ReadOn();
  }

  // The gate is full: holds the check back, and with it all that would follow.
  void KnockAgain() FUNDGATE_REQUIRES(mutex_) {
    if (std::exchange(first_knock_, false)) backend_.overload.StreamHeldBack();
    knocking_ = true;
    const auto self = std::static_pointer_cast<CheckStream>(shared_from_this());
    alarm_ = std::make_unique<grpc::Alarm>();
    const std::chrono::microseconds pause = std::max(
        kKnockAgain, kKnockApart * static_cast<int64_t>(backend_.overload.check_streams.taken()));
    alarm_->Set(std::chrono::system_clock::now() + pause, [self](bool /*fired*/) {
      const sequencer::MutexLock lock(self->mutex_);
      self->alarm_.reset();  // it holds this function, and so the stream
      self->knocking_ = false;
      if (self->ending()) return self->Pump();
      self->Take();
    });
  }

  void Answered(const v1::CheckRequest& request, const CallTimes& times,
                absl::StatusOr<core::Answer> answer) {
    answer = Taken(std::move(answer));
    v1::Decision decision;
    if (answer.ok()) {
      const auto& judged = std::get<core::Decision>(*answer);
      Answer(backend_.store, request, judged, decision);
      backend_.meters.CheckAnswered(judged, times, backend_.clock.Steady());
    }
    const sequencer::MutexLock lock(mutex_);
    --under_way_;
    if (answer.ok()) {
      Send(std::move(decision));
    } else {
      Fail(ToGrpc(answer.status()));
    }
    ReadOn();
    Pump();
  }

  const Backend& backend_;
  const grpc::CallbackServerContext& context_;
  const std::chrono::system_clock::time_point deadline_;
  const Place place_;
  std::shared_ptr<v1::CheckRequest> request_ FUNDGATE_GUARDED_BY(mutex_);
  CallTimes times_ FUNDGATE_GUARDED_BY(mutex_);  // of request_
  sequencer::Priority priority_ FUNDGATE_GUARDED_BY(mutex_) =
      sequencer::Priority::kNormal;                      // of request_
  bool first_knock_ FUNDGATE_GUARDED_BY(mutex_) = true;  // of request_
  size_t under_way_ FUNDGATE_GUARDED_BY(mutex_) = 0;
  bool reading_ FUNDGATE_GUARDED_BY(mutex_) = false;
  bool knocking_ FUNDGATE_GUARDED_BY(mutex_) = false;
  std::unique_ptr<grpc::Alarm> alarm_ FUNDGATE_GUARDED_BY(mutex_);
};

}  // namespace

Reactor* OpenCheckStream(const Backend& backend, grpc::CallbackServerContext& context,
                         Place place) {
  return CheckStream::Open(std::make_shared<CheckStream>(backend, context, std::move(place)),
                           backend.streams);
}

}  // namespace fundgate::gate
