// What a checkpoint answers when it can't judge as it should: a matrix of conditions and amounts.
#ifndef SERVER_CORE_DEGRADATION_H_
#define SERVER_CORE_DEGRADATION_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/time/time.h"
#include "fundgate/types/money.h"
#include "server/core/budget.h"
#include "server/core/verdict.h"

namespace fundgate::core {

// The columns. The gate meets the first three itself; who asks it meets the last two.
enum class Condition : uint8_t {
  kStale,        // a needed source is not proven recently enough
  kUnproven,     // part of a touched book is not known
  kError,        // arithmetic or an expression failed; never answered with ALLOW
  kOverloaded,   // the gate refuses to take the check
  kUnreachable,  // the gate gives no answer
};
inline constexpr size_t kConditions = 5;

// An answer for each condition.
using Answers = std::array<Verdict, kConditions>;

// A row: what is answered about amounts up to this one, itself included.
struct AmountStep {  // NOLINT(cppcoreguidelines-pro-type-member-init): made of both, always
  Money up_to;
  Answers answers;
};

// What one caller may allow by itself while the gate can't be asked: see leases.h.
struct LeaseTerms {
  Budget budget;                                  // at most, for each lease
  absl::Duration valid_for = absl::Minutes(10);   // since it was granted
  absl::Duration report_within = absl::Hours(1);  // since it ran out
};

}  // namespace fundgate::core

#endif  // SERVER_CORE_DEGRADATION_H_
