// The journal, judged again.
#ifndef SERVER_STORE_REPLAY_H_
#define SERVER_STORE_REPLAY_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "server/core/machine.h"
#include "server/core/outcome.h"
#include "server/core/state.h"
#include "server/store/store.h"
#include "server/store/view.h"

namespace fundgate::store {

// Feeds records to a machine over a state in memory, and compares the answers. Used by one thread.
class Replay {
 public:
  explicit Replay(PolicyCompiler compile_policy) : compile_policy_(std::move(compile_policy)) {}
  // From what a store is: the records after its newest one are judged.
  Replay(PolicyCompiler compile_policy, core::MemoryState state)
      : compile_policy_(std::move(compile_policy)), state_(std::move(state)) {}
  Replay(const Replay&) = delete;
  Replay& operator=(const Replay&) = delete;

  // OK if the journal has its first record, without which there is no empty state to begin with;
  // FAILED_PRECONDITION, saying what can be done instead, if its oldest ones were dropped.
  static absl::Status CanBegin(const JournalCut& cut);

  // Judges the next record, from the first on. FAILED_PRECONDITION if another version of the
  // machine's logic judged it; else what the compiler and the machine say. Not after a difference.
  absl::Status Apply(JournalEntry entry);

  // Empty while every record was answered as it was before; else which one wasn't.
  const std::string& difference() const { return difference_; }

  // To the record applied last, as it came out now.
  const core::Answer& answer() const { return answer_; }

  // After the records applied so far.
  const core::MemoryState& state() const { return state_; }

 private:
  const PolicyCompiler compile_policy_;
  std::string difference_;
  core::Answer answer_;
  core::MemoryState state_;
  core::Machine machine_{state_};
};

}  // namespace fundgate::store

#endif  // SERVER_STORE_REPLAY_H_
