#include "server/core/verification/verification.h"

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/core/event_fields.h"
#include "server/core/verification/check.h"
#include "server/core/verification/watching.h"

namespace fundgate::core {
namespace {

// Under which name checks ask for the event.
std::string SubjectOf(const Event& event) {
  const auto* guarded = std::get_if<GuardEvent>(&event.body);
  return guarded != nullptr ? absl::StrCat("guards.", guarded->guard) : NameOf(event);
}

}  // namespace

void VerifyEvent(Draft& draft, const SourceDefinition& source, const Event& event) {
  const auto& subjects = draft.policy().checks_of_event;
  const auto found = subjects.find(SubjectOf(event));
  if (found == subjects.end()) return;
  for (const size_t index : found->second) {
    draft.policy().checks[index]->See(draft, {source.name, event});
  }
}

void TakeTurns(Draft& draft) {
  size_t left = kMaxTurnsPerInput;
  for (const std::shared_ptr<const EventCheck>& check : draft.policy().checks) {
    if (left == 0) return;
    const absl::Time proven = ProvenUntil(draft, check->declaration().sources);
    for (const WatchTurn& turn : draft.DueBefore<WatchTurns>(
             WatchTurn{check->declaration().id, absl::InfinitePast(), ""}, proven, left)) {
      --left;
      const WatchId id{turn.check, turn.key};
      const Watch* known = draft.Find<Watches>(id);
      if (known == nullptr || known->turn != turn.at) continue;  // this input has changed it
      Watch& watch = draft.Mutable<Watches>(id);
      SetTurn(draft, id, watch, std::nullopt);
      check->Judge(draft, id, watch);
    }
  }
}

}  // namespace fundgate::core
