// Real producers, a broker that speaks Kafka's protocol, a real sidecar and a real gate.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/end_to_end/kafka_world.h"
#include "tests/gate/test_feeder.h"

namespace fundgate::end_to_end {
namespace {

// What a shop says of its orders, and a service's own word for what moved.
constexpr char kShop[] = R"(  ledger: {report: {emits: [payment, refund]}}
  topics:
    kafka:
      brokers: ["BROKERS"]
      topics: [{topic: order-events, envelope: json, rows: {shop.order_event: [event_id]}}]
    tables:
      - table: shop.order_event
        when: row.type == "ORDER_PAID"
        emit: order_paid
        fields: {order_id: row.order_id, account_id: row.merchant_id,
                 amount: 'money(row.amount, "CNY", "major")'}
)";

// What a database says, by way of topics.
constexpr char kTables[] = R"(    tables:
      - table: pay.payment
        counts: row.status == "SUCCESS"
        in_progress: row.status == "PROCESSING"
        emit: payment
        fields: {idempotency_key: row.payment_no, account_id: row.merchant_id,
                 order_id: row.order_no, amount: 'money(row.amount, "CNY", "major")'}
      - table: pay.refund
        counts: row.status == "SUCCESS"
        emit: refund
        fields: {idempotency_key: row.refund_no, account_id: row.merchant_id,
                 order_id: row.order_no, amount: 'money(row.amount, "CNY", "major")'}
  shop: {report: {emits: [order_paid]}}
)";
constexpr char kCanal[] = R"(  topics:
    kafka:
      brokers: ["BROKERS"]
      topics:
        - topic: pay
          envelope: canal
          rows: {pay.payment: [payment_no], pay.refund: [refund_no]}
)";
constexpr char kDebezium[] = R"(  topics:
    kafka:
      brokers: ["BROKERS"]
      topics:
        - topic: pay.payment
          envelope: debezium
          decimals: text
          rows: {pay.payment: [payment_no]}
        - {topic: pay.refund, envelope: debezium, decimals: text, rows: {pay.refund: [refund_no]}}
)";

std::string Canal() { return absl::StrCat(kCanal, kTables); }

std::string Paid(const std::string& event, const std::string& order, const std::string& amount) {
  return absl::StrCat(R"({"type": "ORDER_PAID", "event_id": ")", event, R"(", "order_id": ")",
                      order, R"(", "merchant_id": "m1", "amount": )", amount, "}");
}

// A row of pay.payment in canal's words.
std::string Payment(const std::string& key, const std::string& order, const std::string& amount,
                    const std::string& status = "SUCCESS") {
  return absl::StrCat(R"({"payment_no": ")", key, R"(", "merchant_id": "m1", "order_no": ")", order,
                      R"(", "amount": ")", amount, R"(", "status": ")", status, R"("})");
}

std::string Flat(const std::string& type, const std::string& row, const std::string& old = "null") {
  return absl::StrCat(
      R"({"database": "pay", "table": "payment", "isDdl": false, "es": 1, "type": ")", type,
      R"(", "data": [)", row, R"(], "old": )", old, "}");
}

std::string Change(const std::string& op, int pos, const std::string& before,
                   const std::string& after, const std::string& table = "payment") {
  return absl::StrCat(R"({"op": ")", op, R"(", "before": )", before, R"(, "after": )", after,
                      R"(, "source": {"db": "pay", "table": ")", table,
                      R"(", "server_id": 1, "file": "mysql-bin.000001", "row": 0, "pos": )", pos,
                      "}}");
}

bool HasReason(const v1::Decision& decision, v1::ReasonCode code) {
  for (const v1::Reason& reason : decision.reasons()) {
    if (reason.code() == code) return true;
  }
  return false;
}

TEST(Topics, WhatAServiceSaidAndWhatMovedAgreeOrAreFound) {
  KafkaWorld world(kShop, {{"order-events", 3}});
  gate::testing::TestFeeder ledger(world.channel(), "ledger");
  world.StartSidecar();
  world.cluster().Produce("order-events", 0, Paid("e1", "o1", "100.00"));
  world.cluster().Produce("order-events", 1, Paid("e2", "o2", "\"50.00\""));
  // A message of another type, one that comes again, and a tombstone.
  world.cluster().Produce("order-events", 2, R"({"type": "ORDER_SEEN", "event_id": "e3"})");
  world.cluster().Produce("order-events", 1, Paid("e2", "o2", "\"50.00\""));
  world.cluster().Produce("order-events", 2, std::nullopt);
  ledger.Happened("payment", "p1", "o1", 100'00);
  ledger.Happened("payment", "p2", "o2", 50'00);
  world.AwaitApplied("order-events/0:1,order-events/1:2,order-events/2:2");
  // The shop says yuan, the ledger cents.
  world.cluster().Produce("order-events", 0, Paid("e4", "o4", "70.00"));
  ledger.Happened("payment", "p4", "o4", 70);
  world.AwaitApplied("order-events/0:2");
  // Judged once both sources are proven past the time in which a correction may come.
  EXPECT_TRUE(world.Await([&] {
    ledger.Probe();
    return !world.Violations().empty();
  }));
  const auto violations = world.Violations();
  ASSERT_EQ(violations.size(), 1U);
  EXPECT_EQ(violations[0].kind(), v1::VIOLATION_KIND_MATCH_DIFFERS);
  EXPECT_EQ(violations[0].name(), "order_vs_payment");
  world.sidecar_process().Signal(SIGTERM);
  EXPECT_EQ(world.sidecar_process().Wait(), 0);
  EXPECT_EQ(world.StopGateAndVerify(), 0);
}

TEST(Topics, APaidOrderIsRefundedAndAnOverRefundIsBlockedForCertain) {
  KafkaWorld world(Canal(), {{"pay", 3}});
  world.StartSidecar();
  // Asked at once: the check waits until the brokers were asked for their ends and all is applied.
  world.cluster().Produce("pay", 1, Flat("INSERT", Payment("p1", "o1", "100.00")));
  EXPECT_EQ(world.AskRefund("r1", "o1", 60'00).verdict(), v1::VERDICT_ALLOW);
  const v1::Decision over = world.AskRefund("r2", "o1", 60'00);
  EXPECT_EQ(over.verdict(), v1::VERDICT_BLOCK);
  EXPECT_EQ(world.Posted("o1", "paid"), 100'00);
}

TEST(Topics, EmptyOnesAreProvenToo) {
  KafkaWorld world(Canal(), {{"pay", 2}});
  world.StartSidecar();
  world.AwaitApplied("pay/0:0,pay/1:0");
  EXPECT_EQ(world.AskRefund("r1", "o1", 1).verdict(), v1::VERDICT_BLOCK);
}

TEST(Topics, ChangesThatAreToldAgainCountOnce) {
  KafkaWorld world(absl::StrCat(kDebezium, kTables), {{"pay.payment", 1}, {"pay.refund", 1}});
  world.StartSidecar();
  const std::string made = Payment("p1", "o1", "100.00", "PROCESSING");
  const std::string paid = Payment("p1", "o1", "100.00");
  const std::string less = Payment("p1", "o1", "90.00");
  const std::string more = Payment("p1", "o1", "95.50");
  const std::vector<std::string> changes = {
      Change("c", 100, "null", made), Change("u", 200, made, paid), Change("u", 300, paid, less),
      Change("u", 400, less, more)};
  // A producer's retries.
  for (const std::string& change : changes) {
    world.Produce("pay.payment", change);
    world.Produce("pay.payment", change);
  }
  world.AwaitApplied("pay.payment/0:8");
  EXPECT_EQ(world.Posted("o1", "paid"), 95'50);
  const size_t found = world.Violations().size();
  // A connector that begins again with the first of them; on the way the row says what is past.
  for (size_t i = 0; i + 1 < changes.size(); ++i) world.Produce("pay.payment", changes[i]);
  world.AwaitApplied("pay.payment/0:11");
  EXPECT_EQ(world.Posted("o1", "paid"), 95'50);
  EXPECT_TRUE(HasReason(world.AskRefund("r1", "o1", 1'00), v1::REASON_CODE_UNPROVEN));
  world.Produce("pay.payment", changes.back());
  world.AwaitApplied("pay.payment/0:12");
  EXPECT_EQ(world.Posted("o1", "paid"), 95'50);
  EXPECT_EQ(world.AskRefund("r1", "o1", 1'00).verdict(), v1::VERDICT_ALLOW);
  // And then it goes on.
  world.Produce("pay.payment", Change("u", 500, more, Payment("p1", "o1", "96.00")));
  world.AwaitApplied("pay.payment/0:13");
  EXPECT_EQ(world.Posted("o1", "paid"), 96'00);
  EXPECT_EQ(world.Violations().size(), found);
  EXPECT_EQ(world.StopGateAndVerify(), 0);
}

TEST(Topics, KillsOfSidecarAndGateLoseNothingAndDoubleNothing) {
  KafkaWorld world(Canal(), {{"pay", 4}});
  constexpr int kRounds = 4;
  constexpr int kMessages = 2'000;
  int sent = 0;
  for (int round = 0; round < kRounds; ++round) {
    world.StartSidecar();
    for (int i = 0; i < kMessages; ++i, ++sent) {
      world.cluster().Send("pay", sent % 4,
                           Flat("INSERT", Payment(absl::StrCat("p", sent), "o1", "1.01")));
      if (i == kMessages / 2) world.cluster().Flush();
    }
    world.cluster().Flush();
    // In the middle of it, as far as it came.
    world.Await([&world] { return !world.Source().position().empty(); });
    if (round % 2 == 1) {
      world.gate_process().Signal(SIGKILL);
      (void)world.gate_process().Wait();
      world.StartGate();
    }
    world.sidecar_process().Signal(SIGKILL);
    (void)world.sidecar_process().Wait();
  }
  world.StartSidecar();
  const int each = kRounds * kMessages / 4;
  world.AwaitApplied(
      absl::StrCat("pay/0:", each, ",pay/1:", each, ",pay/2:", each, ",pay/3:", each));
  EXPECT_EQ(world.Posted("o1", "paid"), int64_t{101} * kRounds * kMessages);
  EXPECT_THAT(world.Violations(), ::testing::IsEmpty());
  EXPECT_EQ(world.StopGateAndVerify(), 0);
}

TEST(Topics, AMessageThatCannotBeReadIsAGapAndReadingGoesOn) {
  KafkaWorld world(Canal(), {{"pay", 1}});
  world.StartSidecar();
  world.Produce("pay", Flat("INSERT", Payment("p1", "o1", "100.00")));
  // Cents of cents: of this order alone.
  world.Produce("pay", Flat("INSERT", Payment("p2", "o2", "1.005")));
  world.Produce("pay", Flat("INSERT", Payment("p3", "o3", "3.00")));
  world.AwaitApplied("pay/0:3");
  EXPECT_EQ(world.Posted("o3", "paid"), 3'00);
  EXPECT_EQ(world.AskRefund("r1", "o1", 1'00).verdict(), v1::VERDICT_ALLOW);
  const v1::Decision held = world.AskRefund("r2", "o2", 1'00);
  EXPECT_EQ(held.verdict(), v1::VERDICT_HOLD);
  EXPECT_TRUE(HasReason(held, v1::REASON_CODE_UNPROVEN));
  // Nobody knows what this one said: all orders are unproven.
  world.Produce("pay", "\x01\x02 no JSON");
  world.Produce("pay", Flat("INSERT", Payment("p4", "o4", "4.00")));
  world.AwaitApplied("pay/0:5");
  EXPECT_EQ(world.Posted("o4", "paid"), 4'00);
  EXPECT_TRUE(HasReason(world.AskRefund("r4", "o4", 1'00), v1::REASON_CODE_UNPROVEN));
}

TEST(Topics, WhatWasDeletedBeforeItWasReadIsAGap) {
  KafkaWorld world(Canal(), {{"pay", 1}});
  world.StartSidecar();
  world.Produce("pay", Flat("INSERT", Payment("p0", "o1", "1.00")));
  world.AwaitApplied("pay/0:1");
  world.sidecar_process().Signal(SIGTERM);
  EXPECT_EQ(world.sidecar_process().Wait(), 0);
  // The broker keeps 5 MiB of a partition.
  const std::string large = absl::StrCat("{\"pad\": \"", std::string(900'000, 'x'), "\"}");
  int64_t newest = 0;
  for (int i = 0; i < 9; ++i) newest = world.Produce("pay", large);
  newest = world.Produce("pay", Flat("INSERT", Payment("p9", "o9", "9.00")));
  world.StartSidecar();
  world.AwaitApplied(absl::StrCat("pay/0:", newest + 1));
  EXPECT_EQ(world.Posted("o9", "paid"), 9'00);
  EXPECT_TRUE(HasReason(world.AskRefund("r9", "o9", 1'00), v1::REASON_CODE_UNPROVEN));
}

// Makes the gate believe that the source was read up to there.
void MoveTo(const KafkaWorld& world, const std::string& position) {
  const auto ingest = v1::Ingest::NewStub(
      grpc::CreateChannel(world.gate_address(), grpc::InsecureChannelCredentials()));
  v1::GetPositionRequest request;
  request.set_source("topics");
  v1::GetPositionResponse granted;
  grpc::ClientContext refused;
  const std::string refusal = ingest->GetPosition(&refused, request, &granted).error_message();
  const std::vector<std::string> words = absl::StrSplit(refusal, absl::ByAnyChar(" ,"));
  const auto version = std::find(words.begin(), words.end(), "version");
  uint64_t mapping_version = 0;
  ASSERT_TRUE(version != words.end() && absl::SimpleAtoi(*(version + 1), &mapping_version))
      << refusal;
  request.set_mapping_version(mapping_version);
  grpc::ClientContext asking;
  ASSERT_TRUE(ingest->GetPosition(&asking, request, &granted).ok());
  grpc::ClientContext feeding;
  const auto stream = ingest->Ingest(&feeding);
  v1::IngestRequest batch;
  batch.set_source("topics");
  batch.set_epoch(granted.epoch());
  batch.set_mapping_version(mapping_version);
  batch.set_position(position);
  ASSERT_TRUE(stream->Write(batch));
  v1::IngestAck ack;
  ASSERT_TRUE(stream->Read(&ack));
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
}

TEST(Topics, OneThatWasMadeAnewIsLostAndNeverPassedOver) {
  // Offsets that begin again, and a partition that isn't there any more.
  for (const char* position : {"pay/0:500", "pay/0:0,pay/7:1"}) {
    KafkaWorld world(Canal(), {{"pay", 1}});
    MoveTo(world, position);
    world.Produce("pay", Flat("INSERT", Payment("p1", "o1", "1.00")));
    world.StartSidecar();
    EXPECT_EQ(world.sidecar_process().Wait(), 4) << position;
    EXPECT_EQ(world.Source().position(), position);
  }
}

TEST(Topics, ThatNobodyReadsAnyMoreStayInThePosition) {
  KafkaWorld world(Canal(), {{"pay", 1}});
  MoveTo(world, "old/0:500");
  world.Produce("pay", Flat("INSERT", Payment("p1", "o1", "1.00")));
  world.StartSidecar();
  world.AwaitApplied("old/0:500,pay/0:1");
  EXPECT_EQ(world.Posted("o1", "paid"), 1'00);
}

TEST(Topics, ATopicThatIsNotThereEndsItWithOne) {
  KafkaWorld world(Canal(), {});
  world.cluster().HideTopic("pay");
  world.StartSidecar();
  EXPECT_EQ(world.sidecar_process().Wait(), 1);
}

}  // namespace
}  // namespace fundgate::end_to_end
