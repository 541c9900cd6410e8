#include "tests/client/fake_gate.h"

#include <atomic>
#include <utility>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server_builder.h"

namespace fundgate::testing {
namespace {

constexpr int64_t kDecidedAtSeconds = 1'790'000'000;

template <typename Handler, typename Request, typename Response>
grpc::Status Answer(const Handler& handler, std::atomic<int>& attempts, const Request& request,
                    Response* response) {
  if (!handler) return {grpc::StatusCode::UNIMPLEMENTED, "the test has no answer to this call"};
  return handler(++attempts, request, response);
}

grpc::Status WithDetail(grpc::StatusCode code, const std::string& message,
                        const google::protobuf::Message& detail) {
  google::rpc::Status details;
  details.set_code(code);
  details.set_message(message);
  details.add_details()->PackFrom(detail);
  return {code, message, details.SerializeAsString()};
}

}  // namespace

#define FUNDGATE_FAKE_UNARY(Method, Request, Response, handler)                                 \
  grpc::Status Method(grpc::ServerContext*, const v1::Request* request, v1::Response* response) \
      override {                                                                                \
    return Answer(answers_.handler, handler##_attempts_, *request, response);                   \
  }                                                                                             \
  std::atomic<int> handler##_attempts_ = 0;

class FakeGate::GateService final : public v1::Gate::Service {
 public:
  explicit GateService(FakeGate& gate) : gate_(gate), answers_(gate.answers_) {}

  grpc::Status Check(grpc::ServerContext*, const v1::CheckRequest* request,
                     v1::Decision* response) override {
    {
      const std::lock_guard lock(gate_.mutex_);
      gate_.checks_.push_back(*request);
    }
    return Answer(answers_.check, check_attempts_, *request, response);
  }
  FUNDGATE_FAKE_UNARY(Confirm, ConfirmRequest, Reservation, confirm)
  FUNDGATE_FAKE_UNARY(Release, ReleaseRequest, Reservation, release)
  FUNDGATE_FAKE_UNARY(GetDecision, GetDecisionRequest, Decision, get_decision)

 private:
  FakeGate& gate_;
  const Answers& answers_;
  std::atomic<int> check_attempts_ = 0;
};

class FakeGate::BreakersService final : public v1::Breakers::Service {
 public:
  explicit BreakersService(const Answers& answers) : answers_(answers) {}

  FUNDGATE_FAKE_UNARY(ListBreakers, ListBreakersRequest, ListBreakersResponse, list_breakers)
  FUNDGATE_FAKE_UNARY(TripBreaker, TripBreakerRequest, TripBreakerResponse, trip_breaker)
  FUNDGATE_FAKE_UNARY(HalfOpenBreaker, HalfOpenBreakerRequest, HalfOpenBreakerResponse,
                      half_open_breaker)
  FUNDGATE_FAKE_UNARY(ResetBreaker, ResetBreakerRequest, ResetBreakerResponse, reset_breaker)
  grpc::Status WatchBreakers(grpc::ServerContext*, const v1::WatchBreakersRequest*,
                             grpc::ServerWriter<v1::WatchBreakersResponse>* writer) override {
    for (const auto& change : answers_.breaker_changes) writer->Write(change);
    return grpc::Status::OK;
  }

 private:
  const Answers& answers_;
};

class FakeGate::PoliciesService final : public v1::Policies::Service {
 public:
  explicit PoliciesService(const Answers& answers) : answers_(answers) {}

  FUNDGATE_FAKE_UNARY(ValidatePolicy, ValidatePolicyRequest, ValidatePolicyResponse,
                      validate_policy)
  FUNDGATE_FAKE_UNARY(TestPolicy, TestPolicyRequest, TestPolicyResponse, test_policy)
  FUNDGATE_FAKE_UNARY(ApplyPolicy, ApplyPolicyRequest, ApplyPolicyResponse, apply_policy)
  FUNDGATE_FAKE_UNARY(GetPolicy, GetPolicyRequest, GetPolicyResponse, get_policy)
  FUNDGATE_FAKE_UNARY(ListRules, ListRulesRequest, ListRulesResponse, list_rules)
  FUNDGATE_FAKE_UNARY(ChangeRule, ChangeRuleRequest, ChangeRuleResponse, change_rule)

 private:
  const Answers& answers_;
};

class FakeGate::AuditService final : public v1::Audit::Service {
 public:
  explicit AuditService(const Answers& answers) : answers_(answers) {}

  FUNDGATE_FAKE_UNARY(GetBook, GetBookRequest, GetBookResponse, get_book)
  FUNDGATE_FAKE_UNARY(ListViolations, ListViolationsRequest, ListViolationsResponse,
                      list_violations)
  FUNDGATE_FAKE_UNARY(GetViolation, GetViolationRequest, GetViolationResponse, get_violation)
  grpc::Status ExportTraces(grpc::ServerContext*, const v1::ExportTracesRequest*,
                            grpc::ServerWriter<v1::Trace>* writer) override {
    for (const v1::Trace& trace : answers_.traces) writer->Write(trace);
    return grpc::Status::OK;
  }
  grpc::Status VerifyJournal(grpc::ServerContext*, const v1::VerifyJournalRequest*,
                             grpc::ServerWriter<v1::VerifyJournalResponse>* writer) override {
    writer->Write(answers_.verified);
    return grpc::Status::OK;
  }

 private:
  const Answers& answers_;
};

class FakeGate::StatusService final : public v1::Status::Service {
 public:
  explicit StatusService(const Answers& answers) : answers_(answers) {}

  FUNDGATE_FAKE_UNARY(GetStatus, GetStatusRequest, GetStatusResponse, get_status)

 private:
  const Answers& answers_;
};

#undef FUNDGATE_FAKE_UNARY

FakeGate::FakeGate(Answers answers) : answers_(std::move(answers)) {
  services_.push_back(std::make_unique<GateService>(*this));
  services_.push_back(std::make_unique<BreakersService>(answers_));
  services_.push_back(std::make_unique<PoliciesService>(answers_));
  services_.push_back(std::make_unique<AuditService>(answers_));
  services_.push_back(std::make_unique<StatusService>(answers_));
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  for (const auto& service : services_) builder.RegisterService(service.get());
  builder.RegisterService(&ingest_);
  server_ = builder.BuildAndStart();
  address_ = "127.0.0.1:" + std::to_string(port);
}

FakeGate::~FakeGate() {
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
}

std::vector<v1::CheckRequest> FakeGate::checks() {
  const std::lock_guard lock(mutex_);
  return checks_;
}

google::protobuf::Timestamp GateTime(absl::Duration after_decision) {
  google::protobuf::Timestamp time;
  const absl::Time at = absl::FromUnixSeconds(kDecidedAtSeconds) + after_decision;
  time.set_seconds(absl::ToUnixSeconds(at));
  time.set_nanos(static_cast<int32_t>(
      absl::ToInt64Nanoseconds(at - absl::FromUnixSeconds(absl::ToUnixSeconds(at)))));
  return time;
}

v1::Decision DecisionOn(const v1::CheckRequest& request, v1::Verdict verdict,
                        absl::Duration valid_for) {
  v1::Decision decision;
  decision.set_decision_id("d0000000000000005");
  decision.set_request_id(request.request_id());
  decision.set_verdict(verdict);
  decision.set_checkpoint(request.checkpoint());
  decision.set_idempotency_key(request.idempotency_key());
  decision.set_account_id(request.account_id());
  decision.set_policy_version(3);
  *decision.mutable_decided_at() = GateTime();
  if (verdict == v1::VERDICT_ALLOW) {
    *decision.mutable_valid_until() = GateTime(valid_for);
    decision.mutable_reservation()->set_decision_id(decision.decision_id());
    decision.mutable_reservation()->set_state(v1::RESERVATION_STATE_PENDING);
    *decision.mutable_reservation()->mutable_amount() = request.amount();
  }
  return decision;
}

grpc::Status Exhausted(absl::Duration pause) {
  google::rpc::RetryInfo info;
  info.mutable_retry_delay()->set_seconds(absl::ToInt64Seconds(pause));
  info.mutable_retry_delay()->set_nanos(static_cast<int32_t>(
      absl::ToInt64Nanoseconds(pause - absl::Seconds(absl::ToInt64Seconds(pause)))));
  return WithDetail(grpc::StatusCode::RESOURCE_EXHAUSTED, "the queue is full", info);
}

grpc::Status BadField(const std::string& field, const std::string& description) {
  google::rpc::BadRequest bad_request;
  auto* violation = bad_request.add_field_violations();
  violation->set_field(field);
  violation->set_description(description);
  return WithDetail(grpc::StatusCode::INVALID_ARGUMENT, "the request is malformed", bad_request);
}

}  // namespace fundgate::testing
