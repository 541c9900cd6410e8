// Random inputs from a universe so small that keys, orders and rows meet all the time.
#ifndef TESTS_MODEL_GENERATOR_H_
#define TESTS_MODEL_GENERATOR_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/core/input.h"
#include "tests/model/model.h"
#include "tests/model/random_values.h"

namespace fundgate::model {

// One run of inputs. Each is made from its own seed and from what the model knows by then (epochs,
// positions, decisions), so that a run with some steps left out still makes sense.
class Generator {
 public:
  explicit Generator(std::shared_ptr<const core::Policy> policy) : policy_(std::move(policy)) {}

  core::Input Next(uint64_t seed, const Model& model);

  // The machine and the model answered `input` with a Wait.
  void Park(const core::CheckInput& check);

 private:
  // A row in a source's database, as it is now.
  struct Row {
    MovementKind kind;
    std::optional<core::Contribution> now;
    core::Event newest;                // the event that made it so
    std::optional<core::Event> older;  // the one before, of the same key
  };

  core::CheckInput MakeCheck(Dice& dice, const Model& model);
  core::CheckInput FreshCheck(Dice& dice, const Model& model);
  core::CheckInput Repeat(Dice& dice, const core::KeyId& id, const Binding& binding);
  void Twist(Dice& dice, core::CheckInput& check);
  core::ConfirmInput MakeConfirm(Dice& dice, const Model& model);
  core::ReleaseInput MakeRelease(Dice& dice, const Model& model);
  core::RejectHoldInput MakeReject(Dice& dice, const Model& model);
  core::ApproveHoldInput MakeApprove(Dice& dice, const Model& model);
  core::IngestInput MakeIngest(Dice& dice, const Model& model, bool with_events);
  core::Event MakeEvent(Dice& dice, const Model& model, const std::string& source);
  core::Contribution MakeContribution(Dice& dice, const Model& model, const MovementKind& kind);
  core::Contribution Edit(Dice& dice, core::Contribution row, const MovementKind& kind);
  static std::optional<core::Event> OlderOf(const core::Event& newest,
                                            const core::MovementEvent& change);
  core::Input MakeBreaker(Dice& dice, const Model& model);
  core::GrantEpochInput MakeGrant(Dice& dice);
  core::ApplyPolicyInput MakePolicy(Dice& dice, const Model& model);

  std::shared_ptr<const core::Policy> policy_;
  std::map<RowName, Row> rows_;
  std::vector<core::CheckInput> parked_;
  uint64_t events_ = 0;
};

}  // namespace fundgate::model

#endif  // TESTS_MODEL_GENERATOR_H_
