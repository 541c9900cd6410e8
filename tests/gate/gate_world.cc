#include "tests/gate/gate_world.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "google/rpc/status.pb.h"
#include "tests/places/places.h"

namespace fundgate::gate::testing {
namespace {

template <typename Detail>
Detail DetailOf(const grpc::Status& status) {
  google::rpc::Status details;
  EXPECT_TRUE(details.ParseFromString(status.error_details())) << status.error_message();
  Detail detail;
  int found = 0;  // beside others
  for (const auto& packed : details.details()) found += packed.UnpackTo(&detail) ? 1 : 0;
  EXPECT_EQ(found, 1) << status.error_message();
  return detail;
}

}  // namespace

std::string WorkedPolicy() {
  std::ifstream file(places::Source("config/policy.yaml"), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

GateWorld::GateWorld(const std::function<void(ServerSettings&)>& adjust) {
  std::string folder = std::filesystem::temp_directory_path() / "fundgate-gate-XXXXXX";
  directory_ = ::mkdtemp(folder.data());
  ServerSettings settings;
  settings.listen = "127.0.0.1:0";
  settings.data_directory = directory_ + "/store";
  settings.durability = store::Durability::kNoSync;
  settings.first_policy = WorkedPolicy();
  settings.policy_file = "policy.yaml";
  settings.drain_notice = absl::ZeroDuration();
  settings.drain_limit = absl::Seconds(5);
  if (adjust != nullptr) adjust(settings);
  auto server = Server::Start(settings, logging::Log([](const logging::Line&) {}));
  if (!server.ok()) {
    ADD_FAILURE() << server.status();
    std::abort();  // nothing below could work
  }
  server_ = *std::move(server);
  // One connection a world: gRPC would share it with another world at the same port.
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  channel_ =
      grpc::CreateCustomChannel(server_->address(), grpc::InsecureChannelCredentials(), arguments);
  gate = v1::Gate::NewStub(channel_);
  breakers = v1::Breakers::NewStub(channel_);
  holds = v1::Holds::NewStub(channel_);
  policies = v1::Policies::NewStub(channel_);
  ingest = v1::Ingest::NewStub(channel_);
  audit = v1::Audit::NewStub(channel_);
  status = v1::Status::NewStub(channel_);
  violations = v1::Violations::NewStub(channel_);
  alerts = v1::Alerts::NewStub(channel_);
}

GateWorld::~GateWorld() {
  server_.reset();
  std::filesystem::remove_all(directory_);
}

std::unique_ptr<TestFeeder> GateWorld::Feed() {
  return std::make_unique<TestFeeder>(channel_, "ledger");
}

v1::Decision GateWorld::Check(const v1::CheckRequest& request) {
  grpc::ClientContext context;
  v1::Decision decision;
  const grpc::Status status_of_call = gate->Check(&context, request, &decision);
  EXPECT_TRUE(status_of_call.ok()) << status_of_call.error_message();
  return decision;
}

v1::Book GateWorld::Book(const std::string& order) {
  v1::GetBookRequest request;
  request.set_book("order");
  request.set_currency_code("CNY");
  (*request.mutable_key())["account_id"] = "m1";
  (*request.mutable_key())["order_id"] = order;
  grpc::ClientContext context;
  v1::GetBookResponse response;
  const grpc::Status status_of_call = audit->GetBook(&context, request, &response);
  EXPECT_TRUE(status_of_call.ok()) << status_of_call.error_message();
  return response.book();
}

v1::CheckRequest Refund(const std::string& key, const std::string& order, int64_t amount) {
  v1::CheckRequest request;
  request.set_checkpoint("refund");
  request.set_idempotency_key(key);
  request.set_account_id("m1");
  request.set_order_id(order);
  request.mutable_amount()->set_currency_code("CNY");
  request.mutable_amount()->set_minor_units(amount);
  return request;
}

google::rpc::BadRequest BadRequestOf(const grpc::Status& status) {
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  return DetailOf<google::rpc::BadRequest>(status);
}

google::rpc::RetryInfo RetryInfoOf(const grpc::Status& status) {
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  return DetailOf<google::rpc::RetryInfo>(status);
}

}  // namespace fundgate::gate::testing
