#include "tests/end_to_end/sidecar_world.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "fundgate/types/position.h"
#include "tests/places/places.h"

namespace fundgate::end_to_end {
namespace {

constexpr absl::Duration kPatience = absl::Minutes(1);
constexpr int kAttemptMs = 5;

using mariadb_testing::Kind;
using mariadb_testing::Server;

constexpr const char* kDatabase[] = {
    "CREATE USER fundgate@'127.0.0.1' IDENTIFIED BY 'secret'",
    "GRANT REPLICATION SLAVE ON *.* TO fundgate@'127.0.0.1'",
    "CREATE USER app@'127.0.0.1'",
    "GRANT ALL ON pay.* TO app@'127.0.0.1'",
    "CREATE DATABASE pay",
};

// To set the server_id of its sessions, which MySQL doesn't have.
constexpr char kReplay[] = "GRANT BINLOG REPLAY ON *.* TO app@'127.0.0.1'";

// MySQL 5.6 doesn't log columns' names: the sidecar asks for what tables are.
constexpr char kReferences[] = "GRANT REFERENCES ON pay.* TO fundgate@'127.0.0.1'";

std::unique_ptr<Server> NewReplica(const WorldSettings& settings, int number) {
  std::vector<std::string> options = settings.database_options;
  options.push_back(absl::StrCat("--server-id=", number + 1));
  options.emplace_back("--read-only=ON");
  options.emplace_back("--log-slave-updates");
  options.emplace_back("--skip-slave-start");
  return std::make_unique<Server>(std::move(options), settings.kind);
}

constexpr const char* kTables[] = {
    "CREATE TABLE pay.payment (payment_no VARCHAR(64) PRIMARY KEY, merchant_id VARCHAR(64), "
    "order_no VARCHAR(64), amount DECIMAL(18,2), status VARCHAR(16))",
    "CREATE TABLE pay.refund (refund_no VARCHAR(64) PRIMARY KEY, merchant_id VARCHAR(64), "
    "order_no VARCHAR(64), amount DECIMAL(18,2), status VARCHAR(16), after_settlement BOOLEAN)",
};

}  // namespace

std::string Yuan(int64_t fen) { return absl::StrFormat("%d.%02d", fen / 100, fen % 100); }

WorldSettings WorkedExample(std::vector<std::string> database_options) {
  return {places::Source("config/policy-mariadb.yaml"),
          {std::begin(kTables), std::end(kTables)},
          std::move(database_options),
          {}};
}

SidecarWorld::SidecarWorld(const WorldSettings& settings)
    : kind_(settings.kind),
      sidecar_launcher_(settings.sidecar_launcher),
      policy_file_(folder_.path() + "/policy.yaml") {
  servers_.push_back(std::make_unique<Server>(settings.database_options, kind_));
  for (const char* statement : kDatabase) database().Execute(statement);
  database().Execute(kind_ == Kind::kMariadb ? kReplay : kReferences);
  for (const std::string& statement : settings.tables) database().Execute(statement);
  for (int number = 1; number <= settings.replicas; ++number) {
    servers_.push_back(NewReplica(settings, number));
    Follow(static_cast<size_t>(number), 0);
  }
  WritePolicy(settings);
  StartGate();
}

void SidecarWorld::WritePolicy(const WorldSettings& settings) {
  std::ofstream(password_file()) << "secret\n";
  ::chmod(password_file().c_str(), S_IRUSR | S_IWUSR);
  std::ifstream policy(settings.policy_file, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(policy), {});
  std::map<std::string, std::string> replacements = settings.replacements;
  for (const auto& [replaced, unused] : replacements) {
    ASSERT_NE(text.find(replaced), std::string::npos) << "the policy has no " << replaced;
  }
  replacements["127.0.0.1:3306"] = absl::StrJoin(
      servers_, "\", \"", [](std::string* out, const std::unique_ptr<Server>& server) {
        absl::StrAppend(out, "127.0.0.1:", server->port());
      });
  if (settings.kind_in_policy.value_or(kind_) == Kind::kMysql) replacements["mariadb:"] = "mysql:";
  replacements["/etc/fundgate/pay_db.password"] = password_file();
  std::ofstream(policy_file_) << absl::StrReplaceAll(text, replacements);
}

void SidecarWorld::StartGate() {
  gate_ = std::make_unique<Process>(
      std::vector<std::string>{places::Program("fundgated"), "--data", folder_.path() + "/gate",
                               "--listen", gate_address_, "--policy", policy_file_});
  const std::string begin = "fundgated: serving on ";
  const std::string line = gate_->ReadLine();
  ASSERT_EQ(line.substr(0, begin.size()), begin);
  gate_address_ = line.substr(begin.size(), line.find(" (") - begin.size());
  const auto channel = grpc::CreateChannel(gate_address_, grpc::InsecureChannelCredentials());
  checks_ = v1::Gate::NewStub(channel);
  audit_ = v1::Audit::NewStub(channel);
  policies_ = v1::Policies::NewStub(channel);
  status_ = v1::Status::NewStub(channel);
}

std::vector<std::string> SidecarWorld::SidecarCommand(
    const std::vector<std::string>& options) const {
  std::vector<std::string> command = sidecar_launcher_;
  for (const std::string& word :
       {places::Program("fundgate-sidecar"), std::string("run"), std::string("--gate"),
        gate_address_, std::string("--source"), std::string("pay_db")}) {
    command.push_back(word);
  }
  command.insert(command.end(), options.begin(), options.end());
  return command;
}

void SidecarWorld::StartSidecar(const std::vector<std::string>& options) {
  sidecar_ = std::make_unique<Process>(SidecarCommand(options));
}

std::unique_ptr<Process> SidecarWorld::AnotherSidecar(const std::vector<std::string>& options) {
  return std::make_unique<Process>(SidecarCommand(options));
}

bool SidecarWorld::Await(const std::function<bool()>& condition) {
  return Await(condition, kAttemptMs);
}

bool SidecarWorld::AwaitBusily(const std::function<bool()>& condition) {
  return Await(condition, 0);
}

bool SidecarWorld::Await(const std::function<bool()>& condition, int pause_ms) {
  const absl::Time end = absl::Now() + kPatience;
  do {
    if (condition()) return true;
    ::poll(nullptr, 0, pause_ms);
  } while (absl::Now() < end);
  return false;
}

std::string SidecarWorld::Head() { return database().Head(); }

void SidecarWorld::Promote(size_t number) {
  server(number).Execute("STOP SLAVE");
  server(number).Execute("RESET SLAVE ALL");
  server(number).Execute("SET GLOBAL read_only = OFF");
  primary_ = number;
}

void SidecarWorld::Follow(size_t number, size_t primary) {
  const bool is_mysql = kind_ == Kind::kMysql;
  server(number).Execute("STOP SLAVE");
  // What it wrote as a primary itself counts, too.
  if (!is_mysql) {
    server(number).Execute(
        absl::StrCat("SET GLOBAL gtid_slave_pos = '", server(number).Head(), "'"));
  }
  server(number).Execute(absl::StrCat(
      "CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_USER='fundgate', MASTER_PASSWORD='secret', "
      "MASTER_CONNECT_RETRY=1, MASTER_PORT=",
      server(primary).port(),
      is_mysql ? ", MASTER_AUTO_POSITION=1" : ", MASTER_USE_GTID=slave_pos"));
  server(number).Execute("START SLAVE");
}

void SidecarWorld::AwaitReplicated(size_t number) {
  const std::string head = Head();
  EXPECT_TRUE(Await([&] { return server(number).Head() == head; }))
      << "the replica is at " << server(number).Head() << ", the primary at " << head;
}

void SidecarWorld::AwaitApplied() {
  const absl::StatusOr<Position> head = Position::Parse(Head());
  ASSERT_TRUE(head.ok()) << head.status();
  EXPECT_TRUE(Await([this, &head] {
    const v1::SourceStatus source = Source();
    const absl::StatusOr<Position> position = Position::Parse(source.position());
    return position.ok() && position->Covers(*head) && source.feeder_connected() &&
           source.waiting_for_position().empty() && source.has_proven_past();
  })) << "the gate is at "
      << Source().position() << ", the database at " << head->ToString();
}

void SidecarWorld::Pay(const std::string& key, const std::string& order, int64_t amount) {
  database().Execute(absl::StrCat("INSERT INTO pay.payment VALUES ('", key, "', 'm1', '", order,
                                  "', ", Yuan(amount), ", 'SUCCESS')"));
}

void SidecarWorld::WriteRefund(const std::string& key, const std::string& order, int64_t amount) {
  database().Execute(absl::StrCat("INSERT INTO pay.refund VALUES ('", key, "', 'm1', '", order,
                                  "', ", Yuan(amount), ", 'SUCCESS', FALSE)"));
}

v1::Decision SidecarWorld::AskRefund(const std::string& key, const std::string& order,
                                     int64_t amount) {
  v1::CheckRequest request;
  request.set_checkpoint("refund");
  request.set_idempotency_key(key);
  request.set_account_id("m1");
  request.set_order_id(order);
  request.mutable_amount()->set_currency_code("CNY");
  request.mutable_amount()->set_minor_units(amount);
  return Ask(request);
}

v1::Decision SidecarWorld::Ask(const v1::CheckRequest& request) {
  grpc::ClientContext context;
  v1::Decision decision;
  const grpc::Status status = checks_->Check(&context, request, &decision);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return decision;
}

void SidecarWorld::Confirm(const v1::Decision& decision, const std::string& account) {
  v1::ConfirmRequest request;
  request.set_account_id(account);
  request.set_checkpoint(decision.checkpoint());
  request.set_idempotency_key(decision.idempotency_key());
  request.set_decision_id(decision.decision_id());
  grpc::ClientContext context;
  v1::Reservation reservation;
  const grpc::Status status = checks_->Confirm(&context, request, &reservation);
  EXPECT_TRUE(status.ok()) << status.error_message();
}

v1::Decision SidecarWorld::DecisionOf(const std::string& decision_id) {
  v1::GetDecisionRequest request;
  request.set_decision_id(decision_id);
  grpc::ClientContext context;
  v1::Decision decision;
  const grpc::Status status = checks_->GetDecision(&context, request, &decision);
  EXPECT_TRUE(status.ok()) << decision_id << ": " << status.error_message();
  return decision;
}

v1::Counter SidecarWorld::CounterOf(const std::string& account, const std::string& order,
                                    const std::string& currency, const std::string& counter) {
  v1::GetBookRequest request;
  request.set_book("order");
  request.set_currency_code(currency);
  (*request.mutable_key())["account_id"] = account;
  (*request.mutable_key())["order_id"] = order;
  grpc::ClientContext context;
  v1::GetBookResponse response;
  (void)audit_->GetBook(&context, request, &response);  // nothing is posted where there is no book
  for (const v1::Counter& found : response.book().counters()) {
    if (found.name() == counter) return found;
  }
  return {};
}

std::vector<v1::Violation> SidecarWorld::Violations(v1::ViolationKind kind) {
  v1::ListViolationsRequest request;
  request.set_kind(kind);
  return AllPages(std::move(request));
}

std::vector<v1::Violation> SidecarWorld::ViolationsOf(const std::string& account) {
  v1::ListViolationsRequest request;
  request.set_account_id(account);
  return AllPages(std::move(request));
}

std::vector<v1::Violation> SidecarWorld::AllPages(v1::ListViolationsRequest request) {
  std::vector<v1::Violation> violations;
  do {
    grpc::ClientContext context;
    v1::ListViolationsResponse response;
    const grpc::Status status = audit_->ListViolations(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    violations.insert(violations.end(), response.violations().begin(), response.violations().end());
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  return violations;
}

v1::SourceStatus SidecarWorld::Source() {
  grpc::ClientContext context;
  v1::GetStatusResponse response;
  (void)status_->GetStatus(&context, v1::GetStatusRequest(), &response);  // none while it is gone
  return response.sources_size() == 1 ? response.sources(0) : v1::SourceStatus();
}

void SidecarWorld::ChangePolicy(const std::string& from, const std::string& to) {
  grpc::ClientContext reading;
  v1::GetPolicyResponse present;
  ASSERT_TRUE(policies_->GetPolicy(&reading, v1::GetPolicyRequest(), &present).ok());
  v1::ApplyPolicyRequest request;
  request.set_document(absl::StrReplaceAll(present.document(), {{from, to}}));
  request.set_comment("test");
  request.set_actor("test");
  grpc::ClientContext applying;
  v1::ApplyPolicyResponse response;
  const grpc::Status status = policies_->ApplyPolicy(&applying, request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_FALSE(response.unchanged());
}

int SidecarWorld::StopGateAndVerify() {
  gate_->Signal(SIGTERM);
  EXPECT_EQ(gate_->Wait(), 0);
  return Verify(folder_.path() + "/gate");
}

}  // namespace fundgate::end_to_end
