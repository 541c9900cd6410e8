#include "server/policy/structure.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/core/policy_succession.h"

namespace fundgate::policy {
namespace {

constexpr char kNeedsSnapshot[] =
    " needs a re-snapshot of its books, which this version can't do; declare a new book beside it";

std::string KeyText(const core::BookDefinition& book) {
  return book.by_order ? "[account_id, order_id]" : "[account_id]";
}

void CompareBook(const core::BookDefinition& present, const core::BookDefinition& next,
                 const Places& places, Problems& problems) {
  const std::string path = absl::StrCat("books.", next.name);
  if (present.by_order != next.by_order) {
    problems.AtValue(places, path + ".key",
                     absl::StrCat("the book '", next.name, "' is in use with the key ",
                                  KeyText(present), "; another key", kNeedsSnapshot));
  }
  if (present.counters != next.counters) {
    problems.AtValue(places, path + ".counters",
                     absl::StrCat("the book '", next.name, "' is in use with the counters [",
                                  absl::StrJoin(present.counters, ", "),
                                  "]; any other list, or another order,", kNeedsSnapshot));
  }
  if (present.single_currency != next.single_currency) {
    problems.AtKey(places, path + ".single_currency",
                   absl::StrCat("the book '", next.name, "' is in use with single_currency: ",
                                present.single_currency ? "true" : "false", "; to change that",
                                kNeedsSnapshot));
  }
}

void CompareMovement(const core::Policy& before, const core::MovementDefinition& present,
                     const core::Policy& after, const core::MovementDefinition& next,
                     const Places& places, Problems& problems) {
  const std::string path = absl::StrCat("movements.", next.kind.value());
  if (!core::KeepsEffects(before, present, after, next)) {
    problems.AtKey(places, path,
                   absl::StrCat("the kind '", next.kind.value(),
                                "' is in use: what it has posted and reserved rests on its effects "
                                "and parts, which can't change; declare a new kind beside it"));
  }
  if (!core::KeepsWhoPosts(present, next)) {
    problems.AtKey(places, path,
                   absl::StrCat("the kind '", next.kind.value(), "' is in use and ",
                                present.sources.empty()
                                    ? "posts at Confirm, since no source reports it; with a source "
                                      "its open keys would be posted twice"
                                    : "is posted by its sources' events; without a source its open "
                                      "keys would never be posted",
                                "; declare a new kind beside it"));
  }
}

void CompareBooks(const core::Policy& present, const LoadedPolicy& next, Problems& problems) {
  for (const core::BookDefinition& book : present.books) {
    const core::BookDefinition* kept = next.policy->FindBook(book.name);
    if (kept != nullptr) {
      CompareBook(book, *kept, next.places, problems);
    } else {
      problems.AtKey(next.places, "books",
                     absl::StrCat("the book '", book.name,
                                  "' is in use and can't be removed or renamed; keep it as it is"));
    }
  }
}

void CompareMovements(const core::Policy& present, const LoadedPolicy& next, Problems& problems) {
  for (const core::MovementDefinition& movement : present.movements) {
    const core::MovementDefinition* kept = next.policy->FindMovement(movement.kind);
    if (kept != nullptr) {
      CompareMovement(present, movement, *next.policy, *kept, next.places, problems);
    } else {
      problems.AtKey(next.places, "movements",
                     absl::StrCat("the kind '", movement.kind.value(),
                                  "' is in use and can't be removed or renamed, since its keys are "
                                  "remembered; keep it as it is"));
    }
  }
}

}  // namespace

std::vector<Problem> CheckSuccession(const core::Policy& present, const LoadedPolicy& next) {
  Problems problems(next.file);
  CompareBooks(present, next, problems);
  CompareMovements(present, next, problems);
  return std::move(problems).Take();
}

}  // namespace fundgate::policy
