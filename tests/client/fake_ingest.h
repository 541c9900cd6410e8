// The gate's side of a report source: one position, epochs, and what a test makes it do.
#ifndef TESTS_CLIENT_FAKE_INGEST_H_
#define TESTS_CLIENT_FAKE_INGEST_H_

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "fundgate/v1/ingest.grpc.pb.h"

namespace fundgate::testing {

// Applies a batch only under the newest epoch and after the stored position, as the gate does.
// Thread safety: all methods may be called from any threads at once.
class FakeIngest final : public v1::Ingest::Service {
 public:
  grpc::Status GetPosition(grpc::ServerContext* context, const v1::GetPositionRequest* request,
                           v1::GetPositionResponse* response) override;
  grpc::Status Ingest(grpc::ServerContext* context,
                      grpc::ServerReaderWriter<v1::IngestAck, v1::IngestRequest>* stream) override;

  // --- what the test sets before a feeder comes ---
  void SetPosition(const std::string& position);
  // Acknowledgements ask for a probe at once, as if a check were waiting.
  void AskForProbes(int how_many);
  // Before the batch of number `batch` (from 1) is looked at, another feeder is granted an epoch.
  void TakeOverBefore(int batch);
  // The stream breaks after the batch was applied, before it is acknowledged.
  void LoseAckOf(int batch);
  // ... and another feeder is granted an epoch besides.
  void LoseAckAndTakeOver(int batch);
  // Acknowledges nothing.
  void StaySilent();

  // --- what came ---
  std::vector<v1::IngestRequest> applied();  // in order, probes included
  std::vector<std::string> event_ids();
  std::string position();
  uint64_t epoch();
  // Waits until so many probes were applied; false after ten seconds.
  bool WaitForProbes(int how_many);
  // Waits until that is the stored position; false after ten seconds.
  bool WaitForPosition(const std::string& position);

 private:
  grpc::Status Take(const v1::IngestRequest& request, v1::IngestAck* ack, bool* broken);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::string position_;
  uint64_t epoch_ = 0;
  int64_t time_ = 1;  // the gate's time in seconds; one more with each answer
  int batches_ = 0;
  int probes_ = 0;
  int probes_to_ask_for_ = 0;
  int take_over_before_ = 0;
  int lose_ack_of_ = 0;
  bool lost_to_another_ = false;
  bool silent_ = false;
  std::vector<v1::IngestRequest> applied_;
};

}  // namespace fundgate::testing

#endif  // TESTS_CLIENT_FAKE_INGEST_H_
