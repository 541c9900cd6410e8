#include "tests/torture/world.h"

#include <grpcpp/grpcpp.h>
#include <poll.h>
#include <sys/stat.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "fundgate/types/position.h"
#include "fundgate/types/status_macros.h"
#include "tests/end_to_end/sidecar_world.h"
#include "tests/places/places.h"

namespace fundgate::torture {
namespace {

using end_to_end::Process;

constexpr int kDiskMib = 512;
constexpr int kAttempts = 5;
constexpr char kServing[] = "fundgated: serving on ";

constexpr const char* kAccounts[] = {
    "CREATE USER fundgate@'127.0.0.1' IDENTIFIED BY 'secret'",
    "GRANT REPLICATION SLAVE ON *.* TO fundgate@'127.0.0.1'",
    "CREATE USER app@'127.0.0.1'",
    "GRANT ALL ON pay.* TO app@'127.0.0.1'",
    "GRANT BINLOG REPLAY ON *.* TO app@'127.0.0.1'",
    "CREATE DATABASE pay",
};

// The command, with what it says on stderr in a file.
std::vector<std::string> WithLog(const std::string& log, const std::vector<std::string>& command) {
  std::vector<std::string> all = {"/bin/sh", "-c", "log=$1; shift; exec \"$@\" 2>>\"$log\"", "sh",
                                  log};
  all.insert(all.end(), command.begin(), command.end());
  return all;
}

// The address in the line that a gate says when it serves; empty if it isn't that line.
std::string AddressIn(const std::string& line) {
  if (line.rfind(kServing, 0) != 0) return "";
  const size_t begin = sizeof(kServing) - 1;
  return line.substr(begin, line.find(" (") - begin);
}

std::string LastLine(const std::string& file) {
  std::ifstream in(file);
  std::string last;
  for (std::string line; std::getline(in, line);) {
    if (!line.empty()) last = line;
  }
  return last;
}

}  // namespace

Stubs::Stubs(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  const auto channel =
      grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
  gate = v1::Gate::NewStub(channel);
  audit = v1::Audit::NewStub(channel);
  status = v1::Status::NewStub(channel);
}

absl::StatusOr<std::string> Stubs::WordsOfDecision(const std::string& id) const {
  v1::GetDecisionRequest request;
  request.set_decision_id(id);
  grpc::Status found;
  // The first call may still go to the gate that was killed.
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    grpc::ClientContext context;
    context.set_wait_for_ready(true);
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
    v1::Decision decision;
    found = gate->GetDecision(&context, request, &decision);
    if (found.ok()) return WordsOf(decision);
    if (found.error_code() != grpc::StatusCode::UNAVAILABLE) break;
  }
  const std::string message = absl::StrCat(id, ": ", found.error_message());
  return found.error_code() == grpc::StatusCode::DATA_LOSS ? absl::DataLossError(message)
                                                           : absl::NotFoundError(message);
}

World::World(const std::string& folder)
    : folder_(folder), disk_(folder, kDiskMib), policy_file_(folder + "/policy.yaml") {
  database_ = std::make_unique<mariadb_testing::Server>();
  for (const char* statement : kAccounts) database_->Execute(statement);
  for (const std::string& table : end_to_end::WorkedExample().tables) database_->Execute(table);
  const std::string password = folder_ + "/password";
  std::ofstream(password) << "secret\n";
  ::chmod(password.c_str(), S_IRUSR | S_IWUSR);
  std::ifstream policy(places::Source("config/policy-mariadb.yaml"), std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(policy), {});
  std::ofstream(policy_file_) << absl::StrReplaceAll(
      text, {{"127.0.0.1:3306", absl::StrCat("127.0.0.1:", database_->port())},
             {"/etc/fundgate/pay_db.password", password}});
}

World::~World() {
  // Before the disk that it lies on.
  gate_ = nullptr;
}

std::vector<std::string> World::GateCommand(const std::string& data, const std::string& address,
                                            const std::string& log) const {
  return WithLog(folder_ + "/" + log, {places::Program("fundgated"), "--data", data, "--listen",
                                       address, "--policy", policy_file_});
}

void World::LaunchGate() {
  if (gate_ != nullptr && gate_->id() != 0) return;
  gate_ = std::make_unique<Process>(GateCommand(data(), address_, "gate.log"));
}

absl::Status World::AwaitGate() {
  const std::string address = AddressIn(gate_->ReadLine());
  if (address.empty()) {
    const int code = gate_->Wait();
    return absl::UnavailableError(
        absl::StrCat("the gate ended with ", code, ", saying: ", LastLine(folder_ + "/gate.log")));
  }
  if (stubs_ == nullptr) stubs_ = std::make_unique<Stubs>(address);
  address_ = address;
  return absl::OkStatus();
}

absl::Status World::StartGate() {
  if (gate_ != nullptr && gate_->id() != 0) return absl::OkStatus();
  LaunchGate();
  return AwaitGate();
}

void World::StartSidecar() {
  if (sidecar_ != nullptr && sidecar_->id() != 0) return;
  sidecar_ = std::make_unique<Process>(WithLog(
      folder_ + "/sidecar.log",
      {places::Program("fundgate-sidecar"), "run", "--gate", address_, "--source", "pay_db"}));
}

absl::Status World::StartDatabase() { return database_->Start(); }

void World::KillGate() {
  gate_->Signal(SIGKILL);
  gate_->Wait();
}

void World::KillSidecar() {
  sidecar_->Signal(SIGKILL);
  sidecar_->Wait();
}

int World::StopGate() {
  gate_->Signal(SIGTERM);
  return gate_->Wait();
}

std::pair<int, std::string> World::Verify() const {
  Process verify(
      WithLog(folder_ + "/verify.log", {places::Program("fundgated"), "--verify", data()}));
  const std::string said = verify.ReadAll();
  return {verify.Wait(), said.empty() ? LastLine(folder_ + "/verify.log") : said};
}

absl::StatusOr<std::string> World::TryGate(const std::string& data,
                                           std::unique_ptr<Process>& process) {
  process = std::make_unique<Process>(GateCommand(data, "127.0.0.1:0", "damaged.log"));
  std::string address = AddressIn(process->ReadLine());
  if (!address.empty()) return address;
  const int code = process->Wait();
  return absl::DataLossError(
      absl::StrCat("exit code ", code, ": ", LastLine(folder_ + "/damaged.log")));
}

absl::Status World::AwaitApplied() {
  FUNDGATE_ASSIGN_OR_RETURN(const Position head, Position::Parse(database_->Head()));
  std::string at;
  for (int attempt = 0; attempt < 12'000; ++attempt) {
    grpc::ClientContext context;
    v1::GetStatusResponse response;
    (void)stubs_->status->GetStatus(&context, v1::GetStatusRequest(), &response);
    if (response.sources_size() == 1) {
      const v1::SourceStatus& source = response.sources(0);
      at = source.position();
      const absl::StatusOr<Position> position = Position::Parse(at);
      if (position.ok() && position->Covers(head) && source.waiting_for_position().empty()) {
        return absl::OkStatus();
      }
    }
    ::poll(nullptr, 0, 10);
  }
  return absl::UnavailableError(
      absl::StrCat("the gate is at ", at, ", the database at ", head.ToString()));
}

}  // namespace fundgate::torture
