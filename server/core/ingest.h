// The way in for what sources report: epochs, chained positions, probes.
#ifndef SERVER_CORE_INGEST_H_
#define SERVER_CORE_INGEST_H_

#include <cstddef>

#include "server/core/draft.h"
#include "server/core/input.h"
#include "server/core/outcome.h"

namespace fundgate::core {

// Heads of one source that may be awaited at once; further ones are dropped, the next probe tells
// more anyway.
inline constexpr size_t kMaxAwaitedProbes = 16;

Answer GrantEpoch(Draft& draft, const GrantEpochInput& input);
Answer Ingest(Draft& draft, const IngestInput& input);

}  // namespace fundgate::core

#endif  // SERVER_CORE_INGEST_H_
