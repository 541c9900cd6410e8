#include "server/core/freshness.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"

namespace fundgate::core {
namespace {

constexpr char kClockName[] = "clock";

void CheckClock(const Draft& draft, const CheckInput& check, const CheckpointDefinition& checkpoint,
                Findings& findings) {
  const ClockRecord& clock = draft.before().clock;
  if (!clock.drifted) return;
  findings.Add({ReasonCode::kStaleSource,
                kClockName,
                absl::StrCat("the wall clock ran away from input time by ",
                             absl::FormatDuration(clock.drift),
                             " and no operator has accepted the time yet"),
                checkpoint.AnswerTo(Condition::kStale, check.amount),
                {}});
}

void CheckStaleness(Draft& draft, const CheckInput& check, const CheckpointDefinition& checkpoint,
                    Findings& findings) {
  const absl::Duration allowed =
      std::min(checkpoint.max_staleness, check.max_staleness.value_or(checkpoint.max_staleness));
  // A caller may ask for proof newer than the check itself; past its arrival is as new as it gets.
  const absl::Time threshold = std::min(draft.now() - allowed, check.arrived_at);
  for (const SourceName& name : NotProvenPast(draft, checkpoint.sources, threshold)) {
    const Source& source = draft.ReadSource(name);
    if (source.inside_transaction) {
      findings.AddPending(
          {ReasonCode::kUnproven,
           name.value(),
           absl::StrCat("source ", name.value(), " is inside of a large transaction, at \"",
                        source.position.ToString(), "\"; nobody is judged by half of it"),
           checkpoint.AnswerTo(Condition::kUnproven, check.amount),
           {}},
          {name});
      continue;
    }
    const absl::Time proven = source.proven_past;
    Reason reason{ReasonCode::kStaleSource,
                  name.value(),
                  "",
                  checkpoint.AnswerTo(Condition::kStale, check.amount),
                  {}};
    reason.message =
        proven == absl::InfinitePast()
            ? absl::StrCat("nothing is proven of source ", name.value(), " yet")
            : absl::StrCat("source ", name.value(), " was last proven ",
                           absl::FormatDuration(draft.now() - proven), " ago; at most ",
                           absl::FormatDuration(allowed), " is allowed");
    findings.AddPending(std::move(reason), {name});
  }
}

void CheckPositions(Draft& draft, const CheckInput& check, Findings& findings) {
  for (const auto& [name, position] : check.after_positions) {
    const Source& source = draft.ReadSource(name);
    if (source.position.Covers(position)) continue;
    findings.AddPendingPosition(
        {ReasonCode::kUnproven,
         name.value(),
         absl::StrCat("source ", name.value(), " has not reached ", position.ToString(),
                      " yet; it is at \"", source.position.ToString(), "\""),
         Verdict::kHold,
         {}},
        name, position);
  }
}

// The gap that hides movements of `kind` from this book, or null.
const std::pair<const GapScope, Gap>* FindGapOver(const Resident& resident,
                                                  const MovementKind& kind, const BookId& book) {
  const auto& gaps = resident.of<Gaps>();
  auto entry = gaps.lower_bound(GapScope{kind, AccountId(), OrderId()});
  for (; entry != gaps.end() && entry->first.kind == kind; ++entry) {
    const GapScope& scope = entry->first;
    const bool same_account = scope.account.empty() || scope.account == book.account;
    const bool same_order = scope.order.empty() || book.order.empty() || scope.order == book.order;
    if (same_account && same_order) return &*entry;
  }
  return nullptr;
}

bool Touches(const Policy& policy, const MovementDefinition& movement, const std::string& book) {
  return std::any_of(movement.effects.begin(), movement.effects.end(),
                     [&](const Effect& effect) { return policy.books[effect.book].name == book; });
}

void CheckGaps(Draft& draft, const CheckInput& check, const TouchedBooks& books,
               const CheckpointDefinition& checkpoint, Findings& findings) {
  if (draft.before().of<Gaps>().empty()) return;
  std::set<GapScope> reported;
  for (const TouchedBook& touched : books) {
    for (const MovementDefinition& movement : draft.policy().movements) {
      const bool feeds = Touches(draft.policy(), movement, touched.id.book);
      const auto* gap = feeds ? FindGapOver(draft.before(), movement.kind, touched.id) : nullptr;
      if (gap == nullptr || !reported.insert(gap->first).second) continue;
      findings.Add({ReasonCode::kUnproven,
                    absl::StrCat("gap:", movement.kind.value()),
                    absl::StrCat("source ", gap->second.source.value(), " could not read every ",
                                 movement.kind.value(), " since ",
                                 absl::FormatTime(gap->second.since, absl::UTCTimeZone()), ": ",
                                 gap->second.reason),
                    checkpoint.AnswerTo(Condition::kUnproven, check.amount),
                    {}});
    }
  }
}

void CheckClosedOrders(Draft& draft, const TouchedBooks& books, Findings& findings) {
  for (const TouchedBook& touched : books) {
    const BookId& book = touched.id;
    const BookDefinition& definition = *touched.definition;
    if (!definition.by_order && !definition.single_currency) continue;
    const Family* family = draft.FindFamily({book.book, book.account, book.order});
    if (family == nullptr) continue;
    if (family->closed) {
      findings.Add({ReasonCode::kLimit,
                    "key_retention",
                    absl::StrCat("order ", book.order.value(),
                                 " is older than the keys that are kept: whether this movement was "
                                 "made before is not known any more"),
                    Verdict::kHold,
                    {}});
    }
    if (definition.single_currency && !family->currency.empty() &&
        family->currency != book.currency) {
      findings.Add({ReasonCode::kInvariant,
                    absl::StrCat(book.book, ".single_currency"),
                    absl::StrCat(book.book, " ", book.account.value(), "/", book.order.value(),
                                 " is in ", std::string(family->currency.code()), ", not in ",
                                 std::string(book.currency.code())),
                    Verdict::kBlock,
                    {}});
    }
  }
}

}  // namespace

std::vector<SourceName> NotProvenPast(Draft& draft, const std::vector<SourceName>& sources,
                                      absl::Time time) {
  std::vector<SourceName> unproven;
  for (const SourceName& name : sources) {
    if (!draft.ReadSource(name).IsProvenPast(time)) unproven.push_back(name);
  }
  return unproven;
}

bool HasGapOver(const Draft& draft, const MovementKind& kind, const BookId& book) {
  return FindGapOver(draft.before(), kind, book) != nullptr;
}

bool HasGap(const Draft& draft, const CheckpointDefinition& checkpoint) {
  const Policy& policy = draft.policy();
  const std::vector<Effect>& judged = policy.movements[checkpoint.movement].effects;
  const auto& gaps = draft.before().of<Gaps>();
  return std::any_of(gaps.begin(), gaps.end(), [&](const auto& gap) {
    const MovementDefinition* movement = policy.FindMovement(gap.first.kind);
    return movement != nullptr &&
           std::any_of(judged.begin(), judged.end(), [&](const Effect& effect) {
             return Touches(policy, *movement, policy.books[effect.book].name);
           });
  });
}

void CheckFreshness(Draft& draft, const CheckInput& check, const TouchedBooks& books,
                    const CheckpointDefinition& checkpoint, Findings& findings) {
  CheckClock(draft, check, checkpoint, findings);
  CheckStaleness(draft, check, checkpoint, findings);
  CheckPositions(draft, check, findings);
  CheckGaps(draft, check, books, checkpoint, findings);
  CheckClosedOrders(draft, books, findings);
}

SourceSightings SourcesAsSeen(Draft& draft, const CheckpointDefinition& checkpoint) {
  SourceSightings seen;
  seen.reserve(checkpoint.sources.size());
  for (const SourceName& name : checkpoint.sources) {
    const Source& source = draft.ReadSource(name);
    seen.push_back({name, source.position, source.proven_past});
  }
  return seen;
}

}  // namespace fundgate::core
