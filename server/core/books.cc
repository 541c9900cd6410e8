#include "server/core/books.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "fundgate/types/checked.h"

namespace fundgate::core {
namespace {

// What the line gives the effect, before its sign; 0 for a part that isn't there.
int64_t AmountFor(const Effect& effect, const Line& line) {
  if (effect.amount.empty()) return line.amount;
  const int64_t* part = FindPart(line, effect.amount);
  return part == nullptr ? 0 : *part;
}

// Adds the effects of `from`, or nothing if it is null, becoming `to`. False if a number doesn't
// fit.
bool AddDeltas(const Policy& policy, const MovementDefinition& movement, const Line* from,
               const Line& to, Deltas& deltas) {
  for (const Effect& effect : movement.effects) {
    const std::optional<int64_t> growth =
        CheckedSubtract(AmountFor(effect, to), from == nullptr ? 0 : AmountFor(effect, *from));
    if (!growth.has_value()) return false;
    const std::optional<int64_t> amount = CheckedMultiply(*growth, effect.sign);
    if (!amount.has_value()) return false;
    if (*amount == 0) continue;
    const BookDefinition& book = policy.books[effect.book];
    deltas.push_back(
        {book.name, to.order, book.by_order, static_cast<uint32_t>(effect.counter), *amount});
  }
  return true;
}

// The order that is part of the book's id; empty if none is.
std::string_view OrderOfBook(const Delta& delta) {
  return delta.by_order ? std::string_view(delta.line.value()) : std::string_view();
}

// The counter after one delta, or nothing.
std::optional<Counter> Applied(Counter counter, int64_t amount, Posting posting) {
  std::optional<int64_t> changed;
  if (posting == Posting::kPost) {
    changed = CheckedAdd(counter.posted, amount);
    if (!changed.has_value()) return std::nullopt;
    counter.posted = *changed;
  } else {
    const std::optional<int64_t> size = amount < 0 ? CheckedNegate(amount) : amount;
    if (!size.has_value()) return std::nullopt;
    int64_t& pending = amount < 0 ? counter.pending_down : counter.pending_up;
    changed =
        posting == Posting::kReserve ? CheckedAdd(pending, *size) : CheckedSubtract(pending, *size);
    if (!changed.has_value() || *changed < 0) return std::nullopt;
    pending = *changed;
  }
  const bool fits = CheckedAdd(counter.posted, counter.pending_up).has_value() &&
                    CheckedSubtract(counter.posted, counter.pending_down).has_value();
  return fits ? std::optional(counter) : std::nullopt;
}

}  // namespace

bool NeedsOrder(const Policy& policy, const MovementDefinition& movement) {
  return std::any_of(movement.effects.begin(), movement.effects.end(),
                     [&](const Effect& effect) { return policy.books[effect.book].by_order; });
}

std::optional<std::string> PartsMismatch(const MovementDefinition& movement, const Line& line) {
  for (const auto& [name, amount] : line.parts) {
    if (std::find(movement.parts.begin(), movement.parts.end(), name) == movement.parts.end()) {
      return absl::StrCat("\"", name, "\" is no part of a ", movement.kind.value());
    }
    if (amount < 0) return absl::StrCat("\"", name, "\" must not be negative");
  }
  if (movement.parts.empty()) return std::nullopt;
  std::optional<int64_t> sum = 0;
  for (const std::string& name : movement.parts) {
    const int64_t* amount = FindPart(line, name);
    if (amount == nullptr) return absl::StrCat("\"", name, "\" is required");
    if (sum.has_value()) sum = CheckedAdd(*sum, *amount);
  }
  if (sum == line.amount) return std::nullopt;
  return absl::StrCat("must add up to the line's amount of ", line.amount, " minor units",
                      sum.has_value() ? absl::StrCat(", not ", *sum) : "");
}

std::optional<Deltas> DeltasBetween(const Policy& policy, const MovementDefinition& movement,
                                    const Line& from, const Line& to) {
  Deltas deltas;
  if (!AddDeltas(policy, movement, &from, to, deltas)) return std::nullopt;
  return deltas;
}

bool ShrinksAnEffect(const MovementDefinition& movement, const Line& from, const Line& to) {
  return std::any_of(movement.effects.begin(), movement.effects.end(), [&](const Effect& effect) {
    return AmountFor(effect, to) < AmountFor(effect, from);
  });
}

BookId BookOf(const Delta& delta, const AccountId& account, Currency currency) {
  return {delta.book, account, OrderId(OrderOfBook(delta)), currency};
}

bool FindBooks(Draft& draft, std::span<const Delta> deltas, const AccountId& account,
               Currency currency, TouchedBooks& books) {
  // In the order of their books' ids, and of one book as they stand.
  absl::InlinedVector<const Delta*, 4> sorted;
  for (const Delta& delta : deltas) sorted.push_back(&delta);
  std::sort(sorted.begin(), sorted.end(), [](const Delta* a, const Delta* b) {
    const auto compared = std::pair(std::string_view(a->book), OrderOfBook(*a)) <=>
                          std::pair(std::string_view(b->book), OrderOfBook(*b));
    return compared != 0 ? compared < 0 : a < b;
  });
  for (const Delta* delta : sorted) {
    const bool is_new = books.empty() || books.back().id.book != delta->book ||
                        books.back().id.order.value() != OrderOfBook(*delta);
    if (is_new) {
      const BookDefinition* definition = draft.policy().FindBook(delta->book);
      if (definition == nullptr) return false;
      TouchedBook& added = books.emplace_back();
      added.id = BookOf(*delta, account, currency);
      added.definition = definition;
      added.book = &draft.ReadBook(added.id, *definition);
    }
    if (delta->counter >= books.back().definition->counters.size()) return false;
    books.back().deltas.push_back(delta);
  }
  return true;
}

std::optional<Book> BookAfter(const TouchedBook& touched, Posting posting) {
  std::optional<Book> after = *touched.book;
  for (const Delta* delta : touched.deltas) {
    Counter& counter = after->counters[delta->counter];
    const std::optional<Counter> applied = Applied(counter, delta->amount, posting);
    if (!applied.has_value()) return std::nullopt;
    counter = *applied;
  }
  return after;
}

bool FindEffects(Draft& draft, const MovementDefinition& movement, std::span<const Line> lines,
                 const AccountId& account, Currency currency, Effects& effects) {
  effects.deltas.reserve(lines.size() * movement.effects.size());
  for (const Line& line : lines) {
    if (!AddDeltas(draft.policy(), movement, nullptr, line, effects.deltas)) return false;
  }
  // All of them are the policy's; what isn't counted must not be allowed.
  return FindBooks(draft, effects.deltas, account, currency, effects.books);
}

bool ApplyDeltas(Draft& draft, const TouchedBooks& books, Posting posting) {
  // So that nothing is half done when a later book fails.
  absl::InlinedVector<Book, 2> after;
  for (const TouchedBook& touched : books) {
    std::optional<Book> book = BookAfter(touched, posting);
    if (!book.has_value()) return false;
    after.push_back(*std::move(book));
  }
  for (size_t i = 0; i < books.size(); ++i) {
    draft.MutableBook(books[i].id, *books[i].definition) = std::move(after[i]);
  }
  return true;
}

bool ApplyDeltas(Draft& draft, std::span<const Delta> deltas, const AccountId& account,
                 Currency currency, Posting posting) {
  TouchedBooks books;
  return FindBooks(draft, deltas, account, currency, books) && ApplyDeltas(draft, books, posting);
}

void BindCurrencies(Draft& draft, const TouchedBooks& books) {
  for (const TouchedBook& touched : books) {
    if (!touched.definition->single_currency) continue;
    const FamilyId id{touched.id.book, touched.id.account, touched.id.order};
    const Family* family = draft.FindFamily(id);
    if (family == nullptr || family->currency.empty()) {
      draft.MutableFamily(id).currency = touched.id.currency;
    }
  }
}

}  // namespace fundgate::core
