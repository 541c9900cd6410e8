// What violations may be called by a policy.
#ifndef SERVER_POLICY_VIOLATION_NAMES_H_
#define SERVER_POLICY_VIOLATION_NAMES_H_

#include <string>
#include <vector>

#include "fundgate/policy/v1/document.pb.h"

namespace fundgate::policy {

// What events of movements may be found guilty of: the names that the section `violations` takes.
std::vector<std::string> ReactableViolations();

// Names that the policy gives them itself: those of its invariants, rules, facts and checks between
// events. Sorted. Whoever adds a section that raises violations of its own names adds them here.
std::vector<std::string> DeclaredViolations(const v1::Document& document);

// All names that violations of this policy can have.
std::vector<std::string> AllViolationNames(const v1::Document& document);

}  // namespace fundgate::policy

#endif  // SERVER_POLICY_VIOLATION_NAMES_H_
