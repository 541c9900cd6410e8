#include "server/sidecar/policy_source.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/str_replace.h"
#include "server/sidecar/kafka_follower.h"
#include "server/sidecar/mariadb_follower.h"
#include "tests/places/places.h"

namespace fundgate::sidecar {
namespace {

std::string WorkedPolicy() {
  std::ifstream file(places::Source("config/policy-mariadb.yaml"), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(PolicySource, SaysWhereTheDatabaseIsAndWhichTablesAreRead) {
  const auto source = ReadPolicySource(WorkedPolicy(), 7, "pay_db");
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_EQ(source->version, 7U);
  const sources::PrimarySettings primary = ToPrimarySettings(source->declared);
  EXPECT_EQ(primary.hosts, std::vector<std::string>{"127.0.0.1:3306"});
  EXPECT_EQ(primary.user, "fundgate");
  EXPECT_EQ(primary.password_file, "/etc/fundgate/pay_db.password");
  EXPECT_FALSE(primary.tls.has_value());
  EXPECT_EQ(TablesOf(source->declared).count("pay.refund"), 1U);
  EXPECT_EQ(TablesOf(source->declared).count("pay.other"), 0U);
  EXPECT_NE(source->mapper.mapping_version(), 0U);
}

TEST(PolicySource, TlsIsSpokenWhereThePolicySaysSo) {
  const auto source =
      ReadPolicySource(absl::StrReplaceAll(WorkedPolicy(), {{"pay_db.password}",
                                                             "pay_db.password, tls: {ca_file: "
                                                             "/etc/fundgate/ca.pem}}"}}),
                       1, "pay_db");
  ASSERT_TRUE(source.ok()) << source.status();
  const sources::PrimarySettings primary = ToPrimarySettings(source->declared);
  ASSERT_TRUE(primary.tls.has_value());
  EXPECT_EQ(primary.tls->ca_file, "/etc/fundgate/ca.pem");
  EXPECT_EQ(primary.tls->cert_file, "");
}

TEST(PolicySource, AnUnknownOneIsNamed) {
  const auto source = ReadPolicySource(WorkedPolicy(), 1, "elsewhere");
  EXPECT_TRUE(absl::IsNotFound(source.status()));
  EXPECT_NE(source.status().message().find("elsewhere"), std::string::npos);
}

TEST(PolicySource, ADocumentThatThisVersionCannotReadIsRefusedWithItsProblems) {
  const auto source = ReadPolicySource("books: {order: 7}", 3, "pay_db");
  EXPECT_TRUE(absl::IsInvalidArgument(source.status()));
  EXPECT_NE(source.status().message().find("policy version 3"), std::string::npos);
  EXPECT_NE(source.status().message().find("policy:1:"), std::string::npos) << source.status();
}

constexpr char kTopics[] = R"(
movements: {payment: {effects: [+order.paid]}}
books: {order: {key: [account_id, order_id], counters: [paid]}}
invariants: {some: {book: order, holds: paid >= 0}}
sources:
  pay:
    kafka:
      brokers: ["kafka-1:9092", "kafka-2:9092"]
      sasl: {mechanism: scram_sha_512, user: fundgate, password_file: /etc/fundgate/kafka.password}
      tls: {ca_file: /etc/fundgate/ca.pem}
      topics:
        - {topic: cdc.pay, envelope: debezium, decimals: text, rows: {pay.payment: [payment_no]}}
    tables:
      - table: pay.payment
        counts: row.status == "SUCCESS"
        emit: payment
        fields: {idempotency_key: row.payment_no, account_id: row.merchant_id,
                 order_id: row.order_no, amount: 'money(row.amount, "CNY", "major")'}
)";

TEST(PolicySource, SaysWhereTheClusterIsAndWhatItsTopicsBring) {
  const auto source = ReadPolicySource(kTopics, 1, "pay");
  ASSERT_TRUE(source.ok()) << source.status();
  const sources::KafkaSettings settings = ToKafkaSettings(source->declared.kafka(), "pay");
  EXPECT_EQ(settings.brokers, (std::vector<std::string>{"kafka-1:9092", "kafka-2:9092"}));
  EXPECT_EQ(settings.topics, std::vector<std::string>{"cdc.pay"});
  ASSERT_TRUE(settings.sasl.has_value());
  EXPECT_EQ(settings.sasl->mechanism, "SCRAM-SHA-512");
  EXPECT_EQ(settings.sasl->password_file, "/etc/fundgate/kafka.password");
  ASSERT_TRUE(settings.tls.has_value());
  EXPECT_EQ(settings.tls->ca_file, "/etc/fundgate/ca.pem");
  const envelope::TopicSettings topic =
      ToTopicSettings(source->declared.kafka().topics(0), source->mapper);
  EXPECT_EQ(topic.envelope, envelope::EnvelopeKind::kDebezium);
  EXPECT_TRUE(topic.text_decimals);
  ASSERT_EQ(topic.rows.size(), 1U);
  EXPECT_EQ(topic.rows[0].key, std::vector<std::string>{"payment_no"});
  EXPECT_EQ(topic.rows[0].columns, (std::vector<std::string>{"amount", "merchant_id", "order_no",
                                                             "payment_no", "status"}));
}

TEST(PolicySource, AClusterThatMovedChangesNoMeaningAndATopicThatDidDoes) {
  const auto version = [](const std::string& from, const std::string& to) {
    const auto source = ReadPolicySource(absl::StrReplaceAll(kTopics, {{from, to}}), 1, "pay");
    EXPECT_TRUE(source.ok()) << source.status();
    return source.ok() ? source->mapper.mapping_version() : 0;
  };
  const uint64_t before = version("kafka-1", "kafka-1");
  EXPECT_NE(before, 0U);
  EXPECT_EQ(version("kafka-2:9092", "kafka-3:9092"), before);
  EXPECT_NE(version("cdc.pay", "cdc.other"), before);
  EXPECT_NE(version("decimals: text, ", ""), before);
  EXPECT_NE(version("[payment_no]", "[id]"), before);
}

TEST(DefaultServerIds, AreTheSameForASourceAndMeetNoUsualServersId) {
  EXPECT_EQ(DefaultServerId("pay_db"), DefaultServerId("pay_db"));
  EXPECT_NE(DefaultServerId("pay_db"), DefaultServerId("ledger"));
  EXPECT_GE(DefaultServerId("pay_db"), 0x80000000U);
}

}  // namespace
}  // namespace fundgate::sidecar
