#include "tests/end_to_end/kafka_world.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <csignal>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "fundgate/types/position.h"
#include "tests/places/places.h"

namespace fundgate::end_to_end {
namespace {

constexpr int kAttempts = 6'000;  // a minute
constexpr int kAttemptMs = 10;

constexpr char kPolicy[] = R"(books:
  order: {key: [account_id, order_id], counters: [paid, refunded], single_currency: true}
movements:
  payment: {effects: [+order.paid]}
  refund: {effects: [+order.refunded], gated: true}
checkpoints:
  refund: {max_staleness: 5s, patience: 5s, valid_for: 2m, overdue_after: 10m}
invariants:
  refunds_within_paid: {book: order, holds: refunded <= paid}
facts:
  order_paid:
    key: order_id
    fields: {order_id: string, account_id: string, amount: money}
matches:
  order_vs_payment: {left: event.order_paid, right: event.payment, key: order_id, equal: [amount],
                     within: 5s}
sources:
)";

}  // namespace

KafkaWorld::KafkaWorld(const std::string& sources, const std::map<std::string, int>& topics) {
  for (const auto& [topic, partitions] : topics) cluster_.CreateTopic(topic, partitions);
  std::ofstream(folder_.path() + "/policy.yaml")
      << kPolicy << absl::StrReplaceAll(sources, {{"BROKERS", cluster_.brokers()}});
  StartGate();
}

void KafkaWorld::StartGate() {
  gate_ = std::make_unique<Process>(std::vector<std::string>{
      places::Program("fundgated"), "--data", folder_.path() + "/gate", "--listen", gate_address_,
      "--policy", folder_.path() + "/policy.yaml"});
  const std::string begin = "fundgated: serving on ";
  const std::string line = gate_->ReadLine();
  ASSERT_EQ(line.substr(0, begin.size()), begin);
  gate_address_ = line.substr(begin.size(), line.find(" (") - begin.size());
  channel_ = grpc::CreateChannel(gate_address_, grpc::InsecureChannelCredentials());
  checks_ = v1::Gate::NewStub(channel_);
  audit_ = v1::Audit::NewStub(channel_);
  status_ = v1::Status::NewStub(channel_);
}

void KafkaWorld::StartSidecar() {
  sidecar_ = std::make_unique<Process>(
      std::vector<std::string>{places::Program("fundgate-sidecar"), "run", "--gate", gate_address_,
                               "--source", "topics", "--probe-every", "100ms"});
}

bool KafkaWorld::Await(const std::function<bool()>& condition) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (condition()) return true;
    ::poll(nullptr, 0, kAttemptMs);
  }
  return false;
}

void KafkaWorld::AwaitApplied(const std::string& position) {
  const absl::StatusOr<Position> wanted = Position::Parse(position);
  ASSERT_TRUE(wanted.ok()) << wanted.status();
  EXPECT_TRUE(Await([this, &wanted] {
    const v1::SourceStatus source = Source();
    const absl::StatusOr<Position> applied = Position::Parse(source.position());
    return applied.ok() && applied->Covers(*wanted) && source.feeder_connected() &&
           source.waiting_for_position().empty() && source.has_proven_past();
  })) << "the gate is at \""
      << Source().position() << "\", not at \"" << position << "\"";
}

v1::SourceStatus KafkaWorld::Source(const std::string& name) {
  grpc::ClientContext context;
  v1::GetStatusResponse response;
  (void)status_->GetStatus(&context, v1::GetStatusRequest(), &response);  // none while it is gone
  for (const v1::SourceStatus& source : response.sources()) {
    if (source.name() == name) return source;
  }
  return {};
}

v1::Decision KafkaWorld::AskRefund(const std::string& key, const std::string& order,
                                   int64_t amount) {
  v1::CheckRequest request;
  request.set_checkpoint("refund");
  request.set_idempotency_key(key);
  request.set_account_id("m1");
  request.set_order_id(order);
  request.mutable_amount()->set_currency_code("CNY");
  request.mutable_amount()->set_minor_units(amount);
  grpc::ClientContext context;
  v1::Decision decision;
  const grpc::Status status = checks_->Check(&context, request, &decision);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return decision;
}

int64_t KafkaWorld::Posted(const std::string& order, const std::string& counter) {
  v1::GetBookRequest request;
  request.set_book("order");
  request.set_currency_code("CNY");
  (*request.mutable_key())["account_id"] = "m1";
  (*request.mutable_key())["order_id"] = order;
  grpc::ClientContext context;
  v1::GetBookResponse response;
  (void)audit_->GetBook(&context, request, &response);  // nothing is posted where there is no book
  for (const v1::Counter& found : response.book().counters()) {
    if (found.name() == counter) return found.posted();
  }
  return 0;
}

std::vector<v1::Violation> KafkaWorld::Violations() {
  grpc::ClientContext context;
  v1::ListViolationsResponse response;
  const grpc::Status status =
      audit_->ListViolations(&context, v1::ListViolationsRequest(), &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return {response.violations().begin(), response.violations().end()};
}

int KafkaWorld::StopGateAndVerify() {
  gate_->Signal(SIGTERM);
  EXPECT_EQ(gate_->Wait(), 0);
  return Verify(folder_.path() + "/gate");
}

}  // namespace fundgate::end_to_end
