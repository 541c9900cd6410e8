// A Kafka cluster of one broker in this process, on a free port: the client library's own mock,
// which speaks the real protocol over TCP.
#ifndef TESTS_END_TO_END_KAFKA_CLUSTER_H_
#define TESTS_END_TO_END_KAFKA_CLUSTER_H_

#include <cstdint>
#include <optional>
#include <string>

struct rd_kafka_s;
struct rd_kafka_mock_cluster_s;

namespace fundgate::end_to_end {

// Thread safety: none.
class KafkaCluster {
 public:
  KafkaCluster();
  ~KafkaCluster();
  KafkaCluster(const KafkaCluster&) = delete;
  KafkaCluster& operator=(const KafkaCluster&) = delete;

  const std::string& brokers() const { return brokers_; }  // HOST:PORT

  void CreateTopic(const std::string& topic, int partitions);

  // The cluster says that there is no such topic. (It makes one that isn't there when it is asked
  // for, whatever the client wants.)
  void HideTopic(const std::string& topic);

  // Produces a message (nothing: a tombstone), and its offset once the broker has it.
  int64_t Produce(const std::string& topic, int32_t partition,
                  const std::optional<std::string>& value);
  // Produces without waiting; then waits for all.
  void Send(const std::string& topic, int32_t partition, const std::string& value);
  void Flush();

 private:
  rd_kafka_s* producer_ = nullptr;
  rd_kafka_mock_cluster_s* cluster_ = nullptr;
  std::string brokers_;
};

}  // namespace fundgate::end_to_end

#endif  // TESTS_END_TO_END_KAFKA_CLUSTER_H_
