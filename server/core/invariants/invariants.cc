#include "server/core/invariants/invariants.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "fundgate/types/checked.h"
#include "server/core/freshness.h"
#include "server/expression/value.h"

namespace fundgate::core {
namespace {

std::optional<int64_t> WorstValue(const Counter& counter, Influence influence) {
  switch (influence) {
    case Influence::kTightens:
      return CheckedAdd(counter.posted, counter.pending_up);
    case Influence::kLoosens:
      return CheckedSubtract(counter.posted, counter.pending_down);
    case Influence::kNone:
      return counter.posted;
  }
  return std::nullopt;
}

Holds Evaluate(const InvariantDefinition& invariant, std::span<const int64_t> counters) {
  absl::InlinedVector<expression::Value, 8> slots;
  for (const int64_t counter : counters) slots.push_back(expression::Value::Int(counter));
  const expression::Value holds = invariant.holds.Evaluate(slots);
  if (holds.is_true()) return Holds::kYes;
  return holds.is_false() ? Holds::kNo : Holds::kUnknown;
}

bool CanWorsen(const InvariantDefinition& invariant, const TouchedBook& touched) {
  return std::any_of(touched.deltas.begin(), touched.deltas.end(), [&](const Delta* delta) {
    const Influence influence = invariant.influence[delta->counter];
    return (influence == Influence::kTightens && delta->amount > 0) ||
           (influence == Influence::kLoosens && delta->amount < 0);
  });
}

std::string BookText(const BookId& id) {
  return id.order.empty() ? absl::StrCat(id.book, " ", id.account.value())
                          : absl::StrCat(id.book, " ", id.account.value(), "/", id.order.value());
}

Reason BrokenReason(const InvariantDefinition& invariant, const BookDefinition& definition,
                    const BookId& id, std::span<const int64_t> corner) {
  Reason reason{ReasonCode::kInvariant, invariant.name, "", invariant.otherwise, {}};
  reason.message = absl::StrCat("\"", invariant.text, "\" would not hold for ", BookText(id), ": ",
                                Describe(definition, id.currency, corner),
                                ", counting what is pending at its worst");
  reason.fields.emplace_back("book", id.book);
  if (!id.order.empty()) reason.fields.emplace_back("order_id", id.order.value());
  for (size_t i = 0; i < corner.size(); ++i) {
    reason.fields.emplace_back(definition.counters[i], absl::StrCat(corner[i]));
  }
  return reason;
}

Reason LimitReason(const CheckInput& check, const CheckpointDefinition& checkpoint,
                   std::string name, const BookId& id) {
  return {ReasonCode::kLimit,
          std::move(name),
          absl::StrCat("the counters of ", BookText(id),
                       " would leave 64 bits; an operator must look at this book"),
          checkpoint.AnswerTo(Condition::kError, check.amount),
          {}};
}

// True if what could make the invariant hold is among what could not be read.
bool GapMayHideCure(const Draft& draft, const InvariantDefinition& invariant, const BookId& id) {
  if (draft.before().of<Gaps>().empty()) return false;
  const std::vector<MovementDefinition>& movements = draft.policy().movements;
  return std::any_of(movements.begin(), movements.end(), [&](const MovementDefinition& movement) {
    return MayCure(movement, invariant) && HasGapOver(draft, movement.kind, id);
  });
}

void JudgeOne(Draft& draft, const CheckInput& check, const CheckpointDefinition& checkpoint,
              const InvariantDefinition& invariant, const TouchedBook& touched, const Book& after,
              Findings& findings) {
  const BookId& id = touched.id;
  CounterValues corner;
  const Holds holds = HoldsAtWorst(invariant, after, &corner);
  if (holds == Holds::kYes) return;
  if (holds == Holds::kUnknown)
    return findings.Add(LimitReason(check, checkpoint, invariant.name, id));

  Reason broken = BrokenReason(invariant, *touched.definition, id, corner);
  if (!CanWorsen(invariant, touched)) {
    broken.verdict = Verdict::kAllow;  // broken by others: reported, but not this check's fault
    return findings.Add(std::move(broken));
  }
  const std::vector<SourceName> unproven = NotProvenPast(draft, invariant.cures, check.arrived_at);
  const bool certain = unproven.empty() && !GapMayHideCure(draft, invariant, id);
  if (certain) return findings.Add(std::move(broken));
  broken.code = ReasonCode::kUnproven;
  broken.verdict = Verdict::kHold;
  if (unproven.empty()) {
    absl::StrAppend(&broken.message, "; what could cure it may be among what could not be read");
    return findings.Add(std::move(broken));
  }
  absl::StrAppend(&broken.message, "; a source that could cure it was not proven in time");
  findings.AddPending(std::move(broken), unproven);
}

}  // namespace

std::string Describe(const BookDefinition& book, Currency currency,
                     std::span<const int64_t> counters) {
  std::string text;
  for (size_t i = 0; i < counters.size(); ++i) {
    absl::StrAppend(&text, i == 0 ? "" : ", ", book.counters[i], " ",
                    Money{currency, counters[i]}.ToString());
  }
  return text;
}

Holds HoldsAtWorst(const InvariantDefinition& invariant, const Book& book, CounterValues* corner) {
  corner->clear();
  for (size_t i = 0; i < book.counters.size(); ++i) {
    const std::optional<int64_t> value = WorstValue(book.counters[i], invariant.influence[i]);
    if (!value.has_value()) return Holds::kUnknown;
    corner->push_back(*value);
  }
  return Evaluate(invariant, *corner);
}

Holds HoldsAsPosted(const InvariantDefinition& invariant, const Book& book) {
  CounterValues posted;
  for (const Counter& counter : book.counters) posted.push_back(counter.posted);
  return Evaluate(invariant, posted);
}

void CheckInvariants(Draft& draft, const CheckInput& check, const TouchedBooks& books,
                     const CheckpointDefinition& checkpoint, Findings& findings) {
  for (const TouchedBook& touched : books) {
    const std::optional<Book> after = BookAfter(touched, Posting::kReserve);
    if (!after.has_value()) {
      findings.Add(LimitReason(check, checkpoint, touched.id.book, touched.id));
      continue;
    }
    for (const InvariantDefinition& invariant : draft.policy().invariants) {
      if (&draft.policy().books[invariant.book] == touched.definition) {
        JudgeOne(draft, check, checkpoint, invariant, touched, *after, findings);
      }
    }
  }
}

}  // namespace fundgate::core
