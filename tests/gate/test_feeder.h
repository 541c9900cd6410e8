// A service that reports movements over Ingest, for tests.
#ifndef TESTS_GATE_TEST_FEEDER_H_
#define TESTS_GATE_TEST_FEEDER_H_

#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "fundgate/v1/ingest.grpc.pb.h"

namespace fundgate::gate::testing {

// Its own primary: the head of its stream is what it has sent last. Reads acknowledgements on a
// thread of its own.
class TestFeeder {
 public:
  // Takes the source over and proves it, by a probe that is acknowledged when this returns.
  TestFeeder(const std::shared_ptr<grpc::Channel>& channel, std::string source);
  ~TestFeeder();

  // The movement happened, to account m1. Returns once it is acknowledged, or the stream has ended.
  void Happened(const std::string& kind, const std::string& key, const std::string& order,
                int64_t amount);

  // Sends any batch; the source, epoch and positions are filled in where they are empty. With
  // `await`, until it is acknowledged or the stream has ended.
  void Send(v1::IngestRequest request, bool await = true);
  void Probe();

  // Whether it answers when it is asked to probe; yes from the start.
  void AnswerProbes(bool answer);
  int probes_asked() const;  // so far
  // Waits until it was asked so often.
  void AwaitProbesAsked(int count);

  // Ends the stream and says how it ended.
  grpc::Status Finish();

 private:
  void ReadAcks();
  v1::IngestRequest ProbeRequest() const;

  const std::string source_;
  const std::unique_ptr<v1::Ingest::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::IngestRequest, v1::IngestAck>> stream_;

  mutable std::mutex mutex_;  // over writing and all below
  std::condition_variable changed_;
  uint64_t epoch_ = 0;
  uint64_t offset_ = 0;
  std::string position_;
  google::protobuf::Timestamp gate_time_;
  uint64_t sent_ = 0;
  uint64_t acknowledged_ = 0;
  int probes_asked_ = 0;
  bool answer_probes_ = true;
  bool ended_ = false;
  bool finished_ = false;
  std::thread reader_;
};

}  // namespace fundgate::gate::testing

#endif  // TESTS_GATE_TEST_FEEDER_H_
