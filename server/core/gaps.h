// What could not be read or posted, so that what it touches is unproven, and what makes it known
// again.
#ifndef SERVER_CORE_GAPS_H_
#define SERVER_CORE_GAPS_H_

#include <cstddef>
#include <string>

#include "server/core/draft.h"
#include "server/core/records.h"

namespace fundgate::core {

// Gaps that are kept apart; past it a gap widens to its whole kind.
inline constexpr size_t kMaxGaps = 10'000;

// One thing more in the scope is unknown. The reason of the first stays.
void MarkGap(Draft& draft, GapScope scope, const SourceName& source, const std::string& reason);

// One thing that was marked in the scope is known after all; with the last one the gap goes.
void UnmarkGap(Draft& draft, GapScope scope);

// Everything of the source's that the scope covers was read anew: the gap goes, unless another
// source has one there too.
void HealGap(Draft& draft, const GapScope& scope, const SourceName& source);

}  // namespace fundgate::core

#endif  // SERVER_CORE_GAPS_H_
