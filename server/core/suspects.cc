#include "server/core/suspects.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "fundgate/types/checked.h"
#include "server/core/books.h"
#include "server/core/breaker_scope.h"
#include "server/core/breakers.h"
#include "server/core/freshness.h"
#include "server/core/invariants/invariants.h"
#include "server/core/snapshots.h"

namespace fundgate::core {
namespace {

bool Worsens(const InvariantDefinition& invariant, const Delta& delta) {
  const Influence influence = invariant.influence[delta.counter];
  return (influence == Influence::kTightens && delta.amount > 0) ||
         (influence == Influence::kLoosens && delta.amount < 0);
}

void ActUpon(Draft& draft, const InvariantDefinition& invariant, const BookId& book) {
  const std::string reason = absl::StrCat("events broke ", invariant.name);
  switch (invariant.on_event) {
    case OnEvent::kAlert:
      return;
    case OnEvent::kFreeze: {
      const BreakerScope scope =
          book.order.empty()
              ? BreakerScope{std::string(kEverything), "account", book.account.value()}
              : BreakerScope{std::string(kEverything), "order", book.order.value()};
      return OpenAutomatically(draft, scope.ToString(), BreakerOrigin::kFreeze, reason);
    }
    case OnEvent::kTrip:
      for (const std::string& kind : CheckpointsThatWorsen(draft.policy(), invariant)) {
        const BreakerScope scope{kind, "account", book.account.value()};
        OpenAutomatically(draft, scope.ToString(), BreakerOrigin::kTrip, reason);
      }
  }
}

Violation BrokenInvariant(const Draft& draft, const InvariantDefinition& invariant,
                          const BookId& id, const Book& book, const Suspect& suspect) {
  const BookDefinition& definition = draft.policy().books[invariant.book];
  std::vector<int64_t> posted;
  for (const Counter& counter : book.counters) posted.push_back(counter.posted);
  Violation violation;
  violation.kind = ViolationKind::kInvariant;
  violation.name = invariant.name;
  violation.account = id.account;
  violation.order = id.order;
  violation.amount.currency = id.currency;
  violation.source = suspect.source;
  violation.event_id = suspect.event_id;
  violation.message = absl::StrCat("\"", invariant.text,
                                   "\" does not hold: ", Describe(definition, id.currency, posted));
  for (size_t i = 0; i < posted.size(); ++i) {
    violation.fields.emplace_back(definition.counters[i], absl::StrCat(posted[i]));
  }
  return violation;
}

void Worsen(Suspect& suspect, const Delta& delta, absl::Time now, size_t counters,
            const SourceName& source, const std::string& event_id, bool history) {
  suspect.late.resize(counters, 0);
  int64_t& sum = suspect.late[delta.counter];
  // A sum that leaves 64 bits stays where it is: then less is left out of the judgement.
  sum = CheckedAdd(sum, delta.amount).value_or(sum);
  suspect.late_since = now;
  suspect.late_source = source;
  suspect.late_event_id = event_id;
  suspect.late_history = history;
}

// The book without what worsened it after the suspicion arose.
Book WithoutLate(Book book, const Suspect& suspect) {
  for (size_t i = 0; i < suspect.late.size(); ++i) {
    int64_t& posted = book.counters[i].posted;
    posted = CheckedSubtract(posted, suspect.late[i]).value_or(posted);
  }
  return book;
}

// Judges the suspect, whose sources are proven past it. Returns what is suspected still, if
// anything.
std::optional<Suspect> Judge(Draft& draft, const InvariantDefinition& invariant, const BookId& id,
                             const Suspect& suspect) {
  const Book& book = draft.ReadBook(id, draft.policy().books[invariant.book]);
  if (HoldsAsPosted(invariant, WithoutLate(book, suspect)) != Holds::kYes) {
    const Draft::HistoryScope history(draft, suspect.history);
    draft.AddViolation(BrokenInvariant(draft, invariant, id, book, suspect));
    if (!suspect.history) ActUpon(draft, invariant, id);
    return std::nullopt;
  }
  if (suspect.late.empty() || HoldsAsPosted(invariant, book) == Holds::kYes) return std::nullopt;
  Suspect later{suspect.late_since, suspect.late_source, suspect.late_event_id, {}};
  later.history = suspect.late_history;
  return later;
}

}  // namespace

const InvariantDefinition* FindInvariant(const Policy& policy, const std::string& name) {
  const auto found = std::find_if(policy.invariants.begin(), policy.invariants.end(),
                                  [&name](const InvariantDefinition& i) { return i.name == name; });
  return found == policy.invariants.end() ? nullptr : &*found;
}

std::set<std::string> CheckpointsThatWorsen(const Policy& policy,
                                            const InvariantDefinition& invariant) {
  std::set<std::string> kinds;
  for (const CheckpointDefinition& checkpoint : policy.checkpoints) {
    for (const Effect& effect : policy.movements[checkpoint.movement].effects) {
      const Delta unit{"", OrderId(), false, static_cast<uint32_t>(effect.counter), effect.sign};
      if (effect.book == invariant.book && Worsens(invariant, unit)) {
        kinds.insert(checkpoint.kind.value());
      }
    }
  }
  return kinds;
}

void SuspectInvariants(Draft& draft, std::span<const Delta> deltas, const AccountId& account,
                       Currency currency, const SourceName& source, const std::string& event_id) {
  for (const InvariantDefinition& invariant : draft.policy().invariants) {
    const BookDefinition& definition = draft.policy().books[invariant.book];
    for (const Delta& delta : deltas) {
      if (delta.book != definition.name || !Worsens(invariant, delta)) continue;
      const BookId id = BookOf(delta, account, currency);
      if (HoldsAsPosted(invariant, draft.ReadBook(id, definition)) == Holds::kYes) continue;
      Suspect& suspect = draft.MutableSuspect({id, invariant.name});
      if (suspect.event_id.empty()) {
        suspect = Suspect{draft.now(), source, event_id, {}};
        suspect.history = draft.finds_history();
      } else if (suspect.since < draft.now()) {
        Worsen(suspect, delta, draft.now(), definition.counters.size(), source, event_id,
               draft.finds_history());
      }
    }
  }
}

void JudgeSuspects(Draft& draft) {
  for (const auto& [id, suspect] : draft.Suspects()) {
    const InvariantDefinition* invariant = FindInvariant(draft.policy(), id.invariant);
    if (invariant == nullptr) {  // a newer policy has dropped it
      draft.EraseSuspect(id);
      continue;
    }
    const std::vector<SourceName>& sources = draft.policy().books[invariant->book].sources;
    if (IsBeingRead(draft, sources)) continue;  // what is not read yet may cure it
    std::optional<Suspect> suspected = suspect;
    while (suspected.has_value() && NotProvenPast(draft, sources, suspected->since).empty()) {
      suspected = Judge(draft, *invariant, id.book, *suspected);
    }
    if (!suspected.has_value()) {
      draft.EraseSuspect(id);
    } else if (*suspected != suspect) {
      draft.MutableSuspect(id) = *std::move(suspected);
    }
  }
}

}  // namespace fundgate::core
