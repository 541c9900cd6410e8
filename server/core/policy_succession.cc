#include "server/core/policy_succession.h"

#include "absl/strings/str_cat.h"

namespace fundgate::core {

absl::Status CheckSuccession(const Policy& present, const Policy& next) {
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
  draft.SetPolicy({version, input.text, input.actor, input.comment, draft.now()}, input.policy);
  return PolicyAnswer{version};
}

}  // namespace fundgate::core
