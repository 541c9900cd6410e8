// Reads along with the gate's journal and says when it is not what it should be.
#ifndef TESTS_SIMULATION_FOLLOWER_H_
#define TESTS_SIMULATION_FOLLOWER_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/core/input.h"
#include "server/core/machine.h"
#include "server/core/outcome.h"
#include "server/core/policy.h"
#include "server/store/view.h"
#include "tests/model/policy_under_test.h"
#include "tests/model/referee.h"

namespace fundgate::simulation {

// Told of every durable record in order, over all lives of the gate. Judges each input anew from
// its own state, and has the model judge it: the machine must give the recorded answer again, and
// the model must give it too and come to the same state.
class Follower {
 public:
  // Who else wants to know what was recorded, each once.
  using Listener = std::function<void(Sequence, const core::Input&, const core::Answer&)>;

  Follower(const model::PolicyUnderTest& policy, Listener listener)
      : policy_(policy.compiled), listener_(std::move(listener)), referee_(policy.terms) {}

  // The next record became durable. What is wrong with it, or nothing.
  std::optional<std::string> Follow(Sequence sequence, const core::Input& input,
                                    const core::Answer& answer);

  // The gate has recovered, with this journal: what was followed must stand in it unchanged. What
  // follows was written but not told of before; it counts from now on.
  std::optional<std::string> Recover(const store::View& view);

  // The newest sequence followed.
  Sequence newest() const { return records_.size(); }
  const core::MemoryState& state() const { return referee_.state(); }
  const model::Model& model() const { return referee_.model(); }

  // Keeps the story as text for a report.
  void Tell() { tells_ = true; }
  std::string TakeStory() { return std::exchange(story_, ""); }

 private:
  struct Record {
    core::Input input;
    core::Answer answer;
  };

  const std::shared_ptr<const core::Policy> policy_;
  const Listener listener_;
  model::Referee referee_;
  const core::Machine machine_{referee_.state()};
  std::vector<Record> records_;  // by sequence, from 1
  bool tells_ = false;
  std::string story_;
};

}  // namespace fundgate::simulation

#endif  // TESTS_SIMULATION_FOLLOWER_H_
