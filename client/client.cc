#include "fundgate/client.h"

#include <algorithm>
#include <future>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/convert.h"
#include "client/pending.h"
#include "client/retrying_call.h"
#include "client/unasked.h"
#include "connection/credentials.h"
#include "fundgate/types/status_macros.h"
#include "fundgate/types/text.h"
#include "fundgate/v1/gate.grpc.pb.h"
#include "fundgate/v1/status.grpc.pb.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"

namespace fundgate::client {
namespace {

// A gate that comes back is found again within a call's own pauses.
constexpr int kFirstReconnectMs = 50;
constexpr int kLongestReconnectMs = 1000;

// Longer waits and permissions are cut to this, so that sums of times stay far from overflow.
constexpr absl::Duration kLongest = absl::Hours(24 * 366);

// gRPC shares the threads that run callbacks among all channels and takes them down with the last
// one; version 1.51 asserts at times when a new channel comes just then ("prior > 0"). One channel,
// connected to nothing, holds them for the life of the process.
void HoldCallbackThreads() {
  struct Anchor {
    // Port 0 is nobody's; the call ends at once, and none follows.
    std::unique_ptr<v1::Gate::Stub> stub =
        v1::Gate::NewStub(grpc::CreateChannel("127.0.0.1:0", grpc::InsecureChannelCredentials()));
    grpc::ClientContext context;
    v1::GetDecisionRequest request;
    v1::Decision response;
  };
  // Used by nobody and kept all the same: leak checkers find it by this pointer.
  [[gnu::used]] static Anchor* const kAnchor = [] {
    auto* anchor = new Anchor();  // never deleted: that is its purpose
    anchor->context.TryCancel();
    anchor->stub->async()->GetDecision(&anchor->context, &anchor->request, &anchor->response,
                                       [](const grpc::Status& /*cancelled*/) {});
    return anchor;
  }();
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> ChannelTo(const ClientOptions& options) {
  HoldCallbackThreads();
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kFirstReconnectMs);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kLongestReconnectMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kLongestReconnectMs);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);  // attempts are counted in one place: here
  const ClientSecurity& said = options.security;
  FUNDGATE_ASSIGN_OR_RETURN(const auto credentials,
                            connection::MakeCredentials({.authorities_file = said.authorities_file,
                                                         .certificate_file = said.certificate_file,
                                                         .key_file = said.key_file,
                                                         .token_file = said.token_file,
                                                         .server_name = said.server_name},
                                                        arguments));
  return grpc::CreateCustomChannel(options.address, credentials, arguments);
}

absl::Status Positive(std::string_view name, absl::Duration duration) {
  if (duration > absl::ZeroDuration()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(ToAbsl(name), " is ",
                                                 absl::FormatDuration(duration),
                                                 "; expected a duration greater than 0"));
}

absl::Status Validate(const ClientOptions& options) {
  if (options.address.empty()) {
    return absl::InvalidArgumentError("ClientOptions::address is empty; expected HOST:PORT");
  }
  FUNDGATE_RETURN_IF_ERROR(Positive("ClientOptions::timeout", options.timeout));
  FUNDGATE_RETURN_IF_ERROR(
      Positive("RetryOptions::attempt_timeout", options.retry.attempt_timeout));
  FUNDGATE_RETURN_IF_ERROR(Positive("RetryOptions::initial_pause", options.retry.initial_pause));
  return Positive("RetryOptions::longest_pause", options.retry.longest_pause);
}

template <typename Message>
void FillIn(const MovementId& movement, Message& message) {
  message.set_checkpoint(movement.checkpoint.value());
  message.set_idempotency_key(movement.idempotency_key.value());
  message.set_account_id(movement.account.value());
}

// The answer must be about the movement that was asked about: a permission for another one is worse
// than none.
absl::Status SameMovement(const v1::CheckRequest& request, const Decision& decision) {
  if (decision.checkpoint.value() == request.checkpoint() &&
      decision.idempotency_key.value() == request.idempotency_key() &&
      decision.account.value() == request.account_id()) {
    return absl::OkStatus();
  }
  return absl::InternalError(
      absl::StrCat("asked about ", request.checkpoint(), " ", request.idempotency_key(), " of ",
                   request.account_id(), ", but decision ", decision.decision_id, " is about ",
                   decision.checkpoint.value(), " ", decision.idempotency_key.value(), " of ",
                   decision.account.value(), "; the movement must not be started"));
}

// The end of a permission of which `left` was left at or after `asked_at`.
BootClock::time_point EndOf(BootClock::time_point asked_at, absl::Duration left) {
  return asked_at + absl::ToChronoNanoseconds(std::clamp(left, absl::ZeroDuration(), kLongest));
}

// The decision that stands in for the one that did not come.
Decision Unreachable(const v1::CheckRequest& request, WhenUnreachable answer,
                     const CallResult<v1::Decision>& result) {
  Decision decision;
  decision.local = true;
  decision.verdict = answer == WhenUnreachable::kBlock ? Verdict::kBlock : Verdict::kHold;
  decision.request_id = request.request_id();
  decision.checkpoint = MovementKind(request.checkpoint());
  decision.idempotency_key = IdempotencyKey(request.idempotency_key());
  decision.account = AccountId(request.account_id());
  decision.retry_after = result.retry_hint;
  Reason reason;
  reason.code = ReasonCode::kGateUnreachable;
  reason.verdict = decision.verdict;
  const absl::Status status = FromGrpc(result.status);
  reason.message = absl::StrCat("no decision came in time: ", status.message(),
                                "; ask again with the same key, or release it");
  reason.fields = {{"status", absl::StatusCodeToString(status.code())}};
  decision.reasons.push_back(std::move(reason));
  return decision;
}

}  // namespace

// Thread safety: constant after construction, but for `pending_` and the channel, which synchronise
// themselves.
class Client::Impl {
 public:
  Impl(ClientOptions options, std::shared_ptr<grpc::Channel> channel,
       std::unique_ptr<Unasked> unasked)
      : options_(std::move(options)),
        channel_(std::move(channel)),
        gate_(v1::Gate::NewStub(channel_)),
        status_(v1::Status::NewStub(channel_)),
        pending_(std::make_shared<Pending>()),
        unasked_(std::move(unasked)) {}

  ~Impl() { pending_->CloseAndWait(); }

  void Check(v1::CheckRequest request, absl::Duration timeout, CheckCallback callback) {
    if (unasked_ != nullptr) {
      if (std::optional<Decision> local = unasked_->AnswerUnreported(request)) {
        return callback(*std::move(local));
      }
    }
    auto asked = std::make_shared<const v1::CheckRequest>(request);
    Run<v1::CheckRequest, v1::Decision>(
        std::move(request), timeout,
        [this](auto* context, auto* message, auto* response, auto answered) {
          gate_->async()->Check(context, message, response, std::move(answered));
        },
        [this, asked, callback = std::move(callback)](const CallResult<v1::Decision>& result) {
          OnDecision(*asked, result, callback);
        });
  }

  // Makes a unary call of the Gate and waits for its end.
  template <typename Request, typename Response, typename Start>
  absl::StatusOr<Response> Blocking(Request request, const CallOptions& options, Start start) {
    // Shared, because set_value may still be at work in it when the answer has been read.
    auto promise = std::make_shared<std::promise<absl::StatusOr<Response>>>();
    auto future = promise->get_future();
    Run<Request, Response>(
        std::move(request), TimeoutOf(options),
        [this, start](auto* context, auto* message, auto* response, auto answered) {
          start(*gate_->async(), context, message, response, std::move(answered));
        },
        [promise](CallResult<Response> result) {
          if (result.status.ok()) {
            promise->set_value(std::move(result.response));
          } else {
            promise->set_value(FromGrpc(result.status));
          }
        });
    return future.get();
  }

  // The decision that a command is about: the one named, or of what was allowed here the gate's.
  absl::StatusOr<std::string> DecisionIdFor(const MovementId& movement,
                                            std::string_view decision_id) {
    if (decision_id.empty() && unasked_ != nullptr) {
      if (auto known = unasked_->DecisionIdOf(movement)) return *std::move(known);
    }
    return std::string(decision_id);
  }

  std::map<MovementKind, LeaseLeft> LeasesLeft() const {
    return unasked_ == nullptr ? std::map<MovementKind, LeaseLeft>() : unasked_->LeasesLeft();
  }

  absl::Duration TimeoutOf(const CallOptions& options) const {
    return std::min(options.timeout.value_or(options_.timeout), kLongest);
  }

 private:
  template <typename Request, typename Response>
  void Run(Request request, absl::Duration timeout,
           typename RetryingCall<Request, Response>::Start start,
           typename RetryingCall<Request, Response>::Done done) {
    std::make_shared<RetryingCall<Request, Response>>(pending_, options_.retry, std::move(request),
                                                      timeout, std::move(start), std::move(done))
        ->Run();
  }

  void OnDecision(const v1::CheckRequest& request, const CallResult<v1::Decision>& result,
                  const CheckCallback& callback) {
    if (!result.status.ok()) {
      if (MayTryAgain(static_cast<absl::StatusCode>(result.status.error_code()))) {
        return callback(AnswerUnasked(request, result));
      }
      return callback(FromGrpc(result.status));
    }
    Decision decision = FromProto(result.response);
    if (unasked_ != nullptr) unasked_->Heard(decision);
    if (absl::Status same = SameMovement(request, decision); !same.ok()) return callback(same);
    if (decision.verdict != Verdict::kAllow || !result.response.has_valid_until() ||
        !result.response.has_decided_at()) {
      return callback(std::move(decision));
    }
    if (decision.replayed) {
      return AskTimeLeft(std::move(decision), result.time_left, callback);
    }
    decision.start_before = EndOf(result.sent_at, decision.valid_until - decision.decided_at);
    callback(std::move(decision));
  }

  // A replay was decided at some time in the past, perhaps for another process: only the gate's
  // present time says how much of it is left. Without that time there is no permission to start.
  void AskTimeLeft(Decision decision, absl::Duration timeout, const CheckCallback& callback) {
    Run<v1::GetStatusRequest, v1::GetStatusResponse>(
        v1::GetStatusRequest(), timeout,
        [this](auto* context, auto* message, auto* response, auto answered) {
          status_->async()->GetStatus(context, message, response, std::move(answered));
        },
        [decision = std::move(decision),
         callback](const CallResult<v1::GetStatusResponse>& result) mutable {
          if (result.status.ok() && result.response.has_gate_time()) {
            decision.start_before = EndOf(
                result.sent_at, decision.valid_until - FromProto(result.response.gate_time()));
          }
          callback(std::move(decision));
        });
  }

  Decision AnswerUnasked(const v1::CheckRequest& request, const CallResult<v1::Decision>& result) {
    const bool overloaded = result.status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED;
    std::optional<Decision> local;
    if (unasked_ != nullptr) {
      local = unasked_->Answer(request, overloaded ? Silence::kOverloaded : Silence::kUnreachable,
                               StopOf(result.status));
    }
    if (!local.has_value()) {
      return Unreachable(request, WhenUnreachableAt(request.checkpoint()), result);
    }
    if (local->verdict == Verdict::kHold) local->retry_after = result.retry_hint;
    return *std::move(local);
  }

  WhenUnreachable WhenUnreachableAt(const std::string& checkpoint) const {
    const auto found = options_.when_unreachable.find(MovementKind(checkpoint));
    return found == options_.when_unreachable.end() ? options_.otherwise_unreachable
                                                    : found->second;
  }

  const ClientOptions options_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<v1::Gate::Stub> gate_;
  const std::unique_ptr<v1::Status::Stub> status_;
  const std::shared_ptr<Pending> pending_;
  const std::unique_ptr<Unasked> unasked_;  // null without fail_open
};

absl::StatusOr<std::unique_ptr<Client>> Client::Connect(ClientOptions options) {
  FUNDGATE_RETURN_IF_ERROR(Validate(options));
  FUNDGATE_ASSIGN_OR_RETURN(auto channel, ChannelTo(options));
  std::unique_ptr<Unasked> unasked;
  if (options.fail_open.has_value()) {
    FUNDGATE_ASSIGN_OR_RETURN(unasked,
                              Unasked::Start(*options.fail_open, v1::Leases::NewStub(channel)));
  }
  return std::unique_ptr<Client>(new Client(
      std::make_unique<Impl>(std::move(options), std::move(channel), std::move(unasked))));
}

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::~Client() = default;

absl::StatusOr<Decision> Client::Check(const CheckRequest& request, const CallOptions& options) {
  auto promise = std::make_shared<std::promise<absl::StatusOr<Decision>>>();
  auto future = promise->get_future();
  CheckAsync(
      request,
      [promise](absl::StatusOr<Decision> decision) { promise->set_value(std::move(decision)); },
      options);
  return future.get();
}

void Client::CheckAsync(const CheckRequest& request, CheckCallback callback,
                        const CallOptions& options) {
  impl_->Check(ToProto(request), impl_->TimeoutOf(options), std::move(callback));
}

absl::StatusOr<Reservation> Client::Confirm(const MovementId& movement,
                                            std::string_view decision_id,
                                            std::optional<Money> amount,
                                            const CallOptions& options) {
  v1::ConfirmRequest request;
  FillIn(movement, request);
  FUNDGATE_ASSIGN_OR_RETURN(*request.mutable_decision_id(),
                            impl_->DecisionIdFor(movement, decision_id));
  if (amount.has_value()) *request.mutable_amount() = ToProto(*amount);
  FUNDGATE_ASSIGN_OR_RETURN(
      const v1::Reservation reservation,
      (impl_->Blocking<v1::ConfirmRequest, v1::Reservation>(
          std::move(request), options,
          [](auto& gate, auto* context, auto* message, auto* response, auto answered) {
            gate.Confirm(context, message, response, std::move(answered));
          })));
  return FromProto(reservation);
}

absl::StatusOr<Reservation> Client::Release(const MovementId& movement,
                                            std::string_view decision_id, std::string_view reason,
                                            const CallOptions& options) {
  v1::ReleaseRequest request;
  FillIn(movement, request);
  FUNDGATE_ASSIGN_OR_RETURN(*request.mutable_decision_id(),
                            impl_->DecisionIdFor(movement, decision_id));
  request.set_reason(std::string(reason));
  FUNDGATE_ASSIGN_OR_RETURN(
      const v1::Reservation reservation,
      (impl_->Blocking<v1::ReleaseRequest, v1::Reservation>(
          std::move(request), options,
          [](auto& gate, auto* context, auto* message, auto* response, auto answered) {
            gate.Release(context, message, response, std::move(answered));
          })));
  return FromProto(reservation);
}

std::map<MovementKind, LeaseLeft> Client::LeasesLeft() const { return impl_->LeasesLeft(); }

namespace {

constexpr auto kGetDecision = [](auto& gate, auto* context, auto* message, auto* response,
                                 auto answered) {
  gate.GetDecision(context, message, response, std::move(answered));
};

}  // namespace

absl::StatusOr<Decision> Client::GetDecision(std::string_view decision_id,
                                             const CallOptions& options) {
  v1::GetDecisionRequest request;
  request.set_decision_id(std::string(decision_id));
  FUNDGATE_ASSIGN_OR_RETURN(const v1::Decision decision,
                            (impl_->Blocking<v1::GetDecisionRequest, v1::Decision>(
                                std::move(request), options, kGetDecision)));
  return FromProto(decision);
}

absl::StatusOr<Decision> Client::GetDecision(const MovementId& movement,
                                             const CallOptions& options) {
  v1::GetDecisionRequest request;
  FillIn(movement, request);
  FUNDGATE_ASSIGN_OR_RETURN(const v1::Decision decision,
                            (impl_->Blocking<v1::GetDecisionRequest, v1::Decision>(
                                std::move(request), options, kGetDecision)));
  return FromProto(decision);
}

}  // namespace fundgate::client
