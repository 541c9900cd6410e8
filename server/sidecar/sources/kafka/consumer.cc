#include "server/sidecar/sources/kafka/consumer.h"

#include <librdkafka/rdkafka.h>

#include <array>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "fundgate/types/status_macros.h"
#include "fundgate/types/text.h"
#include "server/sidecar/sources/password_file.h"

namespace fundgate::sources {
namespace {

constexpr int kTimeoutMs = 5000;
constexpr size_t kErrorBytes = 512;

// The library wants a name of a group although none is joined.
constexpr char kGroup[] = "fundgate-sidecar";

using Properties = std::vector<std::pair<std::string, std::string>>;

absl::StatusOr<Properties> PropertiesOf(const KafkaSettings& settings) {
  Properties properties = {
      {"bootstrap.servers", absl::StrJoin(settings.brokers, ",")},
      {"client.id", settings.client},
      {"group.id", kGroup},
      {"enable.auto.commit", "false"},
      {"enable.auto.offset.store", "false"},
      // An offset that isn't there must be noticed, not replaced by another one.
      {"auto.offset.reset", "error"},
      {"isolation.level", "read_committed"},
      {"enable.partition.eof", "true"},
      {"check.crcs", "true"},
      {"allow.auto.create.topics", "false"},
      {"fetch.wait.max.ms", "100"},
      {"reconnect.backoff.ms", "100"},
      {"reconnect.backoff.max.ms", "2000"},
      {"socket.keepalive.enable", "true"},
      {"security.protocol", absl::StrCat(settings.sasl.has_value() ? "sasl_" : "",
                                         settings.tls.has_value() ? "ssl" : "plaintext")},
  };
  if (settings.sasl.has_value()) {
    FUNDGATE_ASSIGN_OR_RETURN(std::string password, ReadPasswordFile(settings.sasl->password_file));
    properties.emplace_back("sasl.mechanisms", settings.sasl->mechanism);
    properties.emplace_back("sasl.username", settings.sasl->user);
    properties.emplace_back("sasl.password", std::move(password));
  }
  if (settings.tls.has_value()) {
    const auto add = [&properties](const char* name, const std::string& file) {
      if (!file.empty()) properties.emplace_back(name, file);
    };
    add("ssl.ca.location", settings.tls->ca_file);
    add("ssl.certificate.location", settings.tls->cert_file);
    add("ssl.key.location", settings.tls->key_file);
    properties.emplace_back("ssl.endpoint.identification.algorithm", "https");
  }
  return properties;
}

bool IsDenied(int code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR__SSL:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return true;
    default:
      return false;
  }
}

absl::StatusCode CodeOf(int code) {
  if (IsDenied(code)) return absl::StatusCode::kPermissionDenied;
  switch (code) {
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
      return absl::StatusCode::kNotFound;
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
      return absl::StatusCode::kOutOfRange;
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
    case RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE:
      return absl::StatusCode::kUnavailable;
    default:
      return absl::StatusCode::kInternal;
  }
}

// A broker or its connection is gone: the library connects again by itself.
bool PassesByItself(int code) { return CodeOf(code) == absl::StatusCode::kUnavailable; }

}  // namespace

std::string TopicPartition::ToString() const { return absl::StrCat(topic, "/", number); }

void KafkaConsumer::DestroyMessage::operator()(rd_kafka_message_s* message) const {
  rd_kafka_message_destroy(message);
}

absl::StatusOr<std::unique_ptr<KafkaConsumer>> KafkaConsumer::Create(
    const KafkaSettings& settings) {
  std::unique_ptr<KafkaConsumer> consumer(new KafkaConsumer());
  FUNDGATE_RETURN_IF_ERROR(consumer->Begin(settings));
  return consumer;
}

absl::Status KafkaConsumer::Begin(const KafkaSettings& settings) {
  FUNDGATE_ASSIGN_OR_RETURN(const Properties properties, PropertiesOf(settings));
  std::array<char, kErrorBytes> error{};
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  for (const auto& [name, value] : properties) {
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), error.data(), error.size()) ==
        RD_KAFKA_CONF_OK) {
      continue;
    }
    rd_kafka_conf_destroy(conf);
    return absl::InvalidArgumentError(absl::StrCat("Kafka's client: ", error.data()));
  }
  rd_kafka_conf_set_opaque(conf, this);
  rd_kafka_conf_set_error_cb(conf, [](rd_kafka_t*, int code, const char* reason, void* opaque) {
    static_cast<KafkaConsumer*>(opaque)->NoteTrouble(code, reason);
  });
  rd_kafka_conf_set_log_cb(conf, [](const rd_kafka_t* client, int, const char*, const char* text) {
    auto* const consumer = static_cast<KafkaConsumer*>(rd_kafka_opaque(client));
    if (consumer != nullptr) consumer->NoteTrouble(RD_KAFKA_RESP_ERR_NO_ERROR, text);
  });
  client_ = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error.data(), error.size());
  if (client_ == nullptr) {
    rd_kafka_conf_destroy(conf);
    return absl::InvalidArgumentError(absl::StrCat("Kafka's client: ", error.data()));
  }
  for (const std::string& topic : settings.topics) {
    topics_[topic] = rd_kafka_topic_new(client_, topic.c_str(), nullptr);
  }
  return absl::OkStatus();
}

KafkaConsumer::~KafkaConsumer() {
  if (client_ == nullptr) return;
  message_.reset();
  (void)rd_kafka_assign(client_, nullptr);
  for (const auto& [name, topic] : topics_) {
    if (topic != nullptr) rd_kafka_topic_destroy(topic);
  }
  rd_kafka_destroy_flags(client_, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

void KafkaConsumer::NoteTrouble(int code, std::string_view text) {
  const std::lock_guard lock(mutex_);
  trouble_ = std::string(text);
  if (IsDenied(code)) denied_ = true;
}

absl::Status KafkaConsumer::Error(int code, std::string_view doing) {
  // What the library has to tell about a connection; Poll hears it once something is read.
  if (!assigned_) (void)rd_kafka_poll(client_, 0);
  const std::lock_guard lock(mutex_);
  const absl::StatusCode said = denied_ ? absl::StatusCode::kPermissionDenied : CodeOf(code);
  const bool tell_more = said == absl::StatusCode::kUnavailable || denied_;
  return absl::Status(
      said,
      absl::StrCat(ToAbsl(doing), ": ", rd_kafka_err2str(static_cast<rd_kafka_resp_err_t>(code)),
                   tell_more && !trouble_.empty() ? absl::StrCat(" (", trouble_, ")") : ""));
}

absl::StatusOr<std::vector<TopicPartition>> KafkaConsumer::Partitions() {
  std::vector<TopicPartition> partitions;
  for (const auto& [name, topic] : topics_) {
    const std::string doing = absl::StrCat("asking for the partitions of topic ", name);
    const rd_kafka_metadata_t* metadata = nullptr;
    const rd_kafka_resp_err_t code =
        rd_kafka_metadata(client_, /*all_topics=*/0, topic, &metadata, kTimeoutMs);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return Error(code, doing);
    const absl::Cleanup free_it = [metadata] { rd_kafka_metadata_destroy(metadata); };
    if (metadata->topic_cnt != 1) return Error(RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, doing);
    const rd_kafka_metadata_topic_t& found = metadata->topics[0];
    if (found.err != RD_KAFKA_RESP_ERR_NO_ERROR) return Error(found.err, doing);
    for (int32_t number = 0; number < found.partition_cnt; ++number) {
      partitions.push_back({name, number});
    }
  }
  return partitions;
}

absl::StatusOr<Watermarks> KafkaConsumer::WatermarksOf(const TopicPartition& partition) {
  Watermarks marks;
  const rd_kafka_resp_err_t code = rd_kafka_query_watermark_offsets(
      client_, partition.topic.c_str(), partition.number, &marks.low, &marks.high, kTimeoutMs);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return marks;
  return Error(code, absl::StrCat("asking for the offsets of ", partition.ToString()));
}

absl::Status KafkaConsumer::Assign(const std::vector<std::pair<TopicPartition, int64_t>>& offsets) {
  rd_kafka_topic_partition_list_t* list =
      rd_kafka_topic_partition_list_new(static_cast<int>(offsets.size()));
  const absl::Cleanup free_it = [list] { rd_kafka_topic_partition_list_destroy(list); };
  for (const auto& [partition, offset] : offsets) {
    rd_kafka_topic_partition_list_add(list, partition.topic.c_str(), partition.number)->offset =
        offset;
  }
  (void)rd_kafka_poll_set_consumer(client_);
  assigned_ = true;
  const rd_kafka_resp_err_t code = rd_kafka_assign(client_, list);
  return code == RD_KAFKA_RESP_ERR_NO_ERROR ? absl::OkStatus() : Error(code, "beginning to read");
}

absl::StatusOr<std::optional<Polled>> KafkaConsumer::Poll(absl::Duration wait) {
  message_.reset(
      rd_kafka_consumer_poll(client_, static_cast<int>(absl::ToInt64Milliseconds(wait))));
  if (message_ == nullptr) return std::nullopt;
  const rd_kafka_message_t& message = *message_;
  const bool is_end = message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
  if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR && !is_end) {
    if (PassesByItself(message.err)) return std::nullopt;
    return Error(
        message.err,
        absl::StrCat(
            "reading ",
            message.rkt != nullptr
                ? TopicPartition{rd_kafka_topic_name(message.rkt), message.partition}.ToString()
                : "topics"));
  }
  Polled polled;
  polled.partition = {rd_kafka_topic_name(message.rkt), message.partition};
  polled.is_end = is_end;
  polled.offset = message.offset;
  if (is_end) return polled;
  rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  const int64_t timestamp = rd_kafka_message_timestamp(&message, &type);
  if (type != RD_KAFKA_TIMESTAMP_NOT_AVAILABLE) polled.timestamp_ms = timestamp;
  if (message.payload != nullptr) {
    polled.value = std::string_view(static_cast<const char*>(message.payload), message.len);
  }
  return polled;
}

}  // namespace fundgate::sources
