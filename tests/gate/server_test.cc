#include "server/gate/server.h"

#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "tests/gate/gate_world.h"

namespace fundgate::gate {
namespace {

using testing::GateWorld;
using ::testing::HasSubstr;
using testing::Refund;

// A call of a service whose stubs are not generated here: bytes in, bytes out.
std::string Call(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                 const std::string& bytes, grpc::Status& status) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  const grpc::Slice slice(bytes);
  const auto call = stub.PrepareUnaryCall(&context, method, grpc::ByteBuffer(&slice, 1), &queue);
  call->StartCall();
  grpc::ByteBuffer response;
  call->Finish(&response, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  if (!status.ok()) return "";
  grpc::Slice got;
  EXPECT_TRUE(response.DumpToSingleSlice(&got).ok());
  return {reinterpret_cast<const char*>(got.begin()), got.size()};
}

// grpc.health.v1.HealthCheckResponse has its status in field 1: SERVING 1, NOT_SERVING 2.
std::string Health(GateWorld& world, const std::string& service) {
  grpc::Status status;
  const std::string request =
      service.empty() ? "" : std::string("\x0a") + static_cast<char>(service.size()) + service;
  const std::string response =
      Call(world.channel(), "/grpc.health.v1.Health/Check", request, status);
  EXPECT_TRUE(status.ok()) << status.error_message();
  if (response == std::string("\x08\x01", 2)) return "SERVING";
  if (response == std::string("\x08\x02", 2)) return "NOT_SERVING";
  return "UNKNOWN";
}

TEST(Server, HealthSaysServingOnceThereIsAPolicy) {
  GateWorld world([](ServerSettings& settings) { settings.first_policy.clear(); });
  EXPECT_EQ(Health(world, ""), "NOT_SERVING");
  EXPECT_EQ(Health(world, "fundgate.v1.Gate"), "NOT_SERVING");
  EXPECT_EQ(Health(world, "fundgate.v1.Policies"), "SERVING");
  v1::ApplyPolicyRequest request;
  request.set_document(testing::WorkedPolicy());
  request.set_actor("ann");
  request.set_comment("first");
  grpc::ClientContext context;
  v1::ApplyPolicyResponse response;
  ASSERT_TRUE(world.policies->ApplyPolicy(&context, request, &response).ok());
  EXPECT_EQ(Health(world, ""), "SERVING");
  EXPECT_EQ(Health(world, "fundgate.v1.Gate"), "SERVING");
}

TEST(Server, IsReadyOnceEverySourceThatAPolicyNeedsWasFresh) {
  GateWorld world;
  EXPECT_EQ(Health(world, ""), "SERVING");
  EXPECT_EQ(Health(world, "fundgate.ready"), "NOT_SERVING");
  EXPECT_EQ(Health(world, "fundgate.ready.refund"), "NOT_SERVING");
  v1::GetStatusResponse status;
  grpc::ClientContext before;
  ASSERT_TRUE(world.status->GetStatus(&before, {}, &status).ok());
  EXPECT_FALSE(status.ready());
  EXPECT_THAT(status.not_ready_reason(), HasSubstr("ledger"));
  const auto feeder = world.Feed();
  EXPECT_EQ(Health(world, "fundgate.ready"), "SERVING");
  EXPECT_EQ(Health(world, "fundgate.ready.refund"), "SERVING");
  grpc::ClientContext after;
  ASSERT_TRUE(world.status->GetStatus(&after, {}, &status).ok());
  EXPECT_TRUE(status.ready());
  EXPECT_EQ(status.not_ready_reason(), "");
}

TEST(Server, StaysReadyWithoutItsFeeder) {
  GateWorld world;
  world.Feed()->Finish();
  EXPECT_EQ(Health(world, "fundgate.ready"), "SERVING");
}

TEST(Server, WithoutAPolicyItIsNotReady) {
  GateWorld world([](ServerSettings& settings) { settings.first_policy.clear(); });
  EXPECT_EQ(Health(world, "fundgate.ready"), "NOT_SERVING");
}

TEST(Server, ReflectionIsOn) {
  GateWorld world;
  grpc::GenericStub stub(world.channel());
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  const auto call = stub.PrepareCall(
      &context, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", &queue);
  void* tag = nullptr;
  bool ok = false;
  call->StartCall(nullptr);
  ASSERT_TRUE(queue.Next(&tag, &ok) && ok);
  const grpc::Slice slice(std::string("\x3a\x01*", 3));  // list_services: "*"
  call->Write(grpc::ByteBuffer(&slice, 1), nullptr);
  ASSERT_TRUE(queue.Next(&tag, &ok) && ok);
  grpc::ByteBuffer response;
  call->Read(&response, nullptr);
  ASSERT_TRUE(queue.Next(&tag, &ok) && ok);
  grpc::Slice got;
  ASSERT_TRUE(response.DumpToSingleSlice(&got).ok());
  const std::string names(reinterpret_cast<const char*>(got.begin()), got.size());
  for (const char* service :
       {"fundgate.v1.Gate", "fundgate.v1.Breakers", "fundgate.v1.Holds", "fundgate.v1.Policies",
        "fundgate.v1.Ingest", "fundgate.v1.Audit", "fundgate.v1.Status", "grpc.health.v1.Health"}) {
    EXPECT_THAT(names, HasSubstr(service));
  }
  context.TryCancel();
  grpc::Status status;
  call->Finish(&status, nullptr);
  queue.Next(&tag, &ok);
}

TEST(Server, ADrainAnswersWhatIsUnderWayAndEndsEveryStream) {
  GateWorld world;
  const auto feeder = world.Feed();
  grpc::ClientContext watching;
  const auto watch = world.breakers->WatchBreakers(&watching, {});
  v1::WatchBreakersResponse seen;
  ASSERT_TRUE(watch->Read(&seen));
  grpc::ClientContext following;
  v1::ExportTracesRequest follow;
  follow.set_follow(true);
  const auto traces = world.audit->ExportTraces(&following, follow);
  v1::Trace trace;
  ASSERT_TRUE(traces->Read(&trace));
  grpc::ClientContext streaming;
  const auto checks = world.gate->StreamChecks(&streaming);
  v1::CheckRequest request = Refund("r1", "o1", 1);
  request.set_request_id("q");
  checks->Write(request);
  v1::Decision decision;
  ASSERT_TRUE(checks->Read(&decision));

  world.server().Shutdown();
  while (watch->Read(&seen)) {
  }
  EXPECT_EQ(watch->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  while (traces->Read(&trace)) {
  }
  EXPECT_EQ(traces->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_FALSE(checks->Read(&decision));
  EXPECT_EQ(checks->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(feeder->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST(Server, ACheckUnderWayAtTheDrainIsStillAnswered) {
  GateWorld world;
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  v1::Decision decision;
  grpc::Status status;
  const auto call = world.gate->AsyncCheck(&context, Refund("r1", "o1", 1), &queue);
  call->Finish(&decision, &status, nullptr);
  // It is parked, waiting for proof that nobody brings.
  v1::GetStatusResponse gate;
  while (gate.parked_checks() == 0) {
    grpc::ClientContext asking;
    ASSERT_TRUE(world.status->GetStatus(&asking, {}, &gate).ok());
  }
  world.server().Shutdown();
  void* tag = nullptr;
  bool ok = false;
  ASSERT_TRUE(queue.Next(&tag, &ok));
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(decision.verdict(), v1::VERDICT_HOLD);
}

TEST(Server, AMessageThatIsTooLargeIsRefused) {
  GateWorld world;
  v1::ValidatePolicyRequest request;
  request.set_document(std::string((size_t{8} << 20) + 1, 'x'));
  grpc::ClientContext context;
  v1::ValidatePolicyResponse response;
  EXPECT_EQ(world.policies->ValidatePolicy(&context, request, &response).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST(Server, ARejectedHoldIsBlockedForGood) {
  GateWorld world;
  const v1::Decision held = world.Check(Refund("r1", "o1", 1));
  ASSERT_EQ(held.verdict(), v1::VERDICT_HOLD);
  v1::RejectHoldRequest request;
  request.set_account_id("m1");
  request.set_checkpoint("refund");
  request.set_idempotency_key("r1");
  request.set_decision_id(held.decision_id());
  request.set_actor("ann");
  request.set_reason("fraud");
  grpc::ClientContext context;
  v1::RejectHoldResponse response;
  const grpc::Status status = world.holds->RejectHold(&context, request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.hold().state(), v1::HOLD_STATE_REJECTED);
  const v1::Decision rejected = world.Check(Refund("r1", "o1", 1));
  EXPECT_EQ(rejected.verdict(), v1::VERDICT_BLOCK);
  EXPECT_EQ(rejected.reasons(0).code(), v1::REASON_CODE_REJECTED);
}

TEST(Server, OthersAreNotLetInUnlessToldSo) {
  ServerSettings settings;
  settings.listen = "0.0.0.0:0";
  settings.data_directory = "/nowhere";
  const auto server = Server::Start(settings, logging::Log([](const logging::Line&) {}));
  EXPECT_TRUE(absl::IsInvalidArgument(server.status()));
  EXPECT_THAT(std::string(server.status().message()), HasSubstr("--insecure-listen"));
}

TEST(Server, AFirstPolicyWithProblemsIsRefusedWithTheirPlaces) {
  GateWorld world;  // for its folder
  ServerSettings settings;
  settings.listen = "127.0.0.1:0";
  settings.data_directory = world.directory() + "/other";
  settings.first_policy = "bookz: {}\n";
  settings.policy_file = "mine.yaml";
  const auto server = Server::Start(settings, logging::Log([](const logging::Line&) {}));
  EXPECT_TRUE(absl::IsInvalidArgument(server.status()));
  EXPECT_THAT(std::string(server.status().message()), HasSubstr("mine.yaml:1:"));
}

}  // namespace
}  // namespace fundgate::gate
