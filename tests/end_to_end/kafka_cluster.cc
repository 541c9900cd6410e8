#include "tests/end_to_end/kafka_cluster.h"

#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <array>

namespace fundgate::end_to_end {
namespace {

constexpr int kTimeoutMs = 30'000;

void Set(rd_kafka_conf_t* conf, const char* name, const char* value) {
  std::array<char, 512> error{};
  EXPECT_EQ(rd_kafka_conf_set(conf, name, value, error.data(), error.size()), RD_KAFKA_CONF_OK)
      << error.data();
}

// Tells who waits for it (the message's opaque) the offset that it got.
void OnDelivery(rd_kafka_t*, const rd_kafka_message_t* message, void*) {
  EXPECT_EQ(message->err, RD_KAFKA_RESP_ERR_NO_ERROR) << rd_kafka_err2str(message->err);
  if (message->_private != nullptr) *static_cast<int64_t*>(message->_private) = message->offset;
}

}  // namespace

KafkaCluster::KafkaCluster() {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  Set(conf, "test.mock.num.brokers", "1");
  Set(conf, "linger.ms", "0");
  Set(conf, "queue.buffering.max.messages", "1000000");
  rd_kafka_conf_set_dr_msg_cb(conf, OnDelivery);
  // A mock warns that it is one.
  rd_kafka_conf_set_log_cb(conf, nullptr);
  std::array<char, 512> error{};
  producer_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error.data(), error.size());
  if (producer_ == nullptr) {
    ADD_FAILURE() << error.data();
    return;
  }
  cluster_ = rd_kafka_handle_mock_cluster(producer_);
  brokers_ = rd_kafka_mock_cluster_bootstraps(cluster_);
}

KafkaCluster::~KafkaCluster() {
  if (producer_ != nullptr) rd_kafka_destroy(producer_);
}

void KafkaCluster::CreateTopic(const std::string& topic, int partitions) {
  EXPECT_EQ(rd_kafka_mock_topic_create(cluster_, topic.c_str(), partitions, 1),
            RD_KAFKA_RESP_ERR_NO_ERROR);
}

void KafkaCluster::HideTopic(const std::string& topic) {
  rd_kafka_mock_topic_set_error(cluster_, topic.c_str(), RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
}

int64_t KafkaCluster::Produce(const std::string& topic, int32_t partition,
                              const std::optional<std::string>& value) {
  int64_t offset = -1;
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): the library copies it
  void* const bytes = value.has_value() ? const_cast<char*>(value->data()) : nullptr;
  const rd_kafka_resp_err_t code = rd_kafka_producev(
      producer_, RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(partition),
      RD_KAFKA_V_VALUE(bytes, value.has_value() ? value->size() : 0),
      RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_OPAQUE(&offset), RD_KAFKA_V_END);
  EXPECT_EQ(code, RD_KAFKA_RESP_ERR_NO_ERROR) << rd_kafka_err2str(code);
  Flush();
  EXPECT_GE(offset, 0);
  return offset;
}

void KafkaCluster::Send(const std::string& topic, int32_t partition, const std::string& value) {
  const rd_kafka_resp_err_t code = rd_kafka_producev(
      producer_, RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(partition),
      // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): the library copies it
      RD_KAFKA_V_VALUE(const_cast<char*>(value.data()), value.size()),
      RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
  EXPECT_EQ(code, RD_KAFKA_RESP_ERR_NO_ERROR) << rd_kafka_err2str(code);
}

void KafkaCluster::Flush() {
  EXPECT_EQ(rd_kafka_flush(producer_, kTimeoutMs), RD_KAFKA_RESP_ERR_NO_ERROR);
}

}  // namespace fundgate::end_to_end
