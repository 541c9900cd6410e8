// The policy's windows as checks and rules meet them. Of checks they count one per key, when it is
// allowed for the first time, by input time; a check sees them without itself. Of events see
// event_windows.h.
#ifndef SERVER_CORE_WINDOWS_WINDOWS_H_
#define SERVER_CORE_WINDOWS_WINDOWS_H_

#include <cstddef>
#include <string>

#include "server/core/draft.h"
#include "server/core/input.h"
#include "server/core/policy.h"
#include "server/core/state.h"
#include "server/core/windows/window.h"

namespace fundgate::core {

// Window ends looked at in one tick: bounds the size of its changes.
inline constexpr size_t kMaxWindowEndsPerTick = 256;

// Whose windows are read.
struct WindowSubject {
  AccountId account;             // may be empty, of an event that is nobody's
  std::string order;             // empty if it names none, or several
  const Attributes& attributes;  // must outlive it
  Currency currency;             // may be empty
};

// The window for the subject: of its account, or its order, or its attribute's value; an empty one
// if nothing was counted there. Null if it names no such account, order or attribute.
const Window* FindWindow(Draft& draft, const WindowDefinition& definition,
                         const WindowSubject& subject);

// Counts one thing in the window of this id.
void Count(Draft& draft, const WindowDefinition& definition, const WindowId& id,
           const Counted& counted);

// Counts a check that is allowed. Called before its decision is recorded.
void CountInWindows(Draft& draft, const CheckInput& check, const CheckpointDefinition& checkpoint);

// Forgets windows in which nothing counts any more.
void ForgetEmptyWindows(Draft& draft, const StateReader& state);

}  // namespace fundgate::core

#endif  // SERVER_CORE_WINDOWS_WINDOWS_H_
