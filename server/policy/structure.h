// Whether one policy may follow another while books and keys are in use.
#ifndef SERVER_POLICY_STRUCTURE_H_
#define SERVER_POLICY_STRUCTURE_H_

#include <vector>

#include "server/core/policy.h"
#include "server/policy/loader.h"
#include "server/policy/problem.h"

namespace fundgate::policy {

// Problems, located in `next`, that keep it from replacing `present`; none if it may. A book keeps
// its key, its counters in their order and its currency rule, and can't go: another shape needs a
// re-snapshot of its books, which this version can't do. A kind of movement keeps its effects, its
// parts and whether a source reports it (see core/policy_succession.h), and can't go. New books and
// kinds are fine.
std::vector<Problem> CheckSuccession(const core::Policy& present, const LoadedPolicy& next);

}  // namespace fundgate::policy

#endif  // SERVER_POLICY_STRUCTURE_H_
