// One unary call, made as often as it takes within its deadline, without blocking a thread.
#ifndef CLIENT_RETRYING_CALL_H_
#define CLIENT_RETRYING_CALL_H_

#include <algorithm>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/random/random.h"
#include "absl/time/time.h"
#include "client/convert.h"
#include "client/pending.h"
#include "client/retry.h"
#include "fundgate/client.h"
#include "grpc/support/time.h"
#include "grpcpp/alarm.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/status.h"

namespace fundgate::client {

// `wait` from now, by the steady clock: for gRPC's deadlines and alarms.
inline gpr_timespec After(absl::Duration wait) {
  const int64_t micros = std::max<int64_t>(0, absl::ToInt64Microseconds(wait));
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_micros(micros, GPR_TIMESPAN));
}

// How a call ended.
template <typename Response>
struct CallResult {
  grpc::Status status;
  Response response;              // of an ok status
  BootClock::time_point sent_at;  // when the attempt that was answered was sent
  // What was left of the call's time, and the pause that the gate last asked for.
  absl::Duration time_left;
  std::optional<absl::Duration> retry_hint;
};

// Owns itself from Run() until its callback has returned. Every attempt sends the same request.
//
// Thread safety: attempts and pauses follow each other, so only what Cancel() touches is locked.
template <typename Request, typename Response>
class RetryingCall final : public Cancellable,
                           public std::enable_shared_from_this<RetryingCall<Request, Response>> {
 public:
  using Answered = std::function<void(grpc::Status)>;
  using Start = std::function<void(grpc::ClientContext*, const Request*, Response*, Answered)>;
  using Done = std::function<void(CallResult<Response>)>;

  RetryingCall(std::shared_ptr<Pending> pending, const RetryOptions& options, Request request,
               absl::Duration timeout, Start start, Done done)
      : pending_(std::move(pending)),
        options_(options),
        request_(std::move(request)),
        deadline_(BootClock::now() + absl::ToChronoNanoseconds(timeout)),
        start_(std::move(start)),
        done_(std::move(done)) {}

  void Run() {
    pending_->Add(this->shared_from_this());
    Attempt();
  }

  void Cancel() override {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    if (context_ != nullptr) context_->TryCancel();
    if (alarm_ != nullptr) alarm_->Cancel();
  }

 private:
  absl::Duration TimeLeft() const { return absl::FromChrono(deadline_ - BootClock::now()); }

  void Attempt() {
    const absl::Duration left = TimeLeft();
    if (left <= absl::ZeroDuration()) {
      return Finish({grpc::StatusCode::DEADLINE_EXCEEDED, "the call's time was up"});
    }
    ++attempts_;
    response_.Clear();
    grpc::ClientContext* context = nullptr;
    {
      const std::lock_guard lock(mutex_);
      if (!cancelled_) {
        context_ = std::make_unique<grpc::ClientContext>();
        context_->set_deadline(After(std::min(left, options_.attempt_timeout)));
        context = context_.get();
      }
    }
    if (context == nullptr) return Finish(GivenUp());
    sent_at_ = BootClock::now();
    start_(context, &request_, &response_, [self = this->shared_from_this()](grpc::Status status) {
      self->OnAnswer(std::move(status));
    });
  }

  void OnAnswer(grpc::Status status) {
    if (WasCutOff(status)) {
      status = {grpc::StatusCode::UNAVAILABLE, "the gate closed while it was being asked"};
    }
    if (status.ok() || !MayTryAgain(static_cast<absl::StatusCode>(status.error_code()))) {
      return Finish(std::move(status));
    }
    retry_hint_ = RetryHintOf(status);
    if (status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED) overloaded_ = status;
    const PauseRange range = PauseAfter(options_, attempts_, retry_hint_);
    absl::BitGen random;
    const absl::Duration pause = absl::Nanoseconds(
        absl::Uniform(absl::IntervalClosed, random, absl::ToInt64Nanoseconds(range.shortest),
                      absl::ToInt64Nanoseconds(range.longest)));
    // A pause that outlasts the call only delays the news that nobody could be reached.
    if (pause >= TimeLeft()) return Finish(std::move(status));
    bool cancelled = false;
    {
      const std::lock_guard lock(mutex_);
      cancelled = cancelled_;
      if (!cancelled) {
        alarm_ = std::make_unique<grpc::Alarm>();
        alarm_->Set(After(pause), [self = this->shared_from_this()](bool) { self->Attempt(); });
      }
    }
    if (cancelled) Finish(GivenUp());
  }

  // A call that nobody here gave up: a server that is closing cancels what just reaches it.
  bool WasCutOff(const grpc::Status& status) {
    const std::lock_guard lock(mutex_);
    return status.error_code() == grpc::StatusCode::CANCELLED && !cancelled_;
  }

  static grpc::Status GivenUp() {
    return {grpc::StatusCode::CANCELLED, "the client is being destroyed"};
  }

  void Finish(grpc::Status status) {
    // Time that runs out with a gate that has said why it can't take the call tells no more.
    if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED && overloaded_.has_value()) {
      status = *overloaded_;
    }
    CallResult<Response> result{std::move(status), std::move(response_), sent_at_, TimeLeft(),
                                retry_hint_};
    done_(std::move(result));
    done_ = nullptr;  // what it captured is released before the client may be
    // A pause's alarm holds what it calls, and so this call, until it goes.
    std::unique_ptr<grpc::Alarm> alarm;
    {
      const std::lock_guard lock(mutex_);
      alarm = std::move(alarm_);
    }
    alarm.reset();
    pending_->Remove(this->shared_from_this());
  }

  const std::shared_ptr<Pending> pending_;
  const RetryOptions options_;
  const Request request_;
  const BootClock::time_point deadline_;
  const Start start_;

  // One attempt or pause at a time.
  Done done_;
  Response response_;
  int attempts_ = 0;
  BootClock::time_point sent_at_;
  std::optional<absl::Duration> retry_hint_;
  std::optional<grpc::Status>
      overloaded_;  // what an attempt was answered by a gate that has too much

  std::mutex mutex_;
  std::unique_ptr<grpc::ClientContext> context_;  // protected by mutex_; of the newest attempt
  std::unique_ptr<grpc::Alarm> alarm_;            // protected by mutex_; of the newest pause
  bool cancelled_ = false;                        // protected by mutex_
};

}  // namespace fundgate::client

#endif  // CLIENT_RETRYING_CALL_H_
