// A database, a gate and a sidecar between them, as processes of their own.
#ifndef TESTS_END_TO_END_SIDECAR_WORLD_H_
#define TESTS_END_TO_END_SIDECAR_WORLD_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fundgate/v1/audit.grpc.pb.h"
#include "fundgate/v1/gate.grpc.pb.h"
#include "fundgate/v1/policies.grpc.pb.h"
#include "fundgate/v1/status.grpc.pb.h"
#include "tests/end_to_end/processes.h"
#include "tests/mariadb/server.h"

namespace fundgate::end_to_end {

// What a world is about. The policy has one source, pay_db, at 127.0.0.1:3306 with its password in
// /etc/fundgate/pay_db.password: that is put right. The statements make its tables, in database
// pay.
struct WorldSettings {
  std::string policy_file;
  std::vector<std::string> tables;
  std::vector<std::string> database_options;
  // Texts of the policy, and what stands in their place: "3d" may be too long for a test.
  std::map<std::string, std::string> replacements = {};
  mariadb_testing::Kind kind = mariadb_testing::Kind::kMariadb;
  std::optional<mariadb_testing::Kind> kind_in_policy = {};  // another one than there is
  // Servers beside the first one that follow it and take no writes; the policy names them behind
  // it.
  int replicas = 0;
  // What the sidecar is started by, e.g. a shell that sets limits: its command follows.
  std::vector<std::string> sidecar_launcher = {};
};

// The worked example for databases: its policy, and tables for its payments and refunds.
WorldSettings WorkedExample(std::vector<std::string> database_options = {});

// A member that is killed is begun again by its Start.
class SidecarWorld {
 public:
  // The database and the gate run; the sidecar doesn't yet.
  explicit SidecarWorld(const WorldSettings& settings = WorkedExample());

  mariadb_testing::Kind kind() const { return kind_; }
  // The primary.
  mariadb_testing::Server& database() { return *servers_[primary_]; }
  // The first is the primary to begin with.
  mariadb_testing::Server& server(size_t number) { return *servers_[number]; }
  // It takes writes and follows nobody any more; whoever did so before isn't told.
  void Promote(size_t number);
  // It follows another server from where it is. One that was a primary is begun read-only before.
  void Follow(size_t number, size_t primary);
  // Waits until it has everything that the primary has.
  void AwaitReplicated(size_t number);
  Process& gate_process() { return *gate_; }
  Process& sidecar_process() { return *sidecar_; }

  void StartGate();
  void StartSidecar(const std::vector<std::string>& options = {});
  // A second one beside it, which isn't waited for.
  std::unique_ptr<Process> AnotherSidecar(const std::vector<std::string>& options = {});

  // The database's newest transactions.
  std::string Head();
  // Waits until the gate has applied everything that is committed now, and it is proven.
  void AwaitApplied();
  // Waits until it is so; false after a minute.
  bool Await(const std::function<bool()>& condition);
  // The same without a pause between two looks, for what is timed.
  bool AwaitBusily(const std::function<bool()>& condition);

  v1::Decision Ask(const v1::CheckRequest& request);
  // Says that what a decision allowed has moved.
  void Confirm(const v1::Decision& decision, const std::string& account);
  v1::Decision DecisionOf(const std::string& decision_id);
  // A counter of a book "order" with that key and currency; all 0 without a book.
  v1::Counter CounterOf(const std::string& account, const std::string& order,
                        const std::string& currency, const std::string& counter);
  std::vector<v1::Violation> Violations(v1::ViolationKind kind);
  std::vector<v1::Violation> ViolationsOf(const std::string& account);
  v1::SourceStatus Source();

  // Of the worked example. A row; amounts in fen.
  void Pay(const std::string& key, const std::string& order, int64_t amount);
  void WriteRefund(const std::string& key, const std::string& order, int64_t amount);

  // Asks for a refund of account m1.
  v1::Decision AskRefund(const std::string& key, const std::string& order, int64_t amount);
  // What is posted on a counter of an order of m1.
  int64_t Posted(const std::string& order, const std::string& counter) {
    return CounterOf("m1", order, "CNY", counter).posted();
  }

  // Makes the present policy's document, with one text replaced by another, the policy.
  void ChangePolicy(const std::string& from, const std::string& to);

  // Ends the gate in good order and replays its journal: 0 if all agrees.
  int StopGateAndVerify();

  const std::string& gate_address() const { return gate_address_; }
  const std::string& policy_file() const { return policy_file_; }
  std::string password_file() const { return folder_.path() + "/password"; }

 private:
  void WritePolicy(const WorldSettings& settings);
  bool Await(const std::function<bool()>& condition, int pause_ms);
  std::vector<v1::Violation> AllPages(v1::ListViolationsRequest request);
  std::vector<std::string> SidecarCommand(const std::vector<std::string>& options) const;

  const mariadb_testing::Kind kind_;
  const std::vector<std::string> sidecar_launcher_;
  TemporaryFolder folder_;
  std::vector<std::unique_ptr<mariadb_testing::Server>> servers_;
  size_t primary_ = 0;
  std::string policy_file_;
  std::string gate_address_ = "127.0.0.1:0";  // the port stays once it was taken
  std::unique_ptr<Process> gate_;
  std::unique_ptr<Process> sidecar_;
  std::unique_ptr<v1::Gate::Stub> checks_;
  std::unique_ptr<v1::Audit::Stub> audit_;
  std::unique_ptr<v1::Policies::Stub> policies_;
  std::unique_ptr<v1::Status::Stub> status_;
};

// "1.05" for 105.
std::string Yuan(int64_t fen);

}  // namespace fundgate::end_to_end

#endif  // TESTS_END_TO_END_SIDECAR_WORLD_H_
