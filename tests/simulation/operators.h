// People who look at the gate: breakers, holds, policies, and the time.
#ifndef TESTS_SIMULATION_OPERATORS_H_
#define TESTS_SIMULATION_OPERATORS_H_

#include <memory>
#include <utility>

#include "server/core/policy.h"
#include "tests/simulation/scene.h"

namespace fundgate::simulation {

class Operators {
 public:
  Operators(Scene& scene, std::shared_ptr<const core::Policy> policy)
      : scene_(scene), policy_(std::move(policy)) {}

  // Whatever somebody comes to think of.
  void Act();
  void ApplyPolicy();
  // Looks whether time is as it should be, and says so if the gate asks.
  void AcceptTime();
  // All of one account, or what it asks for at a checkpoint, for longer than approvals last.
  void HoldSomebody();
  void ReviewHold();
  // Something else happens to what was approved: it is held once more, or anew.
  void HoldWhatWasApproved();

 private:
  void SwitchBreaker();
  void Say(core::Input input);

  Scene& scene_;
  const std::shared_ptr<const core::Policy> policy_;
};

}  // namespace fundgate::simulation

#endif  // TESTS_SIMULATION_OPERATORS_H_
