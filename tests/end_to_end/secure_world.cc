#include "tests/end_to_end/secure_world.h"

#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "connection/credentials.h"
#include "connection/token.h"
#include "fundgate/v1/security.grpc.pb.h"
#include "server/log/log.h"
#include "tests/gate/gate_world.h"

namespace fundgate::end_to_end {
namespace {

constexpr const char* kCallers[] = {"payments", "refunds", "ledger", "shop", "ann",
                                    "amy",      "joe",     "eva",    "slow", "nobody"};

constexpr char kAccess[] = R"(callers:
  payments: {certificates: ["spiffe://shop/payments"], roles: [payment_service]}
  refunds: {certificates: ["spiffe://shop/refunds"], roles: [payment_service], checkpoints: [refund]}
  ledger: {certificates: ["spiffe://shop/ledger"], roles: [sidecar], sources: [ledger]}
  shop: {certificates: ["spiffe://shop/shop"], roles: [sidecar], sources: [shop]}
  ann: {certificates: ["spiffe://shop/ann"], roles: [operator]}
  amy: {certificates: ["spiffe://shop/amy"], roles: [approver]}
  joe: {certificates: ["spiffe://shop/joe"], roles: [auditor]}
  eva: {certificates: ["spiffe://shop/eva"], roles: [admin]}
  slow: {certificates: ["spiffe://shop/slow"], roles: [payment_service], limit: {per_second: 1, burst: 2}}
)";

}  // namespace

SecureWorld::SecureWorld(const std::function<void(gate::ServerSettings&)>& adjust) {
  const auto hash = connection::WriteNewToken(file("tom.token"));
  EXPECT_TRUE(hash.ok()) << hash.status();
  token_hash_ = connection::TextOf(*hash);
  std::ifstream(file("tom.token")) >> token_;
  security::testing::WriteFile(file("ca.pem"), authority_.pem(), 0644);
  for (const char* caller : kCallers) Issue(caller);
  RenewGate();
  WriteAccess();

  gate::ServerSettings settings;
  settings.listen = "127.0.0.1:0";
  settings.data_directory = file("store");
  settings.durability = store::Durability::kNoSync;
  settings.first_policy = gate::testing::WorkedPolicy();
  settings.policy_file = "policy.yaml";
  settings.drain_notice = absl::ZeroDuration();
  settings.security.certificate_file = file("gate.pem");
  settings.security.client_authorities_file = file("ca.pem");
  settings.security.access_file = file("access.yaml");
  if (adjust != nullptr) adjust(settings);
  auto server = gate::Server::Start(settings, logging::Log([this](const logging::Line& line) {
                                      const std::lock_guard lock(mutex_);
                                      absl::StrAppend(&log_, logging::ToText(line), "\n");
                                    }));
  if (!server.ok()) {
    ADD_FAILURE() << server.status();
    std::abort();  // nothing below could work
  }
  server_ = *std::move(server);
}

SecureWorld::~SecureWorld() { server_.reset(); }

std::string SecureWorld::log() const {
  const std::lock_guard lock(mutex_);
  return log_;
}

void SecureWorld::Issue(const std::string& caller) {
  security::testing::WriteFile(file(caller + ".pem"),
                               authority_.Issue({.names = "URI:spiffe://shop/" + caller}).both());
}

void SecureWorld::RenewGate() {
  security::testing::WriteFile(file("gate.pem"),
                               authority_.Issue({.names = "IP:127.0.0.1,DNS:localhost"}).both());
}

void SecureWorld::WriteAccess(const std::string& more) {
  security::testing::WriteFile(file("access.yaml"),
                               absl::StrCat(kAccess, "  tom: {token_hashes: [\"", token_hash_,
                                            "\"], roles: [auditor]}\n", more));
}

std::shared_ptr<grpc::Channel> SecureWorld::Connect(const std::string& caller,
                                                    const std::string& token_file) const {
  connection::Security security;
  security.authorities_file = file("ca.pem");
  if (!caller.empty()) security.certificate_file = file(caller + ".pem");
  security.token_file = token_file;
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  const auto credentials = connection::MakeCredentials(security, arguments);
  EXPECT_TRUE(credentials.ok()) << credentials.status();
  return grpc::CreateCustomChannel(address(), *credentials, arguments);
}

v1::ListDenialsResponse SecureWorld::Denials() const {
  grpc::ClientContext context;
  v1::ListDenialsRequest request;
  request.set_limit(1000);
  v1::ListDenialsResponse response;
  const grpc::Status status =
      v1::Security::NewStub(Connect("joe"))->ListDenials(&context, request, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return response;
}

uint64_t SecureWorld::Count(v1::DenialReason reason) const {
  const v1::ListDenialsResponse denials = Denials();
  for (const v1::DenialCount& count : denials.counts()) {
    if (count.reason() == reason) return count.count();
  }
  return 0;
}

grpc::Status CallEmpty(const std::shared_ptr<grpc::Channel>& channel, const std::string& rpc) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  grpc::CompletionQueue queue;
  const grpc::ByteBuffer empty(nullptr, 0);
  const auto call = stub.PrepareUnaryCall(&context, "/fundgate.v1." + rpc, empty, &queue);
  call->StartCall();
  grpc::ByteBuffer response;
  grpc::Status status;
  call->Finish(&response, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  return status;
}

}  // namespace fundgate::end_to_end
