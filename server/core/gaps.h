// What could not be read or posted, so that what it touches is unproven.
#ifndef SERVER_CORE_GAPS_H_
#define SERVER_CORE_GAPS_H_

#include <cstddef>
#include <string>

#include "server/core/draft.h"
#include "server/core/records.h"

namespace fundgate::core {

// Gaps that are kept apart; past it a gap widens to its whole kind.
inline constexpr size_t kMaxGaps = 10'000;

// One thing more in the scope is unknown. The reason of the first stays. Gives the scope that was
// marked, the given one or a wider one.
GapScope MarkGap(Draft& draft, GapScope scope, const SourceName& source, const std::string& reason);

// One thing is known after all; with the last one the gap goes. `scope` is what MarkGap gave.
void UnmarkGap(Draft& draft, const GapScope& scope);

}  // namespace fundgate::core

#endif  // SERVER_CORE_GAPS_H_
