#include "server/policy/structure.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

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

}  // namespace

std::vector<Problem> CheckSuccession(const core::Policy& present, const LoadedPolicy& next) {
  Problems problems(next.file);
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
  return std::move(problems).Take();
}

}  // namespace fundgate::policy
