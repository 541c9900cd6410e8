#include "server/core/policy_succession.h"

#include <algorithm>
#include <compare>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/core/rules/rule_ages.h"

namespace fundgate::core {
namespace {

// An effect by names, since numbers of books change when one is added.
struct NamedEffect {
  std::string_view book;
  size_t counter = 0;
  int sign = 1;
  std::string_view amount;

  friend auto operator<=>(const NamedEffect&, const NamedEffect&) = default;
};

std::vector<NamedEffect> Named(const Policy& policy, const MovementDefinition& movement) {
  std::vector<NamedEffect> named;
  for (const Effect& effect : movement.effects) {
    named.push_back({policy.books[effect.book].name, effect.counter, effect.sign, effect.amount});
  }
  std::sort(named.begin(), named.end());
  return named;
}

absl::Status CheckBooks(const Policy& present, const Policy& next) {
  for (const BookDefinition& book : present.books) {
    const BookDefinition* kept = next.FindBook(book.name);
    if (kept != nullptr && kept->by_order == book.by_order && kept->counters == book.counters &&
        kept->single_currency == book.single_currency) {
      continue;
    }
    return absl::FailedPreconditionError(absl::StrCat(
        "books.", book.name,
        ": a book that is in use keeps its key, its counters in their order and its currency "
        "rule; declare a new book beside it"));
  }
  return absl::OkStatus();
}

absl::Status CheckMovements(const Policy& present, const Policy& next) {
  for (const MovementDefinition& movement : present.movements) {
    const MovementDefinition* kept = next.FindMovement(movement.kind);
    if (kept != nullptr && KeepsEffects(present, movement, next, *kept) &&
        KeepsWhoPosts(movement, *kept)) {
      continue;
    }
    return absl::FailedPreconditionError(absl::StrCat(
        "movements.", movement.kind.value(),
        ": a kind that is in use stays, and keeps its effects, its parts and whether a source "
        "reports it; declare a new kind beside it"));
  }
  return absl::OkStatus();
}

}  // namespace

bool KeepsEffects(const Policy& before, const MovementDefinition& present, const Policy& after,
                  const MovementDefinition& kept) {
  return present.many_lines == kept.many_lines && present.parts == kept.parts &&
         Named(before, present) == Named(after, kept);
}

bool KeepsWhoPosts(const MovementDefinition& present, const MovementDefinition& kept) {
  return !present.gated || !kept.gated || present.sources.empty() == kept.sources.empty();
}

absl::Status CheckSuccession(const Policy& present, const Policy& next) {
  absl::Status books = CheckBooks(present, next);
  return books.ok() ? CheckMovements(present, next) : books;
}

Answer ApplyPolicy(Draft& draft, const ApplyPolicyInput& input) {
  const Resident& before = draft.before();
  if (input.expected_version.has_value() && *input.expected_version != before.policy_version) {
    return Refusal{absl::FailedPreconditionError(
        absl::StrCat("expected_current_version: version ", before.policy_version,
                     " is in force, not ", *input.expected_version))};
  }
  if (before.policy != nullptr) {
    absl::Status status = CheckSuccession(*before.policy, *input.policy);
    if (!status.ok()) return Refusal{std::move(status)};
  }
  const uint64_t version = before.policy_version + 1;
  NoteRuleAges(draft, before.policy.get(), *input.policy, version);
  draft.SetPolicy({version, input.text, input.actor, input.comment, draft.now()}, input.policy);
  return PolicyAnswer{version};
}

}  // namespace fundgate::core
