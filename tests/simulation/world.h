// One run: everybody, in steps.
#ifndef TESTS_SIMULATION_WORLD_H_
#define TESTS_SIMULATION_WORLD_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/core/policy.h"
#include "tests/model/policy_under_test.h"
#include "tests/simulation/faults.h"
#include "tests/simulation/feeder.h"
#include "tests/simulation/operators.h"
#include "tests/simulation/rogues.h"
#include "tests/simulation/scene.h"
#include "tests/simulation/services.h"
#include "tests/simulation/setting.h"

namespace fundgate::simulation {

// Each step is made from a seed of its own and from what is there, so that a run from which steps
// are left out still makes sense.
class World {
 public:
  // `tells`: keeps the story.
  World(const Setting& setting, const model::PolicyUnderTest& policy, bool tells);

  // Somebody does something, time passes, and the gate may get on with it. False if something is
  // wrong; see failure().
  bool Step(uint64_t seed);
  // Everything heals and is told. Then the gate is stopped, and its journal is replayed.
  bool Finish();

  const std::optional<std::string>& failure() const { return scene_.failure(); }
  const Follower& follower() const { return scene_.follower(); }
  std::string TakeStory() { return scene_.TakeStory(); }

 private:
  void Begin();
  void Act(model::Dice& dice);
  void Review(model::Dice& dice);
  void PassTime(model::Dice& dice);
  void TurnAll(model::Dice& dice);
  void Leap(model::Dice& dice);
  void LeapAway(model::Dice& dice);
  void PassCalmly();
  bool LeapToTheEndOfAnApproval(model::Dice& dice);
  bool MayLeapFar() const;
  bool HasSettled(absl::Time since) const;
  void Settle();
  void Replay();

  const Setting setting_;
  const std::shared_ptr<const core::Policy> policy_;
  Scene scene_;
  std::map<std::string, Feeder> feeders_;
  Services services_;
  Rogues rogues_;
  Operators operators_;
  Faults faults_;
  bool has_leapt_far_ = false;
};

}  // namespace fundgate::simulation

#endif  // TESTS_SIMULATION_WORLD_H_
