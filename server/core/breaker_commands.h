// What people do to breakers. Where the policy names a breaker's scope under `two_person`,
// loosening it takes two of them: the first one's wish is kept with the breaker, and a second
// person who asks for the same carries it out. Loosening in advance counts, too: to force such a
// scope to let pass, whatever trips, and to make it forget what it has counted.
#ifndef SERVER_CORE_BREAKER_COMMANDS_H_
#define SERVER_CORE_BREAKER_COMMANDS_H_

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "server/core/draft.h"
#include "server/core/input.h"
#include "server/core/outcome.h"

namespace fundgate::core {

// How long a wish waits for its second person.
inline constexpr absl::Duration kWishLasts = absl::Hours(1);

// How long at most a breaker that only reports may be forced: nothing trips there meanwhile.
inline constexpr absl::Duration kForcedLasts = absl::Hours(24 * 7);

Answer TripBreaker(Draft& draft, const TripBreakerInput& input);
Answer HalfOpenBreaker(Draft& draft, const HalfOpenBreakerInput& input);
Answer ResetBreaker(Draft& draft, const ResetBreakerInput& input);

// What becomes of a wish where another may wait already. The two want the same if they want the
// same state, mode and budget; their ends may differ. A wish whose own end has come is none any
// more.
enum class Agreement {
  kAgreed,    // another person asked for the same before
  kWaits,     // it is the first: keep it
  kSameOnly,  // the same person asked twice
};
Agreement Agree(const std::optional<Loosening>& waiting, const Loosening& wish);

// "reason (ann asked for it: her reason)"
std::string BothReasons(const Loosening& first, const std::string& reason);

}  // namespace fundgate::core

#endif  // SERVER_CORE_BREAKER_COMMANDS_H_
