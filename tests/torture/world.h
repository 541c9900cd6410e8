// A gate, a sidecar and a database as processes that may be killed, stopped and started at any
// time.
#ifndef TESTS_TORTURE_WORLD_H_
#define TESTS_TORTURE_WORLD_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fundgate/v1/audit.grpc.pb.h"
#include "fundgate/v1/gate.grpc.pb.h"
#include "fundgate/v1/status.grpc.pb.h"
#include "tests/end_to_end/processes.h"
#include "tests/mariadb/server.h"
#include "tests/torture/services.h"
#include "tests/torture/small_disk.h"

namespace fundgate::torture {

// The services of one gate.
struct Stubs {
  explicit Stubs(const std::string& address);

  std::unique_ptr<v1::Gate::Stub> gate;
  std::unique_ptr<v1::Audit::Stub> audit;
  std::unique_ptr<v1::Status::Stub> status;

  // The decision in the words that must stay. NOT_FOUND if the gate doesn't know it, DATA_LOSS if
  // it says that it can't read it.
  absl::StatusOr<std::string> WordsOfDecision(const std::string& id) const;
};

// The worked example of config/policy-mariadb.yaml. What the processes say of themselves is in
// files of the folder; the database's data lie elsewhere.
class World {
 public:
  explicit World(const std::string& folder);
  ~World();

  // Each begins the member if it doesn't run. The gate serves when it returns; it is UNAVAILABLE if
  // it ended instead.
  absl::Status StartGate();
  void StartSidecar();
  absl::Status StartDatabase();

  // Nothing is waited for.
  void LaunchGate();
  // Not to be called while it runs.
  absl::Status AwaitGate();

  void KillGate();
  void KillSidecar();
  void KillDatabase() { database_->Kill(); }

  // SIGSTOP and SIGCONT, and the like.
  void SignalGate(int signal) { gate_->Signal(signal); }
  void SignalSidecar(int signal) { sidecar_->Signal(signal); }

  // Ends it in good order: its exit code.
  int StopGate();
  // Exit code of `fundgated --verify`, and what it said.
  std::pair<int, std::string> Verify() const;

  mariadb_testing::Server& database() { return *database_; }
  SmallDisk& disk() { return disk_; }
  Stubs& stubs() { return *stubs_; }
  // Of the gate; the same after a restart.
  std::string data() const { return disk_.path() + "/data"; }
  Places places() const { return {address_, database_->port()}; }

  // A gate on another folder, with no sidecar: its address, or what it said when it ended.
  absl::StatusOr<std::string> TryGate(const std::string& data,
                                      std::unique_ptr<end_to_end::Process>& process);

  // UNAVAILABLE if the gate hasn't everything that is committed now after two minutes.
  absl::Status AwaitApplied();

 private:
  std::vector<std::string> GateCommand(const std::string& data, const std::string& address,
                                       const std::string& log) const;

  const std::string folder_;
  SmallDisk disk_;
  const std::string policy_file_;
  std::string address_ = "127.0.0.1:0";
  std::unique_ptr<mariadb_testing::Server> database_;
  std::unique_ptr<end_to_end::Process> gate_;
  std::unique_ptr<end_to_end::Process> sidecar_;
  std::unique_ptr<Stubs> stubs_;
};

}  // namespace fundgate::torture

#endif  // TESTS_TORTURE_WORLD_H_
