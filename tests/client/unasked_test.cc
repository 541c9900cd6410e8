// What the client answers where the gate refuses to take a check or gives no answer, by the gate's
// own matrix; and the file of what it allowed.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/allow_journal.h"
#include "fundgate/client.h"
#include "fundgate/v1/gate.grpc.pb.h"
#include "fundgate/v1/leases.grpc.pb.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "gtest/gtest.h"

namespace fundgate::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Folder {
 public:
  Folder() {
    std::string folder = std::filesystem::temp_directory_path() / "fundgate-unasked-XXXXXX";
    path_ = ::mkdtemp(folder.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string file() const { return path_ + "/allowed"; }

 private:
  std::string path_;
};

// Grants leases of refunds, unless something stops them, and refuses every check with one code.
class RefusingGate {
 public:
  RefusingGate(std::vector<v1::UnaskedAnswer> answers, grpc::StatusCode code) {
    gate_.code = code;
    leases_.answers = std::move(answers);
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&gate_);
    builder.RegisterService(&leases_);
    server_ = builder.BuildAndStart();
    address_ = absl::StrCat("127.0.0.1:", port);
  }
  ~RefusingGate() { server_->Shutdown(); }

  const std::string& address() const { return address_; }
  std::vector<v1::ReportAllowedRequest> reports() { return leases_.Reports(); }
  void AnswerReports() { leases_.Answer(); }
  // Grants no lease because of that breaker; says so in refusals of checks, or decides by it.
  void StopBy(const std::string& breaker, const std::string& verdict) {
    leases_.StopBy(breaker);
    google::rpc::ErrorInfo info;
    info.set_domain("fundgate");
    info.set_reason("BREAKER");
    (*info.mutable_metadata())["breaker"] = breaker;
    (*info.mutable_metadata())["verdict"] = verdict;
    google::rpc::Status details;
    details.add_details()->PackFrom(info);
    const std::lock_guard lock(gate_.mutex);
    gate_.details = details.SerializeAsString();
  }
  void Decide(const std::string& breaker) {
    const std::lock_guard lock(gate_.mutex);
    gate_.decides_by = breaker;
  }
  void RenewAtOnce() { leases_.renew_after = 0; }
  void GoOn() { leases_.StopBy(""); }
  std::string ended() { return leases_.Ended(); }

 private:
  struct Gate final : v1::Gate::Service {
    grpc::StatusCode code = grpc::StatusCode::UNAVAILABLE;
    grpc::Status Check(grpc::ServerContext*, const v1::CheckRequest* request,
                       v1::Decision* decision) override {
      const std::lock_guard lock(mutex);
      if (decides_by.empty()) return {code, "no", details};
      decision->set_verdict(v1::VERDICT_HOLD);
      decision->set_request_id(request->request_id());
      decision->set_checkpoint(request->checkpoint());
      decision->set_idempotency_key(request->idempotency_key());
      decision->set_account_id(request->account_id());
      v1::Reason& reason = *decision->add_reasons();
      reason.set_code(v1::REASON_CODE_BREAKER);
      reason.set_name(decides_by);
      reason.set_verdict(v1::VERDICT_HOLD);
      return grpc::Status::OK;
    }
    std::mutex mutex;
    std::string details;     // protected by mutex; of refusals
    std::string decides_by;  // protected by mutex; nothing: it refuses
  };
  struct Leases final : v1::Leases::Service {
    std::vector<v1::UnaskedAnswer> answers;
    grpc::Status TakeLease(grpc::ServerContext*, const v1::TakeLeaseRequest* request,
                           v1::TakeLeaseResponse* response) override {
      const std::lock_guard lock(mutex);
      if (!request->ends_lease_id().empty()) ended = request->ends_lease_id();
      for (const v1::UnaskedAnswer& answer : answers) *response->add_answers() = answer;
      response->mutable_renew_after()->set_seconds(renew_after);
      response->set_stopped_by(stopped_by);
      if (!stopped_by.empty()) return grpc::Status::OK;
      response->mutable_lease()->set_lease_id("l1");
      response->mutable_lease()->mutable_budget()->set_calls(2);
      response->mutable_lease()->mutable_budget()->mutable_amount()->set_currency_code("CNY");
      response->mutable_lease()->mutable_budget()->mutable_amount()->set_minor_units(1500);
      response->mutable_gate_time()->set_seconds(1000);
      response->mutable_lease()->mutable_valid_until()->set_seconds(4600);
      response->mutable_allow_valid_for()->set_seconds(120);
      return grpc::Status::OK;
    }
    grpc::Status ReportAllowed(grpc::ServerContext*, const v1::ReportAllowedRequest* request,
                               v1::Decision* decision) override {
      const std::lock_guard lock(mutex);
      if (!answering) return {grpc::StatusCode::UNAVAILABLE, "no"};
      reports.push_back(*request);
      decision->set_decision_id(absl::StrCat("d", reports.size()));
      return grpc::Status::OK;
    }
    std::vector<v1::ReportAllowedRequest> Reports() {
      const std::lock_guard lock(mutex);
      return reports;
    }
    void Answer() {
      const std::lock_guard lock(mutex);
      answering = true;
    }
    void StopBy(const std::string& breaker) {
      const std::lock_guard lock(mutex);
      stopped_by = breaker;
    }
    std::string Ended() {
      const std::lock_guard lock(mutex);
      return ended;
    }
    int64_t renew_after = 1800;  // set before anybody asks
    std::mutex mutex;
    std::string stopped_by;                         // protected by mutex
    std::string ended;                              // protected by mutex; the lease last ended
    bool answering = false;                         // protected by mutex
    std::vector<v1::ReportAllowedRequest> reports;  // protected by mutex
  };

  Gate gate_;
  Leases leases_;
  std::unique_ptr<grpc::Server> server_;
  std::string address_;
};

v1::UnaskedAnswer Row(int64_t up_to, v1::Verdict overloaded, v1::Verdict unreachable) {
  v1::UnaskedAnswer row;
  if (up_to > 0) {
    row.mutable_up_to()->set_currency_code("CNY");
    row.mutable_up_to()->set_minor_units(up_to);
  }
  row.set_when_overloaded(overloaded);
  row.set_when_unreachable(unreachable);
  return row;
}

std::unique_ptr<Client> ClientOf(const RefusingGate& gate, const std::string& file) {
  ClientOptions options;
  options.address = gate.address();
  // The first answer counts: no pause fits into the call's time.
  options.timeout = options.retry.attempt_timeout = absl::Minutes(1);
  options.retry.initial_pause = options.retry.longest_pause = absl::Hours(1);
  options.fail_open = FailOpen{"pay-1", file, {MovementKind("refund")}};
  auto client = Client::Connect(options);
  EXPECT_TRUE(client.ok()) << client.status();
  while ((*client)->LeasesLeft().empty()) {
  }
  return *std::move(client);
}

CheckRequest Request(const std::string& key, int64_t amount) {
  CheckRequest request;
  request.checkpoint = MovementKind("refund");
  request.idempotency_key = IdempotencyKey(key);
  request.account = AccountId("m1");
  request.order = OrderId("o1");
  request.amount = Money{*Currency::FromCode("CNY"), amount};
  return request;
}

// Every answer in every column and row.
TEST(Unasked, EveryCellOfBothColumnsIsWhatThePolicySays) {
  const std::pair<v1::Verdict, Verdict> verdicts[] = {{v1::VERDICT_ALLOW, Verdict::kAllow},
                                                      {v1::VERDICT_HOLD, Verdict::kHold},
                                                      {v1::VERDICT_BLOCK, Verdict::kBlock}};
  for (const auto& [overloaded, expected_overloaded] : verdicts) {
    for (const auto& [unreachable, expected_unreachable] : verdicts) {
      for (const grpc::StatusCode code :
           {grpc::StatusCode::RESOURCE_EXHAUSTED, grpc::StatusCode::UNAVAILABLE}) {
        const Folder folder;
        // The first row is looked at, the last one is about all other amounts.
        const RefusingGate gate(
            {Row(500, overloaded, unreachable), Row(0, unreachable, overloaded)}, code);
        const auto client = ClientOf(gate, folder.file());
        const bool is_overload = code == grpc::StatusCode::RESOURCE_EXHAUSTED;
        EXPECT_EQ(client->Check(Request("small", 500))->verdict,
                  is_overload ? expected_overloaded : expected_unreachable);
        EXPECT_EQ(client->Check(Request("large", 501))->verdict,
                  is_overload ? expected_unreachable : expected_overloaded);
      }
    }
  }
}

TEST(Unasked, ALeaseEndsWithItsCallsAndItsMoney) {
  const Folder folder;
  const RefusingGate gate({Row(0, v1::VERDICT_HOLD, v1::VERDICT_ALLOW)},
                          grpc::StatusCode::UNAVAILABLE);
  const auto client = ClientOf(gate, folder.file());
  EXPECT_EQ(client->Check(Request("r0", 1501))->verdict, Verdict::kHold) << "too much money";
  EXPECT_EQ(client->Check(Request("r1", 1000))->verdict, Verdict::kAllow);
  EXPECT_EQ(client->Check(Request("r2", 501))->verdict, Verdict::kHold);
  EXPECT_EQ(client->Check(Request("r3", 100))->verdict, Verdict::kAllow);
  EXPECT_EQ(client->Check(Request("r4", 1))->verdict, Verdict::kHold) << "two calls are gone";
}

// A breaker over everything, or over the checkpoint, is not gone round by a lease.

TEST(Unasked, ARefusalThatNamesABreakerIsNotAnsweredFromTheLease) {
  for (const auto& [word, verdict] :
       {std::pair("BLOCK", Verdict::kBlock), std::pair("HOLD", Verdict::kHold)}) {
    const Folder folder;
    RefusingGate gate({Row(0, v1::VERDICT_ALLOW, v1::VERDICT_ALLOW)},
                      grpc::StatusCode::RESOURCE_EXHAUSTED);
    const auto client = ClientOf(gate, folder.file());
    EXPECT_EQ(client->Check(Request("r1", 100))->verdict, Verdict::kAllow);
    gate.StopBy("refund", word);
    const absl::StatusOr<Decision> stopped = client->Check(Request("r2", 100));
    EXPECT_EQ(stopped->verdict, verdict);
    EXPECT_TRUE(stopped->local);
    ASSERT_THAT(stopped->reasons, SizeIs(1));
    EXPECT_EQ(stopped->reasons.front().code, ReasonCode::kBreaker);
    EXPECT_EQ(stopped->reasons.front().name, "refund");
    EXPECT_THAT(client->LeasesLeft(), IsEmpty());
  }
}

TEST(Unasked, AMatrixThatBlocksBlocksAlsoWhereABreakerHolds) {
  const Folder folder;
  RefusingGate gate({Row(0, v1::VERDICT_BLOCK, v1::VERDICT_ALLOW)},
                    grpc::StatusCode::RESOURCE_EXHAUSTED);
  const auto client = ClientOf(gate, folder.file());
  gate.StopBy("*", "HOLD");
  EXPECT_EQ(client->Check(Request("r1", 100))->verdict, Verdict::kBlock);
}

TEST(Unasked, ALeaseIsGivenUpWhereTheGateGrantsNoneBecauseOfABreaker) {
  const Folder folder;
  RefusingGate gate({Row(0, v1::VERDICT_ALLOW, v1::VERDICT_ALLOW)}, grpc::StatusCode::UNAVAILABLE);
  gate.RenewAtOnce();
  const auto client = ClientOf(gate, folder.file());
  gate.StopBy("*", "BLOCK");
  while (!client->LeasesLeft().empty()) {  // it is good for an hour
  }
  const absl::StatusOr<Decision> blocked = client->Check(Request("r1", 100));
  EXPECT_EQ(blocked->verdict, Verdict::kBlock) << "the refusal names what stops it";
  while (gate.ended().empty()) {
  }
  gate.GoOn();
  while (client->LeasesLeft().empty()) {
  }
}

TEST(Unasked, ALeaseIsGivenUpWhereADecisionNamesABreakerOverTheWholeCheckpoint) {
  for (const auto& [breaker, gives_up] :
       {std::pair("*", true), std::pair("refund", true), std::pair("refund/account:m1", false)}) {
    const Folder folder;
    RefusingGate gate({Row(0, v1::VERDICT_ALLOW, v1::VERDICT_ALLOW)},
                      grpc::StatusCode::UNAVAILABLE);
    const auto client = ClientOf(gate, folder.file());
    gate.StopBy(breaker, "HOLD");
    gate.Decide(breaker);
    EXPECT_EQ(client->Check(Request("r1", 100))->verdict, Verdict::kHold);
    EXPECT_EQ(client->LeasesLeft().empty(), gives_up) << breaker;
  }
}

TEST(Unasked, ConfirmAndReleaseWaitUntilTheGateHasHeardOfIt) {
  const Folder folder;
  RefusingGate gate({Row(0, v1::VERDICT_HOLD, v1::VERDICT_ALLOW)}, grpc::StatusCode::UNAVAILABLE);
  const auto client = ClientOf(gate, folder.file());
  EXPECT_EQ(client->Check(Request("r1", 100))->verdict, Verdict::kAllow);
  const MovementId movement{MovementKind("refund"), IdempotencyKey("r1"), AccountId("m1")};
  EXPECT_EQ(client->Release(movement, "", "no").status().code(), absl::StatusCode::kUnavailable);
  gate.AnswerReports();
  while (gate.reports().empty()) {
  }
  EXPECT_THAT(gate.reports(), SizeIs(1));
  EXPECT_EQ(gate.reports().front().lease_id(), "l1");
  EXPECT_EQ(gate.reports().front().holder(), "pay-1");
  EXPECT_GE(gate.reports().front().allowed_at().seconds(), 1000);
  EXPECT_LT(gate.reports().front().allowed_at().seconds(), 4600);
}

v1::ReportAllowedRequest AllowedOf(const std::string& key) {
  v1::ReportAllowedRequest allowed;
  allowed.set_lease_id("l1");
  allowed.mutable_check()->set_checkpoint("refund");
  allowed.mutable_check()->set_idempotency_key(key);
  return allowed;
}

std::vector<std::string> KeysOf(const AllowJournal::Left& left) {
  std::vector<std::string> keys;
  for (const auto& report : left.unreported) keys.push_back(report.check().idempotency_key());
  return keys;
}

TEST(AllowJournal, KeepsWhatIsNotReportedAndLeasesThatHaveNotEnded) {
  const Folder folder;
  {
    AllowJournal::Left left;
    const auto journal = AllowJournal::Open(folder.file(), &left);
    ASSERT_TRUE(journal.ok()) << journal.status();
    v1::TakeLeaseRequest lease;
    lease.set_ends_lease_id("l1");
    ASSERT_TRUE((*journal)->Taken(lease).ok());
    for (const char* key : {"r1", "r2", "r3"})
      ASSERT_TRUE((*journal)->Allowed(AllowedOf(key)).ok());
    ASSERT_TRUE((*journal)->Reported(AllowedOf("r2")).ok());
  }
  AllowJournal::Left left;
  ASSERT_TRUE(AllowJournal::Open(folder.file(), &left).ok());
  EXPECT_THAT(KeysOf(left), ElementsAre("r1", "r3"));
  EXPECT_THAT(left.leases, SizeIs(1));
}

TEST(AllowJournal, ALineThatIsCutOffWasNeverActedOn) {
  const Folder folder;
  {
    AllowJournal::Left left;
    const auto journal = AllowJournal::Open(folder.file(), &left);
    ASSERT_TRUE((*journal)->Allowed(AllowedOf("r1")).ok());
    ASSERT_TRUE((*journal)->Allowed(AllowedOf("r2")).ok());
  }
  std::filesystem::resize_file(folder.file(), std::filesystem::file_size(folder.file()) - 3);
  AllowJournal::Left left;
  ASSERT_TRUE(AllowJournal::Open(folder.file(), &left).ok());
  EXPECT_THAT(KeysOf(left), ElementsAre("r1"));
}

TEST(AllowJournal, ADamagedLineIsRefusedByItsNumber) {
  const Folder folder;
  {
    AllowJournal::Left left;
    const auto journal = AllowJournal::Open(folder.file(), &left);
    ASSERT_TRUE((*journal)->Allowed(AllowedOf("r1")).ok());
    ASSERT_TRUE((*journal)->Allowed(AllowedOf("r2")).ok());
  }
  std::ostringstream text;
  text << std::ifstream(folder.file()).rdbuf();
  std::string damaged = text.str();
  damaged[5] = damaged[5] == 'A' ? 'B' : 'A';
  std::ofstream(folder.file()) << damaged;
  AllowJournal::Left left;
  const absl::Status status = AllowJournal::Open(folder.file(), &left).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr(":1: "));
}

TEST(AllowJournal, IsOfOneProcess) {
  const Folder folder;
  AllowJournal::Left left;
  const auto first = AllowJournal::Open(folder.file(), &left);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(AllowJournal::Open(folder.file(), &left).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(left.unreported, IsEmpty());
}

}  // namespace
}  // namespace fundgate::client
