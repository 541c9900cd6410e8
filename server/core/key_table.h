// The key comes first: was this movement asked for before, and what became of it?
#ifndef SERVER_CORE_KEY_TABLE_H_
#define SERVER_CORE_KEY_TABLE_H_

#include <optional>
#include <string>
#include <vector>

#include "server/core/decision.h"
#include "server/core/draft.h"
#include "server/core/input.h"
#include "server/core/policy.h"
#include "server/core/records.h"

namespace fundgate::core {

// What the key alone says to a check.
struct KeyAnswer {
  // The decision made for this key before, to be given again, or null.
  const Decision* replay = nullptr;
  // Otherwise: why the check ends here. Empty, and no replay: judge it as new.
  std::vector<Reason> reasons;

  bool judge_as_new() const { return replay == nullptr && reasons.empty(); }
};

KeyAnswer ConsultKey(Draft& draft, const CheckInput& check, const MovementDefinition& movement);

// What this check binds its key to.
Fingerprint FingerprintOf(const CheckInput& check, const MovementDefinition& movement);

// The first field in which two fingerprints differ, named as in the contract, or nothing.
std::optional<std::string> DifferingField(const Fingerprint& bound, const Fingerprint& asked);

}  // namespace fundgate::core

#endif  // SERVER_CORE_KEY_TABLE_H_
