// A gate as a process, from its start to its end by SIGKILL, and what breakers need of it.
#ifndef TESTS_END_TO_END_BREAKER_LIFE_H_
#define TESTS_END_TO_END_BREAKER_LIFE_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "fundgate/v1/breakers.grpc.pb.h"
#include "fundgate/v1/gate.grpc.pb.h"
#include "fundgate/v1/plans.grpc.pb.h"
#include "fundgate/v1/status.grpc.pb.h"
#include "tests/end_to_end/processes.h"
#include "tests/gate/test_feeder.h"

namespace fundgate::end_to_end {

// "ok", or the code and the sentence.
std::string Status(const grpc::Status& status);

// Lives that follow each other share a folder. What fails that should not, fails the test.
class BreakerLife {
 public:
  BreakerLife(const std::string& folder, const std::string& policy);

  void Kill();

  // A service that reports as the source "ledger"; account m1.
  std::unique_ptr<gate::testing::TestFeeder> Feed();

  // Of a refund, of account m1.
  v1::Decision Check(const std::string& key, int64_t amount, const std::string& order = "o1",
                     const std::string& channel = "");

  v1::Breaker Get(const std::string& scope);
  // Until it is so, with the source proven meanwhile where there is a feeder; the gate looks after
  // its breakers by itself.
  void Await(const std::string& scope, v1::BreakerState state,
             gate::testing::TestFeeder* feeder = nullptr);
  void Trip(const std::string& scope, v1::Verdict mode,
            std::optional<absl::Duration> lasts = std::nullopt, bool forced = false);
  std::pair<grpc::Status, v1::Breaker> Reset(const std::string& scope, const std::string& actor);
  // The newest first.
  std::vector<v1::Breaker> History(const std::string& scope, int page_size = 2);

  grpc::Status RunPlan(const std::string& name, v1::Plan& plan,
                       std::optional<absl::Duration> lasts = std::nullopt);
  grpc::Status UndoPlan(const std::string& name, const std::string& actor, v1::Plan& plan);

 private:
  GateProcess gate_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<v1::Gate::Stub> checks_;
  const std::unique_ptr<v1::Breakers::Stub> breakers_;
  const std::unique_ptr<v1::Plans::Stub> plans_;
  const std::unique_ptr<v1::Status::Stub> status_;
};

}  // namespace fundgate::end_to_end

#endif  // TESTS_END_TO_END_BREAKER_LIFE_H_
