// A Kafka cluster, a gate as a process, and a sidecar between them as another.
#ifndef TESTS_END_TO_END_KAFKA_WORLD_H_
#define TESTS_END_TO_END_KAFKA_WORLD_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "fundgate/v1/audit.grpc.pb.h"
#include "fundgate/v1/gate.grpc.pb.h"
#include "fundgate/v1/ingest.grpc.pb.h"
#include "fundgate/v1/status.grpc.pb.h"
#include "tests/end_to_end/kafka_cluster.h"
#include "tests/end_to_end/processes.h"

namespace fundgate::end_to_end {

// Orders that are paid and refunded, in CNY, of account m1. `sources` is the policy's section,
// indented by two blanks, in which BROKERS stands for the cluster's address; the sidecar feeds the
// one called "topics". Facts: order_paid of an order, with an account and an amount, which must
// agree with the payments of its order.
class KafkaWorld {
 public:
  // The gate runs; the sidecar doesn't yet.
  KafkaWorld(const std::string& sources, const std::map<std::string, int>& topics);

  KafkaCluster& cluster() { return cluster_; }
  const std::string& gate_address() const { return gate_address_; }

  void StartGate();
  void StartSidecar();
  Process& gate_process() { return *gate_; }
  Process& sidecar_process() { return *sidecar_; }

  // Produces to partition 0.
  int64_t Produce(const std::string& topic, const std::optional<std::string>& value) {
    return cluster_.Produce(topic, 0, value);
  }

  // Waits until the gate's position covers this one and is proven.
  void AwaitApplied(const std::string& position);
  // Waits until it is so; false after a minute.
  bool Await(const std::function<bool()>& condition);

  v1::SourceStatus Source(const std::string& name = "topics");
  v1::Decision AskRefund(const std::string& key, const std::string& order, int64_t amount);
  int64_t Posted(const std::string& order, const std::string& counter);
  std::vector<v1::Violation> Violations();
  std::shared_ptr<grpc::Channel> channel() { return channel_; }

  // Ends the gate in good order and replays its journal: 0 if all agrees.
  int StopGateAndVerify();

 private:
  TemporaryFolder folder_;
  KafkaCluster cluster_;
  std::string gate_address_ = "127.0.0.1:0";  // the port stays once it was taken
  std::unique_ptr<Process> gate_;
  std::unique_ptr<Process> sidecar_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::Gate::Stub> checks_;
  std::unique_ptr<v1::Audit::Stub> audit_;
  std::unique_ptr<v1::Status::Stub> status_;
};

}  // namespace fundgate::end_to_end

#endif  // TESTS_END_TO_END_KAFKA_WORLD_H_
