// What callers of two roles see of the same business, by real tokens and real gRPC.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "connection/token.h"
#include "fundgate/v1/audit.grpc.pb.h"
#include "fundgate/v1/breakers.grpc.pb.h"
#include "fundgate/v1/gate.grpc.pb.h"
#include "tests/client/run_words.h"
#include "tests/end_to_end/secure_world.h"

namespace fundgate::end_to_end {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kIban[] = "DE89370400440532013000";

// tom is an auditor, olga an operator; each has a token.
class Masking : public ::testing::Test {
 protected:
  Masking() : world_([this](gate::ServerSettings& settings) { LetOlgaIn(settings); }) {
    const std::string scope = absl::StrCat("cash_out/payee:", kIban);
    v1::TripBreakerRequest trip;
    trip.set_scope(scope);
    trip.set_mode(v1::VERDICT_BLOCK);
    trip.set_reason("a stolen account");
    v1::TripBreakerResponse tripped;
    EXPECT_TRUE(Call(world_.Connect("ann"), &v1::Breakers::Stub::TripBreaker, trip, &tripped).ok());
    mask_ = tripped.breaker().scope();

    v1::CheckRequest check;
    check.set_checkpoint("cash_out");
    check.set_idempotency_key("c1");
    check.set_account_id("m1");
    check.mutable_amount()->set_currency_code("CNY");
    check.mutable_amount()->set_minor_units(100);
    (*check.mutable_attributes())["payee"].set_string_value(kIban);
    grpc::ClientContext context;
    const grpc::Status status =
        v1::Gate::NewStub(world_.Connect("payments"))->Check(&context, check, &decision_);
    EXPECT_TRUE(status.ok()) << status.error_message();
  }

  void LetOlgaIn(gate::ServerSettings& settings) const {
    settings.security.certificates_optional = true;
    const std::string folder = std::filesystem::path(settings.security.access_file).parent_path();
    const auto hash = connection::WriteNewToken(folder + "/olga.token");
    std::ofstream(settings.security.access_file, std::ios::app)
        << "  olga: {token_hashes: [\"" << connection::TextOf(*hash) << "\"], roles: [operator]}\n";
  }

  std::shared_ptr<grpc::Channel> As(const std::string& name) const {
    return world_.Connect("", world_.file(name + ".token"));
  }

  template <typename Stub, typename Request, typename Response>
  static grpc::Status Call(const std::shared_ptr<grpc::Channel>& channel,
                           grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                        Response*),
                           const Request& request, Response* response) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    Stub stub(channel);
    return (stub.*method)(&context, request, response);
  }

  std::vector<v1::Trace> Export(const std::string& name, const std::string& reason = "") const {
    v1::ExportTracesRequest request;
    request.mutable_filter()->set_reason_name(reason);
    grpc::ClientContext context;
    const auto stub = v1::Audit::NewStub(As(name));
    const auto reader = stub->ExportTraces(&context, request);
    std::vector<v1::Trace> traces;
    for (v1::Trace trace; reader->Read(&trace);) traces.push_back(trace);
    EXPECT_TRUE(reader->Finish().ok());
    return traces;
  }

  std::vector<v1::Breaker> List(const std::string& name, const std::string& prefix = "") const {
    v1::ListBreakersRequest request;
    request.set_scope_prefix(prefix);
    v1::ListBreakersResponse response;
    EXPECT_TRUE(Call(As(name), &v1::Breakers::Stub::ListBreakers, request, &response).ok());
    return {response.breakers().begin(), response.breakers().end()};
  }

  fundctl::Outcome Fundctl(const std::string& name, std::vector<std::string> words) const {
    words.insert(words.begin(),
                 {"--tls-ca", world_.file("ca.pem"), "--token-file", world_.file(name + ".token")});
    std::vector<const char*> pointers;
    for (const std::string& word : words) pointers.push_back(word.c_str());
    return fundctl::RunWords(std::move(pointers), world_.address());
  }

  const SecureWorld world_;
  std::string mask_;  // the breaker's scope, as an operator sees it
  v1::Decision decision_;
};

TEST_F(Masking, AServiceSeesWhatItAskedAndAnOperatorAMask) {
  ASSERT_GT(decision_.reasons_size(), 0);
  EXPECT_THAT(decision_.ShortDebugString(), HasSubstr(kIban));
  EXPECT_THAT(mask_, HasSubstr("cash_out/payee:masked-"));
  v1::GetDecisionRequest request;
  request.set_decision_id(decision_.decision_id());
  for (const char* name : {"tom", "olga"}) {
    v1::Decision found;
    EXPECT_TRUE(Call(As(name), &v1::Gate::Stub::GetDecision, request, &found).ok());
    EXPECT_EQ(found.ShortDebugString().find(kIban) != std::string::npos, std::string(name) == "tom")
        << name;
    EXPECT_EQ(found.verdict(), decision_.verdict());
  }
}

TEST_F(Masking, AnExportSaysThatItIsMaskedAndHasTheSameHashes) {
  const std::vector<v1::Trace> clear = Export("tom");
  const std::vector<v1::Trace> masked = Export("olga");
  ASSERT_EQ(clear.size(), masked.size());
  int told = 0;
  for (size_t i = 0; i < clear.size(); ++i) {
    EXPECT_EQ(clear[i].hash(), masked[i].hash());
    EXPECT_FALSE(clear[i].masked());
    EXPECT_THAT(masked[i].SerializeAsString(), Not(HasSubstr(kIban)));
    const bool tells = clear[i].SerializeAsString().find(kIban) != std::string::npos;
    EXPECT_EQ(masked[i].masked(), tells) << masked[i].ShortDebugString();
    told += tells ? 1 : 0;
  }
  EXPECT_EQ(told, 2) << "the breaker's command and the check";
}

TEST_F(Masking, TheChainAndADecisionAreVerifiedForEverybody) {
  for (const char* name : {"tom", "olga"}) {
    const fundctl::Outcome verified = Fundctl(name, {"trace", "verify"});
    EXPECT_EQ(verified.code, 0) << verified.err << verified.out;
    const fundctl::Outcome replayed = Fundctl(name, {"trace", "replay", decision_.decision_id()});
    EXPECT_EQ(replayed.code, 0) << replayed.err;
    EXPECT_THAT(replayed.out, HasSubstr("AGREES"));
    const fundctl::Outcome explained = Fundctl(name, {"trace", "explain", decision_.decision_id()});
    EXPECT_EQ(explained.code, 0) << explained.err;
    if (std::string(name) == "tom") {
      EXPECT_THAT(explained.out, AllOf(HasSubstr(kIban), Not(HasSubstr("Masked:"))));
    } else {
      EXPECT_THAT(explained.out,
                  AllOf(HasSubstr(mask_), HasSubstr("Masked:"), Not(HasSubstr(kIban))));
    }
  }
}

TEST_F(Masking, AnOperatorSwitchesABreakerByItsMask) {
  ASSERT_EQ(List("olga").size(), 1U);
  EXPECT_EQ(List("olga")[0].scope(), mask_);
  EXPECT_EQ(List("tom")[0].scope(), absl::StrCat("cash_out/payee:", kIban));
  v1::ResetBreakerRequest reset;
  reset.set_scope(mask_);
  reset.set_reason("it was a mistake");
  v1::ResetBreakerResponse response;
  const grpc::Status status = Call(As("olga"), &v1::Breakers::Stub::ResetBreaker, reset, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.breaker().state(), v1::BREAKER_STATE_CLOSED);
  EXPECT_EQ(response.breaker().scope(), mask_);
  for (const v1::Breaker& breaker : List("tom")) {
    EXPECT_EQ(breaker.state(), v1::BREAKER_STATE_CLOSED) << breaker.scope();
  }
}

TEST_F(Masking, AMaskOfNoBreakerIsRefusedSinceItWouldStopNobody) {
  v1::TripBreakerRequest trip;
  trip.set_scope("cash_out/payee:masked-0123456789ab");
  trip.set_mode(v1::VERDICT_BLOCK);
  trip.set_reason("a stolen account");
  v1::TripBreakerResponse response;
  const grpc::Status status = Call(As("olga"), &v1::Breakers::Stub::TripBreaker, trip, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("name the value itself"));
}

TEST_F(Masking, ValuesAreNotFoundByTryingTheirBeginnings) {
  EXPECT_EQ(List("tom", "cash_out/payee:DE").size(), 1U);
  EXPECT_EQ(List("olga", "cash_out/payee:DE").size(), 0U);
  EXPECT_EQ(List("olga", "cash_out/payee:masked-").size(), 1U);
  v1::GetBreakerRequest get;
  get.set_scope(absl::StrCat("cash_out/payee:", kIban));
  v1::GetBreakerResponse got;
  EXPECT_TRUE(Call(As("tom"), &v1::Breakers::Stub::GetBreaker, get, &got).ok());
  EXPECT_EQ(Call(As("olga"), &v1::Breakers::Stub::GetBreaker, get, &got).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  get.set_scope(mask_);
  EXPECT_TRUE(Call(As("olga"), &v1::Breakers::Stub::GetBreaker, get, &got).ok());
  EXPECT_EQ(got.breaker().state(), v1::BREAKER_STATE_OPEN);
  EXPECT_EQ(Export("tom", absl::StrCat("cash_out/payee:", kIban)).size(), 1U);
  EXPECT_EQ(Export("olga", absl::StrCat("cash_out/payee:", kIban)).size(), 0U);
  EXPECT_EQ(Export("olga", mask_).size(), 1U);
}

TEST_F(Masking, PagesOfBreakersAndTheirHistoryGoOnWhereTheyEnded) {
  v1::TripBreakerRequest trip;
  trip.set_scope("cash_out/payee:FR7630006000011234567890189");
  trip.set_mode(v1::VERDICT_HOLD);
  trip.set_reason("another one");
  v1::TripBreakerResponse tripped;
  ASSERT_TRUE(Call(As("olga"), &v1::Breakers::Stub::TripBreaker, trip, &tripped).ok());
  v1::ListBreakersRequest list;
  v1::ListBreakerChangesRequest changes;
  list.set_page_size(1);
  changes.set_page_size(1);
  std::vector<std::string> scopes;
  std::vector<std::string> changed;
  for (int page = 0; page < 2; ++page) {
    v1::ListBreakersResponse listed;
    ASSERT_TRUE(Call(As("olga"), &v1::Breakers::Stub::ListBreakers, list, &listed).ok());
    ASSERT_EQ(listed.breakers_size(), 1);
    scopes.push_back(listed.breakers(0).scope());
    list.set_page_token(listed.next_page_token());
    v1::ListBreakerChangesResponse told;
    ASSERT_TRUE(Call(As("olga"), &v1::Breakers::Stub::ListBreakerChanges, changes, &told).ok());
    ASSERT_EQ(told.changes_size(), 1);
    changed.push_back(told.changes(0).scope());
    changes.set_page_token(told.next_page_token());
    EXPECT_EQ(list.page_token().empty(), page == 1);
    EXPECT_EQ(changes.page_token().empty(), page == 1);
    EXPECT_THAT(list.page_token() + changes.page_token(), Not(HasSubstr(kIban)));
  }
  EXPECT_NE(scopes[0], scopes[1]);
  EXPECT_EQ(changed[0], tripped.breaker().scope()) << "the newest first";
  EXPECT_EQ(changed[1], mask_);
}

TEST_F(Masking, WatchersSeeMasks) {
  grpc::ClientContext context;
  v1::WatchBreakersRequest request;
  request.set_scope_prefix("cash_out/payee:masked-");
  const auto stub = v1::Breakers::NewStub(As("olga"));
  const auto reader = stub->WatchBreakers(&context, request);
  v1::WatchBreakersResponse present;
  ASSERT_TRUE(reader->Read(&present));
  EXPECT_EQ(present.breaker().scope(), mask_);
  context.TryCancel();
  while (reader->Read(&present)) {
  }
  reader->Finish();
}

TEST_F(Masking, AnErrorTellsNoValueEither) {
  v1::HalfOpenBreakerRequest half_open;
  half_open.set_scope(absl::StrCat("refnd/payee:", kIban));
  half_open.set_reason("to see");
  half_open.mutable_budget()->mutable_amount()->set_currency_code("CNY");
  half_open.mutable_budget()->mutable_amount()->set_minor_units(100);
  v1::HalfOpenBreakerResponse response;
  const grpc::Status status =
      Call(As("olga"), &v1::Breakers::Stub::HalfOpenBreaker, half_open, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message() + status.error_details(), Not(HasSubstr(kIban)));
}

TEST_F(Masking, TheKeyIsTheGatesAloneAndTheLogTellsNothing) {
  const std::filesystem::perms file =
      std::filesystem::status(world_.file("store/masking.key")).permissions();
  EXPECT_EQ(file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_THAT(world_.log(), Not(HasSubstr(kIban)));
}

}  // namespace
}  // namespace fundgate::end_to_end
