// Movements as numbers: which counters of which books they change, and by how much.
#ifndef SERVER_CORE_BOOKS_H_
#define SERVER_CORE_BOOKS_H_

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "fundgate/types/ids.h"
#include "server/core/draft.h"
#include "server/core/movement.h"
#include "server/core/policy.h"
#include "server/core/records.h"

namespace fundgate::core {

// True if a movement of this kind touches a book that is kept by order.
bool NeedsOrder(const Policy& policy, const MovementDefinition& movement);

// What is wrong with a line's parts: every declared part there, none else, none negative, adding
// up to the line's amount. Nothing if all is well.
std::optional<std::string> PartsMismatch(const MovementDefinition& movement, const Line& line);

// The effects of a row's line becoming another line of the same order: what the later one adds to
// the earlier one, leaving out zeros. Nothing if a number doesn't fit.
std::optional<Deltas> DeltasBetween(const Policy& policy, const MovementDefinition& movement,
                                    const Line& from, const Line& to);

// Drops those of which `is_superfluous(delta)`.
template <typename Predicate>
void Drop(Deltas& deltas, const Predicate& is_superfluous) {
  deltas.erase(std::remove_if(deltas.begin(), deltas.end(), is_superfluous), deltas.end());
}

// True if some effect of the movement is smaller with `to` than with `from`.
bool ShrinksAnEffect(const MovementDefinition& movement, const Line& from, const Line& to);

// The book that a delta of this account's movement changes.
BookId BookOf(const Delta& delta, const AccountId& account, Currency currency);

// Which column of a counter deltas go to, and with which sign.
enum class Posting {
  kReserve,    // adds to pending
  kUnreserve,  // takes from pending
  kPost,       // adds to posted
};

// One book that deltas change.
struct TouchedBook {
  BookId id;
  const BookDefinition* definition = nullptr;        // of the policy; never null
  const Book* book = nullptr;                        // as it was when this was made; the draft's
  absl::InlinedVector<const Delta*, 2> deltas = {};  // at least one; in their order
};
using TouchedBooks = absl::InlinedVector<TouchedBook, 2>;

// Finds the books that the deltas of this account's movement change, by id; they point to the
// deltas. False if a delta names a book or a counter that the policy has not.
bool FindBooks(Draft& draft, std::span<const Delta> deltas, const AccountId& account,
               Currency currency, TouchedBooks& books);

// The book after its deltas. Nothing if a counter would leave 64 bits (counting [posted -
// pending_down, posted + pending_up] as well) or a pending would fall below zero.
std::optional<Book> BookAfter(const TouchedBook& touched, Posting posting);

// What a check would do.
struct Effects {
  Effects() = default;
  // It stays where it is: the books point to the deltas.
  Effects(const Effects&) = delete;
  Effects& operator=(const Effects&) = delete;

  Deltas deltas;       // line by line, without zeros
  TouchedBooks books;  // which they change
};

// Finds the effects of a check's movement; `effects` must be new. False if a number doesn't fit.
bool FindEffects(Draft& draft, const MovementDefinition& movement, std::span<const Line> lines,
                 const AccountId& account, Currency currency, Effects& effects);

// Applies the deltas to their books, all or none: false, with nothing changed, if there is no
// BookAfter one of them. No book may have changed since they were found.
bool ApplyDeltas(Draft& draft, const TouchedBooks& books, Posting posting);
bool ApplyDeltas(Draft& draft, std::span<const Delta> deltas, const AccountId& account,
                 Currency currency, Posting posting);

// Binds the currency of every single-currency book, if it is the first.
void BindCurrencies(Draft& draft, const TouchedBooks& books);

}  // namespace fundgate::core

#endif  // SERVER_CORE_BOOKS_H_
