// A gate within the test's process: real store, sequencer and gRPC, over a folder of its own and a
// free port.
#ifndef TESTS_GATE_GATE_WORLD_H_
#define TESTS_GATE_GATE_WORLD_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>

#include "fundgate/v1/alerts.grpc.pb.h"
#include "fundgate/v1/audit.grpc.pb.h"
#include "fundgate/v1/breakers.grpc.pb.h"
#include "fundgate/v1/gate.grpc.pb.h"
#include "fundgate/v1/holds.grpc.pb.h"
#include "fundgate/v1/ingest.grpc.pb.h"
#include "fundgate/v1/policies.grpc.pb.h"
#include "fundgate/v1/status.grpc.pb.h"
#include "fundgate/v1/violations.grpc.pb.h"
#include "google/rpc/error_details.pb.h"
#include "server/gate/server.h"
#include "tests/gate/test_feeder.h"

namespace fundgate::gate::testing {

// The worked example's policy, as text.
std::string WorkedPolicy();

class GateWorld {
 public:
  // With the worked example's policy, unless `adjust` says otherwise. Fails the test if the gate
  // does not start.
  explicit GateWorld(const std::function<void(ServerSettings&)>& adjust = nullptr);
  ~GateWorld();

  Server& server() { return *server_; }
  const std::shared_ptr<grpc::Channel>& channel() { return channel_; }
  const std::string& directory() const { return directory_; }

  // A feeder of the policy's source that probes whenever it is asked.
  std::unique_ptr<TestFeeder> Feed();

  std::unique_ptr<v1::Gate::Stub> gate;
  std::unique_ptr<v1::Breakers::Stub> breakers;
  std::unique_ptr<v1::Holds::Stub> holds;
  std::unique_ptr<v1::Policies::Stub> policies;
  std::unique_ptr<v1::Ingest::Stub> ingest;
  std::unique_ptr<v1::Audit::Stub> audit;
  std::unique_ptr<v1::Status::Stub> status;
  std::unique_ptr<v1::Violations::Stub> violations;
  std::unique_ptr<v1::Alerts::Stub> alerts;

  // Asks, and fails the test on an error.
  v1::Decision Check(const v1::CheckRequest& request);
  v1::Book Book(const std::string& order);

 private:
  std::string directory_;
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

// A refund of account m1, in fen.
v1::CheckRequest Refund(const std::string& key, const std::string& order, int64_t amount);

// What the errors of a call carry; fails the test if there is none.
google::rpc::BadRequest BadRequestOf(const grpc::Status& status);
google::rpc::RetryInfo RetryInfoOf(const grpc::Status& status);

}  // namespace fundgate::gate::testing

#endif  // TESTS_GATE_GATE_WORLD_H_
