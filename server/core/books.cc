#include "server/core/books.h"

#include <algorithm>
#include <map>
#include <memory_resource>

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
               const Line& to, std::vector<Delta>& deltas) {
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

std::optional<std::vector<Delta>> DeltasBetween(const Policy& policy,
                                                const MovementDefinition& movement,
                                                const Line& from, const Line& to) {
  std::vector<Delta> deltas;
  if (!AddDeltas(policy, movement, &from, to, deltas)) return std::nullopt;
  return deltas;
}

bool ShrinksAnEffect(const MovementDefinition& movement, const Line& from, const Line& to) {
  return std::any_of(movement.effects.begin(), movement.effects.end(), [&](const Effect& effect) {
    return AmountFor(effect, to) < AmountFor(effect, from);
  });
}

std::optional<std::vector<Delta>> DeltasOf(const Policy& policy, const MovementDefinition& movement,
                                           std::span<const Line> lines) {
  std::vector<Delta> all;
  all.reserve(lines.size() * movement.effects.size());
  for (const Line& line : lines) {
    if (!AddDeltas(policy, movement, nullptr, line, all)) return std::nullopt;
  }
  return all;
}

BookId BookOf(const Delta& delta, const AccountId& account, Currency currency) {
  return {delta.book, account, delta.by_order ? delta.line : OrderId(), currency};
}

bool ApplyDeltas(Draft& draft, std::span<const Delta> deltas, const AccountId& account,
                 Currency currency, Posting posting) {
  // So that nothing is half done when a later delta fails.
  std::pmr::map<BookId, Book> changed(&draft.memory());
  for (const Delta& delta : deltas) {
    const BookId id = BookOf(delta, account, currency);
    const BookDefinition* definition = draft.policy().FindBook(delta.book);
    if (definition == nullptr || delta.counter >= definition->counters.size()) return false;
    const auto book = changed.try_emplace(id, draft.ReadBook(id, *definition)).first;
    Counter& counter = book->second.counters[delta.counter];
    const std::optional<Counter> after = Applied(counter, delta.amount, posting);
    if (!after.has_value()) return false;
    counter = *after;
  }
  for (auto& [id, book] : changed) {
    draft.MutableBook(id, *draft.policy().FindBook(id.book)) = std::move(book);
  }
  return true;
}

void BindCurrencies(Draft& draft, std::span<const Delta> deltas, const AccountId& account,
                    Currency currency) {
  for (const Delta& delta : deltas) {
    const BookDefinition* definition = draft.policy().FindBook(delta.book);
    if (definition == nullptr || !definition->single_currency) continue;
    const FamilyId id{delta.book, account, delta.by_order ? delta.line : OrderId()};
    const Family* family = draft.FindFamily(id);
    if (family == nullptr || family->currency.empty()) draft.MutableFamily(id).currency = currency;
  }
}

}  // namespace fundgate::core
