#include "server/store/replay.h"

#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"

namespace fundgate::store {

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
