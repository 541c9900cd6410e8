// Watches a machine and says at once when it does what the model would not.
#ifndef TESTS_MODEL_REFEREE_H_
#define TESTS_MODEL_REFEREE_H_

#include <cstddef>
#include <map>
#include <optional>
#include <string>

#include "server/core/input.h"
#include "server/core/outcome.h"
#include "server/core/state.h"
#include "tests/model/model.h"
#include "tests/model/picture.h"
#include "tests/model/terms.h"

namespace fundgate::model {

// What became of one input.
struct Ruling {
  AnswerPicture answer;                   // the machine's
  size_t released_by_proof = 0;           // reservations that a tick released
  std::optional<std::string> difference;  // what the two differ in; nothing if they agree
};

// Follows one machine from an empty state, input after input.
class Referee {
 public:
  explicit Referee(const Terms& terms, Mutation mutation = Mutation::kNone)
      : model_(terms, mutation) {}

  // What the machine made of `input` over `state()`; takes its changes over.
  Ruling Follow(const core::Input& input, const core::Outcome& outcome);

  // The machine's state after everything that was followed.
  const core::MemoryState& state() const { return state_; }
  const Model& model() const { return model_; }

 private:
  core::MemoryState state_;
  Model model_;
  std::map<std::string, SourcePicture> sources_;  // as of the input before
};

}  // namespace fundgate::model

#endif  // TESTS_MODEL_REFEREE_H_
