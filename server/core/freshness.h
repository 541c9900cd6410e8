// Is what is known recent and complete enough to judge by?
#ifndef SERVER_CORE_FRESHNESS_H_
#define SERVER_CORE_FRESHNESS_H_

#include <vector>

#include "absl/time/time.h"
#include "server/core/books.h"
#include "server/core/draft.h"
#include "server/core/findings.h"
#include "server/core/input.h"
#include "server/core/policy.h"
#include "server/core/records.h"

namespace fundgate::core {

// Those of `sources` (sorted) that are not proven past `time`.
std::vector<SourceName> NotProvenPast(Draft& draft, const std::vector<SourceName>& sources,
                                      absl::Time time);

// True if something of the kind that could not be read may belong to the book.
bool HasGapOver(const Draft& draft, const MovementKind& kind, const BookId& book);

// True if some book that the checkpoint's movements touch, whosever it is, has a gap.
bool HasGap(const Draft& draft, const CheckpointDefinition& checkpoint);

// Finds sources that are staler than the stricter of the policy and the caller allows, positions
// that the caller wants applied first, a clock nobody trusts, gaps in what the check's books are
// made of, and orders that were closed.
void CheckFreshness(Draft& draft, const CheckInput& check, const TouchedBooks& books,
                    const CheckpointDefinition& checkpoint, Findings& findings);

// What is known of the checkpoint's sources, for the decision.
SourceSightings SourcesAsSeen(Draft& draft, const CheckpointDefinition& checkpoint);

}  // namespace fundgate::core

#endif  // SERVER_CORE_FRESHNESS_H_
