#include "server/store/replay.h"

#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"

namespace fundgate::store {

absl::Status Replay::CanBegin(const JournalCut& cut) {
  if (!cut.exists()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "the journal begins with record ", cut.first, ": the ", cut.first - 1,
      " before it were dropped, and the state that they had made can't be made again from what is "
      "left. `fundgated --verify-chain` checks the records that are there, `fundgated --verify` "
      "with --since COPY judges those again that came after a copy of the folder was made"));
}

absl::Status Replay::Apply(JournalEntry entry) {
  if (entry.logic_version != core::kLogicVersion) {
    return absl::FailedPreconditionError(absl::StrCat(
        "journal record ", entry.sequence, " was judged by logic version ", entry.logic_version,
        "; this program is version ", core::kLogicVersion, ": use the program that wrote it"));
  }
  if (auto* apply = std::get_if<core::ApplyPolicyInput>(&entry.input.body)) {
    FUNDGATE_ASSIGN_OR_RETURN(apply->policy, compile_policy_(apply->text));
  }
  FUNDGATE_ASSIGN_OR_RETURN(core::Outcome outcome, machine_.Apply(entry.input));
  if (!outcome.recorded || outcome.answer != entry.answer) {
    difference_ = absl::StrCat("journal record ", entry.sequence, ": the replay answers otherwise");
  } else {
    state_.Absorb(outcome.changes);
  }
  answer_ = std::move(outcome.answer);
  return absl::OkStatus();
}

}  // namespace fundgate::store
