// What the policy has done when a violation is found.
#ifndef SERVER_CORE_ACTIONS_H_
#define SERVER_CORE_ACTIONS_H_

#include <string>

#include "server/core/draft.h"
#include "server/core/records.h"

namespace fundgate::core {

// The violation's account, order, currency or attribute; empty if it doesn't tell.
std::string ValueOf(const Violation& violation, const std::string& field);

// Does every action that lists the violation's name: opens a breaker over the violation's account,
// order, currency or attribute, or has somebody called. Where the violation doesn't tell that
// field, the account's breaker opens instead: rather too much is held than nothing. Where it tells
// no account either, nothing opens, and a field of the violation says so ("not_done.ACTION").
void TakeActions(Draft& draft, const Violation& violation);

}  // namespace fundgate::core

#endif  // SERVER_CORE_ACTIONS_H_
