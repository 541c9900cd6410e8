// Invariants of books: does one still hold in the worst case that pending movements allow?
#ifndef SERVER_CORE_INVARIANTS_INVARIANTS_H_
#define SERVER_CORE_INVARIANTS_INVARIANTS_H_

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "server/core/books.h"
#include "server/core/draft.h"
#include "server/core/findings.h"
#include "server/core/input.h"
#include "server/core/policy.h"
#include "server/core/records.h"

namespace fundgate::core {

using CounterValues = absl::InlinedVector<int64_t, 8>;

enum class Holds { kYes, kNo, kUnknown };  // kUnknown: arithmetic or the expression failed

// Judges the invariant in the worst corner of the book's intervals: counters that tighten it at
// posted + pending_up, those that loosen it at posted - pending_down. Since raising a counter can
// turn the expression in one direction only, every other corner is better. `corner` receives the
// values used, by counter.
Holds HoldsAtWorst(const InvariantDefinition& invariant, const Book& book, CounterValues* corner);

// Judges it on what is posted alone: what has really happened.
Holds HoldsAsPosted(const InvariantDefinition& invariant, const Book& book);

// The invariants of every book that the check touches, counting its deltas as pending.
// Those that the deltas can worsen deny; others that fail are only reported.
void CheckInvariants(Draft& draft, const CheckInput& check, const TouchedBooks& books,
                     const CheckpointDefinition& checkpoint, Findings& findings);

// "refunded CNY 100.01, paid CNY 100.00": the counters by name.
std::string Describe(const BookDefinition& book, Currency currency,
                     std::span<const int64_t> counters);

}  // namespace fundgate::core

#endif  // SERVER_CORE_INVARIANTS_INVARIANTS_H_
