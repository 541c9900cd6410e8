// A gate without a machine: real gRPC on a free port of the loopback, answers written by the test.
#ifndef TESTS_CLIENT_FAKE_GATE_H_
#define TESTS_CLIENT_FAKE_GATE_H_

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "fundgate/v1/audit.grpc.pb.h"
#include "fundgate/v1/breakers.grpc.pb.h"
#include "fundgate/v1/gate.grpc.pb.h"
#include "fundgate/v1/policies.grpc.pb.h"
#include "fundgate/v1/status.grpc.pb.h"
#include "grpcpp/server.h"
#include "tests/client/fake_ingest.h"

namespace fundgate::testing {

// Calls that the test answers. An unset function answers UNIMPLEMENTED. Each is called on a thread
// of the server, with the attempt's number from 1.
struct Answers {
  template <typename Request, typename Response>
  using Unary = std::function<grpc::Status(int attempt, const Request&, Response*)>;

  Unary<v1::CheckRequest, v1::Decision> check;
  Unary<v1::ConfirmRequest, v1::Reservation> confirm;
  Unary<v1::ReleaseRequest, v1::Reservation> release;
  Unary<v1::GetDecisionRequest, v1::Decision> get_decision;
  Unary<v1::GetStatusRequest, v1::GetStatusResponse> get_status;
  Unary<v1::ListBreakersRequest, v1::ListBreakersResponse> list_breakers;
  Unary<v1::TripBreakerRequest, v1::TripBreakerResponse> trip_breaker;
  Unary<v1::HalfOpenBreakerRequest, v1::HalfOpenBreakerResponse> half_open_breaker;
  Unary<v1::ResetBreakerRequest, v1::ResetBreakerResponse> reset_breaker;
  Unary<v1::ValidatePolicyRequest, v1::ValidatePolicyResponse> validate_policy;
  Unary<v1::TestPolicyRequest, v1::TestPolicyResponse> test_policy;
  Unary<v1::ApplyPolicyRequest, v1::ApplyPolicyResponse> apply_policy;
  Unary<v1::GetPolicyRequest, v1::GetPolicyResponse> get_policy;
  Unary<v1::ListRulesRequest, v1::ListRulesResponse> list_rules;
  Unary<v1::ChangeRuleRequest, v1::ChangeRuleResponse> change_rule;
  Unary<v1::GetBookRequest, v1::GetBookResponse> get_book;
  Unary<v1::ListViolationsRequest, v1::ListViolationsResponse> list_violations;
  Unary<v1::GetViolationRequest, v1::GetViolationResponse> get_violation;
  std::vector<v1::Trace> traces;
  v1::VerifyJournalResponse verified;
  std::vector<v1::WatchBreakersResponse> breaker_changes;
};

class FakeGate {
 public:
  explicit FakeGate(Answers answers);
  ~FakeGate();

  // "127.0.0.1:PORT"
  const std::string& address() const { return address_; }

  FakeIngest& ingest() { return ingest_; }

  // Every check that came, attempts included.
  std::vector<v1::CheckRequest> checks();

 private:
  class GateService;
  class BreakersService;
  class PoliciesService;
  class AuditService;
  class StatusService;

  Answers answers_;
  FakeIngest ingest_;
  std::mutex mutex_;
  std::vector<v1::CheckRequest> checks_;  // protected by mutex_
  std::vector<std::unique_ptr<grpc::Service>> services_;
  std::unique_ptr<grpc::Server> server_;
  std::string address_;
};

// A decision about the request, as the gate would fill it in. ALLOW: decided at 12:00:00 of some
// day and valid for `valid_for`.
v1::Decision DecisionOn(const v1::CheckRequest& request, v1::Verdict verdict,
                        absl::Duration valid_for = absl::Minutes(2));

// The gate's time in DecisionOn, and later.
google::protobuf::Timestamp GateTime(absl::Duration after_decision = absl::ZeroDuration());

// RESOURCE_EXHAUSTED with a pause, INVALID_ARGUMENT with a bad field: as the gate says them.
grpc::Status Exhausted(absl::Duration pause);
grpc::Status BadField(const std::string& field, const std::string& description);

}  // namespace fundgate::testing

#endif  // TESTS_CLIENT_FAKE_GATE_H_
