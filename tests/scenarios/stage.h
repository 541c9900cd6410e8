// Plays losses against a real database, sidecar and gate, and says what was caught.
#ifndef TESTS_SCENARIOS_STAGE_H_
#define TESTS_SCENARIOS_STAGE_H_

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fundgate/v1/breakers.grpc.pb.h"
#include "fundgate/v1/gate.grpc.pb.h"
#include "fundgate/v1/holds.grpc.pb.h"
#include "tests/end_to_end/sidecar_world.h"
#include "tests/scenarios/loss.h"

namespace fundgate::scenarios {

// The worked example for databases, on the tables of tools/run; the texts of the policy are
// replaced first by what they are mapped to.
end_to_end::WorldSettings PaymentPlatform(std::map<std::string, std::string> replacements = {});

class Stage {
 public:
  explicit Stage(const end_to_end::WorldSettings& settings);

  // Does the steps. Empty if all went as the scenario says, up to and with its last answer; else
  // what went otherwise.
  std::string Play(const Loss& loss);

  // Compares what is found of a scenario that was played with what should be; waits until it is
  // all there, and until the gate knows all that was committed. Empty if it is as it should be.
  std::string Compare(const Loss& loss);

  // Waits until a scenario's violations can be listed; the time since its last commit returned.
  std::optional<std::chrono::duration<double, std::milli>> AwaitFound(const Loss& loss);

  // Of one scenario, as Loss::violations has them.
  std::vector<std::string> Found(const Loss& loss);

  end_to_end::SidecarWorld& world() { return world_; }

 private:
  std::string Do(const Loss& loss, const Write& write);
  std::string Do(const Loss& loss, const Ask& ask);
  std::string Do(const Loss& loss, const Tell& tell);
  std::string Do(const Loss& loss, const Reject& reject);
  std::string Do(const Loss& loss, const AwaitKind& awaited);
  bool HasReason(const std::string& name) const;
  bool IsOpen(const std::string& scope);

  end_to_end::SidecarWorld world_;
  std::unique_ptr<v1::Gate::Stub> gate_;
  std::unique_ptr<v1::Breakers::Stub> breakers_;
  std::unique_ptr<v1::Holds::Stub> holds_;
  std::map<std::string, v1::Decision> decisions_;  // the newest, by key
  v1::Decision last_;
  std::chrono::steady_clock::time_point committed_;  // when the last commit had returned
  bool unknown_ = false;  // whether something was committed that no check has waited for
};

}  // namespace fundgate::scenarios

#endif  // TESTS_SCENARIOS_STAGE_H_
