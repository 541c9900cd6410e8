// Who may call a gate, and who is refused, by real gRPC over TLS.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "fundgate/client.h"
#include "fundgate/v1/breakers.grpc.pb.h"
#include "fundgate/v1/gate.grpc.pb.h"
#include "server/metrics/metric.h"
#include "server/security/roles.h"
#include "tests/client/run_words.h"
#include "tests/end_to_end/processes.h"
#include "tests/end_to_end/secure_world.h"
#include "tests/gate/gate_world.h"
#include "tests/places/places.h"

namespace fundgate::end_to_end {
namespace {

using gate::testing::Refund;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

grpc::Status Check(const std::shared_ptr<grpc::Channel>& channel, const v1::CheckRequest& request) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  v1::Decision decision;
  return v1::Gate::NewStub(channel)->Check(&context, request, &decision);
}

grpc::Status Trip(const std::shared_ptr<grpc::Channel>& channel, const std::string& actor,
                  v1::TripBreakerResponse* response) {
  grpc::ClientContext context;
  v1::TripBreakerRequest request;
  request.set_scope("refund");
  request.set_mode(v1::VERDICT_HOLD);
  request.set_reason("wrong amounts");
  request.set_actor(actor);
  return v1::Breakers::NewStub(channel)->TripBreaker(&context, request, response);
}

fundctl::Outcome Fundctl(const SecureWorld& world, const std::string& caller,
                         std::vector<std::string> words) {
  words.insert(words.begin(),
               {"--tls-ca", world.file("ca.pem"), "--tls-cert", world.file(caller + ".pem")});
  std::vector<const char*> pointers;
  for (const std::string& word : words) pointers.push_back(word.c_str());
  return fundctl::RunWords(std::move(pointers), world.address());
}

// What the gate tells Prometheus; -1 if it doesn't.
double Metric(const SecureWorld& world, std::string_view name, const metrics::Labels& labels) {
  for (const metrics::Family& family : world.server().ReadMetrics()) {
    if (family.name != name) continue;
    for (const metrics::Sample& sample : family.samples) {
      if (sample.labels == labels) return sample.value;
    }
  }
  return -1;
}

void LetTokensIn(gate::ServerSettings& settings) { settings.security.certificates_optional = true; }

// An empty request doesn't do: it names no source, or its answers would have to be read one by one.
bool NeedsMore(std::string_view rpc) {
  return rpc.starts_with("Ingest/") || rpc == "Breakers/WatchBreakers" ||
         rpc == "Audit/ExportTraces" || rpc == "Audit/VerifyJournal" ||
         rpc == "Audit/ReplayDecision" || rpc == "Backups/CreateBackup";
}

TEST(Security, EveryCallIsOpenToItsRolesAloneAndRefusalsAreWrittenDownByName) {
  const SecureWorld world;
  const std::vector<std::pair<std::string, security::Role>> callers = {
      {"payments", security::Role::ROLE_PAYMENT_SERVICE},
      {"ledger", security::Role::ROLE_SIDECAR},
      {"ann", security::Role::ROLE_OPERATOR},
      {"amy", security::Role::ROLE_APPROVER},
      {"joe", security::Role::ROLE_AUDITOR},
      {"eva", security::Role::ROLE_ADMIN}};
  uint64_t refused = 0;
  for (const auto& [caller, role] : callers) {
    const auto channel = world.Connect(caller);
    for (const security::RpcRule& rule : security::RpcRules()) {
      if (rule.roles.Has(role) && NeedsMore(rule.rpc)) continue;
      // What is let in may still be refused for its content, but never for who sent it.
      const grpc::Status status = CallEmpty(channel, std::string(rule.rpc));
      EXPECT_EQ(status.error_code() == grpc::StatusCode::PERMISSION_DENIED, !rule.roles.Has(role))
          << caller << " " << rule.rpc << ": " << status.error_code() << " "
          << status.error_message();
      EXPECT_NE(status.error_code(), grpc::StatusCode::UNAUTHENTICATED) << caller;
      EXPECT_NE(status.error_code(), grpc::StatusCode::UNIMPLEMENTED) << rule.rpc;
      if (!rule.roles.Has(role)) ++refused;
    }
  }
  EXPECT_EQ(world.Count(v1::DENIAL_REASON_ROLE), refused);
  EXPECT_GT(refused, 100U);
}

TEST(Security, WhoSaysNowhereWhoItIsMayCallNothing) {
  const SecureWorld world(LetTokensIn);
  const auto channel = world.Connect("");
  for (const security::RpcRule& rule : security::RpcRules()) {
    EXPECT_EQ(CallEmpty(channel, std::string(rule.rpc)).error_code(),
              grpc::StatusCode::UNAUTHENTICATED)
        << rule.rpc;
  }
  EXPECT_EQ(world.Count(v1::DENIAL_REASON_NO_CREDENTIALS), security::RpcRules().size());
}

TEST(Security, TheRightRolePassesAndTheWrongOneIsWrittenDownByName) {
  const SecureWorld world;
  EXPECT_TRUE(Check(world.Connect("payments"), Refund("r1", "o1", 1)).ok());
  v1::TripBreakerResponse response;
  const grpc::Status refused = Trip(world.Connect("payments"), "", &response);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_THAT(refused.error_message(), HasSubstr("Breakers/TripBreaker is for operator or admin"));
  const v1::ListDenialsResponse denials = world.Denials();
  ASSERT_EQ(denials.denials_size(), 1);
  EXPECT_EQ(denials.denials(0).caller(), "payments");
  EXPECT_EQ(denials.denials(0).certificate(), "spiffe://shop/payments");
  EXPECT_EQ(denials.denials(0).rpc(), "Breakers/TripBreaker");
  EXPECT_EQ(denials.denials(0).reason(), v1::DENIAL_REASON_ROLE);
  EXPECT_THAT(denials.denials(0).peer(), HasSubstr("127.0.0.1"));
  EXPECT_TRUE(denials.denials(0).has_at());
  EXPECT_THAT(world.log(), HasSubstr("denied reason=ROLE caller=payments "));
}

TEST(Security, RefusalsAreToldToPrometheus) {
  const SecureWorld world;
  EXPECT_EQ(Metric(world, "fundgate_denials_total", {{"reason", "ROLE"}}), 0);
  v1::TripBreakerResponse response;
  EXPECT_FALSE(Trip(world.Connect("payments"), "", &response).ok());
  EXPECT_FALSE(Trip(world.Connect("ann"), "bob", &response).ok());
  EXPECT_FALSE(Check(world.Connect("nobody"), Refund("r1", "o1", 1)).ok());
  EXPECT_EQ(Metric(world, "fundgate_denials_total", {{"reason", "ROLE"}}), 1);
  EXPECT_EQ(Metric(world, "fundgate_denials_total", {{"reason", "OTHER_ACTOR"}}), 1);
  EXPECT_EQ(Metric(world, "fundgate_denials_total", {{"reason", "UNKNOWN_CERTIFICATE"}}), 1);
  EXPECT_EQ(Metric(world, "fundgate_denials_total", {{"reason", "RATE"}}), 0);
  EXPECT_EQ(Metric(world, "fundgate_failed_calls_total", {{"code", "PERMISSION_DENIED"}}), 2);
  EXPECT_EQ(Metric(world, "fundgate_failed_calls_total", {{"code", "UNAUTHENTICATED"}}), 1);
}

TEST(Security, ACertificateThatTheAccessFileDoesNotKnowIsRefusedByName) {
  const SecureWorld world;
  EXPECT_EQ(Check(world.Connect("nobody"), Refund("r1", "o1", 1)).error_code(),
            grpc::StatusCode::UNAUTHENTICATED);
  const v1::ListDenialsResponse denials = world.Denials();
  ASSERT_EQ(denials.denials_size(), 1);
  EXPECT_EQ(denials.denials(0).reason(), v1::DENIAL_REASON_UNKNOWN_CERTIFICATE);
  EXPECT_EQ(denials.denials(0).certificate(), "spiffe://shop/nobody");
}

TEST(Security, ATokenSaysWhoCallsAndABadOneIsRefusedAndShownNowhere) {
  const SecureWorld world(LetTokensIn);
  EXPECT_TRUE(CallEmpty(world.Connect("", world.file("tom.token")), "Audit/ListViolations").ok());
  EXPECT_EQ(CallEmpty(world.Connect("", world.file("tom.token")), "Gate/Check").error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
  const std::string stolen = "not-a-token-of-anybody-but-long-enough-0123456789";
  security::testing::WriteFile(world.file("bad.token"), stolen);
  // A bad token is refused also where the certificate alone would do.
  for (const char* caller : {"", "joe"}) {
    const grpc::Status status =
        CallEmpty(world.Connect(caller, world.file("bad.token")), "Audit/ListViolations");
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED);
    EXPECT_THAT(status.error_message(), Not(HasSubstr(stolen)));
  }
  const v1::ListDenialsResponse denials = world.Denials();
  ASSERT_EQ(denials.denials_size(), 3);
  EXPECT_EQ(denials.denials(0).reason(), v1::DENIAL_REASON_BAD_TOKEN);
  EXPECT_EQ(denials.denials(0).certificate(), "spiffe://shop/joe");
  EXPECT_EQ(denials.denials(2).caller(), "tom");
  EXPECT_THAT(denials.DebugString() + world.log(),
              AllOf(Not(HasSubstr(stolen)), Not(HasSubstr(world.token()))));
}

TEST(Security, ConnectionsThatAreExpiredForeignOrWithoutACertificateAreRefusedAndCounted) {
  SecureWorld world;
  security::testing::TestAuthority foreign;
  security::testing::WriteFile(world.file("foreign.pem"),
                               foreign.Issue({.names = "URI:spiffe://shop/payments"}).both());
  security::testing::WriteFile(world.file("expired.pem"),
                               world.authority()
                                   .Issue({.names = "URI:spiffe://shop/payments",
                                           .begins = std::chrono::hours(-2),
                                           .ends = std::chrono::hours(-1)})
                                   .both());
  for (const char* caller : {"foreign", "expired", ""}) {
    EXPECT_EQ(Check(world.Connect(caller), Refund("r1", "o1", 1)).error_code(),
              grpc::StatusCode::UNAVAILABLE)
        << caller;
  }
  // Each channel may have tried more than once.
  EXPECT_GE(world.Count(v1::DENIAL_REASON_UNTRUSTED_CERTIFICATE), 1U);
  EXPECT_GE(world.Count(v1::DENIAL_REASON_EXPIRED_CERTIFICATE), 1U);
  EXPECT_GE(world.Count(v1::DENIAL_REASON_NO_CERTIFICATE), 1U);
  EXPECT_EQ(world.Count(v1::DENIAL_REASON_ROLE), 0U);
  const v1::ListDenialsResponse denials = world.Denials();
  for (const v1::Denial& denial : denials.denials()) {
    const bool named = denial.reason() != v1::DENIAL_REASON_NO_CERTIFICATE;
    EXPECT_EQ(denial.certificate(), named ? "spiffe://shop/payments" : "");
  }
  EXPECT_TRUE(Check(world.Connect("payments"), Refund("r1", "o1", 1)).ok());
}

TEST(Security, PlainTextToAnEncryptedGateIsNotAnswered) {
  const SecureWorld world;
  EXPECT_EQ(Check(grpc::CreateChannel(world.address(), grpc::InsecureChannelCredentials()),
                  Refund("r1", "o1", 1))
                .error_code(),
            grpc::StatusCode::UNAVAILABLE);
}

TEST(Security, TheActorIsWhoWasAuthenticatedAndNobodyElse) {
  const SecureWorld world;
  const auto channel = world.Connect("ann");
  v1::TripBreakerResponse response;
  EXPECT_TRUE(Trip(channel, "", &response).ok());
  EXPECT_EQ(response.breaker().actor(), "ann");
  EXPECT_TRUE(Trip(channel, "ann", &response).ok());
  EXPECT_EQ(Trip(channel, "bob", &response).error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(world.Count(v1::DENIAL_REASON_OTHER_ACTOR), 1U);
}

TEST(Security, ACallerThatIsTakenOutOfTheAccessFileIsRefusedFromThenOn) {
  SecureWorld world;
  world.WriteAccess("  new: {certificates: [\"spiffe://shop/nobody\"], roles: [auditor]}\n");
  const auto channel = world.Connect("nobody");
  while (!CallEmpty(channel, "Audit/ListViolations").ok()) {
  }
  world.WriteAccess();
  while (CallEmpty(channel, "Audit/ListViolations").ok()) {
  }
  // A file that can't be read changes nothing.
  security::testing::WriteFile(world.file("access.yaml"), "callers: {}\n", 0666);
  while (world.log().find("stays in force") == std::string::npos) {
    EXPECT_TRUE(CallEmpty(world.Connect("joe"), "Audit/ListViolations").ok());
  }
  EXPECT_TRUE(CallEmpty(world.Connect("joe"), "Audit/ListViolations").ok());
}

TEST(Security, TheClientLibraryConnectsByTlsWithCertificateOrToken) {
  SecureWorld world(LetTokensIn);
  client::CheckRequest request;
  request.checkpoint = MovementKind("refund");
  request.idempotency_key = IdempotencyKey("r1");
  request.account = AccountId("m1");
  request.order = OrderId("o1");
  request.amount = *Money::Parse("CNY 0.01");
  client::ClientOptions options;
  options.address = world.address();
  options.security.authorities_file = world.file("ca.pem");
  options.security.certificate_file = world.file("payments.pem");
  const auto client = client::Client::Connect(options);
  ASSERT_TRUE(client.ok()) << client.status();
  const auto decision = (*client)->Check(request);
  ASSERT_TRUE(decision.ok()) << decision.status();
  EXPECT_FALSE(decision->local);

  options.security.certificate_file.clear();
  options.security.token_file = world.file("tom.token");
  const auto auditor = client::Client::Connect(options);
  ASSERT_TRUE(auditor.ok()) << auditor.status();
  EXPECT_TRUE(absl::IsPermissionDenied((*auditor)->Check(request).status()));
}

TEST(Security, ATokenOrACertificateIsNeverSentInPlainText) {
  const SecureWorld world;
  client::ClientOptions options;
  options.security.token_file = world.file("tom.token");
  EXPECT_TRUE(absl::IsInvalidArgument(client::Client::Connect(options).status()));
  options.security = {.certificate_file = world.file("payments.pem")};
  EXPECT_TRUE(absl::IsInvalidArgument(client::Client::Connect(options).status()));
}

TEST(Security, ATokenThatOthersCanReadIsNotUsed) {
  const SecureWorld world;
  security::testing::WriteFile(world.file("open.token"), world.token(), 0644);
  client::ClientOptions options;
  options.security.authorities_file = world.file("ca.pem");
  options.security.token_file = world.file("open.token");
  const absl::Status status = client::Client::Connect(options).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr(world.token())));
}

TEST(Security, OperatorsCommandIt) {
  const SecureWorld world;
  const fundctl::Outcome trip =
      Fundctl(world, "ann", {"breaker", "trip", "refund", "--reason", "wrong amounts"});
  EXPECT_EQ(trip.code, fundctl::kOk) << trip.err;
  EXPECT_THAT(trip.out, HasSubstr(" ann "));
  EXPECT_EQ(Fundctl(world, "joe", {"breaker", "reset", "refund", "--reason", "I want to"}).code,
            fundctl::kError);
  EXPECT_EQ(Fundctl(world, "joe", {"trace", "export"}).code, fundctl::kOk);
  EXPECT_EQ(Fundctl(world, "joe", {"trace", "verify"}).code, fundctl::kOk);
  const fundctl::Outcome denials = Fundctl(world, "joe", {"security", "denials"});
  EXPECT_EQ(denials.code, fundctl::kOk) << denials.err;
  EXPECT_THAT(denials.out,
              AllOf(HasSubstr("ROLE"), HasSubstr("joe"), HasSubstr("spiffe://shop/joe"),
                    HasSubstr("Breakers/ResetBreaker")));
}

TEST(Security, ServingOthersInPlainTextIsRefusedAtTheStart) {
  const TemporaryFolder folder;
  Process gate(
      {places::Program("fundgated"), "--data", folder.path() + "/store", "--listen", "0.0.0.0:0"});
  EXPECT_EQ(gate.ReadLine(), "");
  EXPECT_EQ(gate.Wait(), 2);
}

TEST(Security, TheGateOfItsOwnProcessServesByTls) {
  SecureWorld world;  // for its files
  const TemporaryFolder folder;
  GateProcess gate(folder.path(),
                   {"--tls-cert", world.file("gate.pem"), "--tls-client-ca", world.file("ca.pem"),
                    "--access-file", world.file("access.yaml")});
  const std::vector<std::string> words = {"--tls-ca", world.file("ca.pem"), "--tls-cert",
                                          world.file("joe.pem"), "status"};
  std::vector<const char*> pointers;
  for (const std::string& word : words) pointers.push_back(word.c_str());
  const fundctl::Outcome status = fundctl::RunWords(pointers, gate.address());
  EXPECT_EQ(status.code, fundctl::kOk) << status.err;
}

// It learns from the gate that its source is none that it can follow: so the gate has let it in.
TEST(Security, TheSidecarConnectsByTls) {
  const SecureWorld world;
  Process sidecar({places::Program("fundgate-sidecar"), "run", "--gate", world.address(),
                   "--source", "ledger", "--tls-ca", world.file("ca.pem"), "--tls-cert",
                   world.file("ledger.pem")});
  EXPECT_EQ(sidecar.Wait(), 1);
  EXPECT_EQ(world.Denials().denials_size(), 0);
}

}  // namespace
}  // namespace fundgate::end_to_end
