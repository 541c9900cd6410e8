// What a check must look like under a policy, before any state is read.
#ifndef SERVER_CORE_PREFLIGHT_H_
#define SERVER_CORE_PREFLIGHT_H_

#include <cstddef>
#include <string>
#include <vector>

#include "server/core/input.h"
#include "server/core/policy.h"

namespace fundgate::core {

inline constexpr size_t kMaxIdBytes = 128;     // of keys, accounts, orders, request ids
inline constexpr size_t kMaxLines = 10'000;    // of one check
inline constexpr size_t kMaxAttributes = 64;   // of one check
inline constexpr size_t kMaxTextBytes = 1024;  // of attribute values and names

// One thing wrong with one field, named as in the contract: "lines[2].amount".
struct FieldProblem {
  std::string field;
  std::string message;

  friend bool operator==(const FieldProblem&, const FieldProblem&) = default;
};

// All that is wrong with the check; empty if the machine will judge it.
std::vector<FieldProblem> ValidateCheck(const Policy& policy, const CheckInput& check);

}  // namespace fundgate::core

#endif  // SERVER_CORE_PREFLIGHT_H_
