// Reads topics of a Kafka cluster, from where it is told and without a consumer group.
#ifndef SERVER_SIDECAR_SOURCES_KAFKA_CONSUMER_H_
#define SERVER_SIDECAR_SOURCES_KAFKA_CONSUMER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/sidecar/sources/tls_settings.h"

struct rd_kafka_s;
struct rd_kafka_topic_s;
struct rd_kafka_message_s;

namespace fundgate::sources {

struct SaslLogin {
  std::string mechanism;  // as librdkafka calls it: "SCRAM-SHA-256"
  std::string user;
  std::string password_file;  // see password_file.h
};

struct KafkaSettings {
  std::vector<std::string> brokers;  // HOST:PORT
  std::optional<SaslLogin> sasl;
  std::optional<TlsSettings> tls;
  std::vector<std::string> topics;
  std::string client;  // who this reader is, for the brokers' logs
};

struct TopicPartition {
  std::string topic;
  int32_t number = 0;

  std::string ToString() const;  // "orders/3"
  friend bool operator==(const TopicPartition&, const TopicPartition&) = default;
};

// What a partition has: messages from `low` on, and committed ones before `high`.
struct Watermarks {
  int64_t low = 0;
  int64_t high = 0;
};

// A message, or the end of what a partition has now. Views are valid until the next Poll.
struct Polled {
  TopicPartition partition;
  bool is_end = false;
  int64_t offset = 0;        // of the message; of an end the next one's
  int64_t timestamp_ms = 0;  // 0: not known
  std::optional<std::string_view> value;
};

// Only what is committed is read: no messages of transactions that are open or were aborted.
// Offsets are never stored in the cluster.
//
// Failures of all methods:
//   UNAVAILABLE        no broker answers, or a partition has no leader: try again, with back-off
//   PERMISSION_DENIED  user, password, certificate or rights are wrong
//   NOT_FOUND          there is no such topic
//   INVALID_ARGUMENT   settings that the library doesn't take
//   OUT_OF_RANGE       a partition doesn't have the offset that was read next
//   INTERNAL           anything else
//
// Thread safety: Poll and Assign from one thread at a time; after Assign all others from any.
class KafkaConsumer {
 public:
  // Connects to nothing yet. Fails so, or as ReadPasswordFile() does.
  static absl::StatusOr<std::unique_ptr<KafkaConsumer>> Create(const KafkaSettings& settings);
  ~KafkaConsumer();
  KafkaConsumer(const KafkaConsumer&) = delete;
  KafkaConsumer& operator=(const KafkaConsumer&) = delete;

  // The partitions of all topics, as the brokers say now.
  absl::StatusOr<std::vector<TopicPartition>> Partitions();

  // As the partition's leader says now.
  absl::StatusOr<Watermarks> WatermarksOf(const TopicPartition& partition);

  // Reads these from these offsets on.
  absl::Status Assign(const std::vector<std::pair<TopicPartition, int64_t>>& offsets);

  // What comes next of any partition; nothing if that takes longer. A broker that is away is no
  // failure: it is asked again until it is back.
  absl::StatusOr<std::optional<Polled>> Poll(absl::Duration wait);

 private:
  struct DestroyMessage {
    void operator()(rd_kafka_message_s* message) const;
  };

  KafkaConsumer() = default;

  absl::Status Begin(const KafkaSettings& settings);
  absl::Status Error(int code, std::string_view doing);
  void NoteTrouble(int code, std::string_view text);

  std::mutex mutex_;     // over the next two
  std::string trouble_;  // the newest that the library told
  bool denied_ = false;  // the brokers refused the login

  rd_kafka_s* client_ = nullptr;
  bool assigned_ = false;
  std::map<std::string, rd_kafka_topic_s*> topics_;
  std::unique_ptr<rd_kafka_message_s, DestroyMessage> message_;  // the newest
};

}  // namespace fundgate::sources

#endif  // SERVER_SIDECAR_SOURCES_KAFKA_CONSUMER_H_
