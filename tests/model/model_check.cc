// How the model judges checks.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <limits>

#include "tests/model/model.h"

namespace fundgate::model {
namespace {

using core::ReasonCode;
using core::Verdict;

std::string DecisionId(uint64_t sequence) {
  char text[32];
  std::snprintf(text, sizeof text, "d%016llx", static_cast<unsigned long long>(sequence));
  return text;
}

std::string TextAttribute(const core::CheckInput& check, const std::string& name) {
  const auto found = check.attributes.find(name);
  return found == check.attributes.end() ? "" : std::get<std::string>(found->second);
}

bool FitsIn64(Wide value) {
  return value >= std::numeric_limits<int64_t>::min() &&
         value <= std::numeric_limits<int64_t>::max();
}

// Whether more than the order of a single line differs.
bool SameOrder(const core::Lines& a, const core::Lines& b) {
  return a.size() > 1 || b.size() > 1 || a.front().order == b.front().order;
}

}  // namespace

AnswerPicture Model::Decided(Verdict verdict, std::set<std::string> reasons) const {
  AnswerPicture answer;
  answer.sort = AnswerSort::kDecision;
  answer.verdict = verdict;
  answer.reasons = std::move(reasons);
  answer.decision_id = DecisionId(sequence_);
  return answer;
}

void Model::Add(Found& found, ReasonCode code, const std::string& name, Verdict verdict) {
  found.reasons.insert(ReasonText(code, name, verdict));
  found.certain = std::max(found.certain, verdict);
}

void Model::AddPending(Found& found, ReasonCode code, const std::string& name, Verdict verdict) {
  found.reasons.insert(ReasonText(code, name, verdict));
  found.pending = std::max(found.pending, verdict);
  found.waits = true;
}

bool Model::WellFormed(const core::CheckInput& check) const {
  const KindFacts* kind = FindKind(check.key.kind.value());
  if (kind == nullptr || !kind->gated) return false;
  if (check.key.key.empty() || check.account.empty() || check.amount.minor_units <= 0) return false;
  if (check.lines.empty() || (!kind->many_lines && check.lines.size() > 1)) return false;
  Wide sum = 0;
  for (const core::Line& line : check.lines) {
    if (line.amount <= 0 || (kind->needs_order && line.order.empty())) return false;
    Wide parts = 0;
    for (const auto& [name, amount] : line.parts) {
      if (amount < 0) return false;
      parts += amount;
    }
    if (kind->many_lines ? parts != line.amount : !line.parts.empty()) return false;
    sum += line.amount;
  }
  return sum == check.amount.minor_units;
}

AnswerPicture Model::Apply(const core::CheckInput& check) {
  if (!WellFormed(check)) return Refused(absl::StatusCode::kInvalidArgument);
  if (std::optional<AnswerPicture> answer = AnswerOfKey(check)) return *answer;
  return Judge(check);
}

// The table of what a key alone says.
std::optional<AnswerPicture> Model::AnswerOfKey(const core::CheckInput& check) {
  const auto found = keys_.find(check.key);
  if (found == keys_.end()) return std::nullopt;
  const Key& key = found->second;
  const auto ends = [&](ReasonCode code, const std::string& name, Verdict verdict) {
    return Decided(verdict, {ReasonText(code, name, verdict)});
  };
  if (key.state == core::KeyState::kRejected) {
    return ends(ReasonCode::kRejected, "", Verdict::kBlock);
  }
  if (key.binding.has_value()) {
    const Binding& bound = *key.binding;
    std::string field;
    if (check.key.kind == MovementKind("cash_out") &&
        bound.payee != TextAttribute(check, "payee")) {
      field = "attributes[payee]";
    }
    if (bound.lines != check.lines) {
      field = SameOrder(bound.lines, check.lines) ? "lines" : "order_id";
    }
    if (bound.amount.minor_units != check.amount.minor_units) field = "amount.minor_units";
    if (bound.amount.currency != check.amount.currency) field = "amount.currency_code";
    if (bound.account != check.account) field = "account_id";
    if (!field.empty()) return ends(ReasonCode::kIdempotencyConflict, field, Verdict::kBlock);
  }
  if (key.moved) return ends(ReasonCode::kAlreadyMoved, "", Verdict::kBlock);
  // A release closed it before this check was answered, whatever was asked since.
  if (key.closed_at.has_value() && check.arrived_at <= *key.closed_at) {
    return ends(ReasonCode::kHeld, "", Verdict::kHold);
  }
  if (key.state != core::KeyState::kAllowed) return std::nullopt;
  switch (key.reservation->state) {
    case core::ReservationState::kConfirmed:
    case core::ReservationState::kPosted:
      return ends(ReasonCode::kAlreadyMoved, "", Verdict::kBlock);
    case core::ReservationState::kReleased:
      return std::nullopt;
    case core::ReservationState::kPending:
      break;
  }
  if (!drifted_ && now_ >= key.reservation->valid_until &&
      mutation_ != Mutation::kReplaysAfterValidUntil) {
    return ends(ReasonCode::kInDoubt, "", Verdict::kHold);
  }
  Found open;
  for (const std::string& scope : ScopesOver(check)) {
    const BreakerNow* breaker = BreakerOver(scope);
    if (breaker == nullptr || breaker->state != core::BreakerState::kOpen) continue;
    if (breaker->mode == Verdict::kAllow) continue;  // it only reports
    Add(open, ReasonCode::kBreaker, scope, breaker->mode);
  }
  // Nobody knows what time it is: an ALLOW that ends at some time can't be said again.
  if (drifted_) Add(open, ReasonCode::kStaleSource, "clock", Verdict::kHold);
  if (!open.reasons.empty()) return Decided(open.certain, open.reasons);
  AnswerPicture replay = key.decision;
  replay.replayed = true;
  return replay;
}

std::set<std::string> Model::ScopesOver(const core::CheckInput& check) const {
  std::set<std::string> scopes;
  for (const std::string& checkpoint : {std::string("*"), check.key.kind.value()}) {
    scopes.insert(checkpoint);
    const auto cover = [&](const std::string& field, const std::string& value) {
      std::string scope = checkpoint;
      scopes.insert(scope.append("/").append(field).append(":").append(value));
    };
    cover("account", check.account.value());
    cover("currency", std::string(check.amount.currency.code()));
    for (const core::Line& line : check.lines) {
      if (!line.order.empty()) cover("order", line.order.value());
    }
    for (const auto& [name, value] : check.attributes) cover(name, TextAttribute(check, name));
  }
  return scopes;
}

// Null if nothing stands over the scope, or only what has ended by itself.
const BreakerNow* Model::BreakerOver(const std::string& scope) const {
  const auto found = breakers_.find(scope);
  if (found == breakers_.end() || mutation_ == Mutation::kForgetsBreakers) return nullptr;
  const bool ended = found->second.until.has_value() && *found->second.until <= now_ && !drifted_;
  return ended ? nullptr : &found->second;
}

void Model::AskBreakers(const core::CheckInput& check, Found& found) const {
  for (const std::string& scope : ScopesOver(check)) {
    const BreakerNow* at = BreakerOver(scope);
    if (at == nullptr) continue;
    const BreakerNow& breaker = *at;
    const bool suffices = breaker.calls >= 1 && breaker.money.currency == check.amount.currency &&
                          breaker.money.minor_units >= check.amount.minor_units;
    if (breaker.state == core::BreakerState::kHalfOpen && suffices) continue;
    const bool passes = LetsPass(check, scope, breaker);
    Add(found, ReasonCode::kBreaker, scope, passes ? Verdict::kAllow : breaker.mode);
    if (!passes && breaker.mode == Verdict::kHold && scope != "*") found.held_by.insert(scope);
  }
}

// Whether an operator has approved this key in spite of that.
bool Model::IsApproved(const core::CheckInput& check, const std::string& what) const {
  const auto found = keys_.find(check.key);
  if (found == keys_.end() || !found->second.waits) return false;
  const Key& key = found->second;
  return key.state == core::KeyState::kHeld && key.approved.contains(what) && !HasRunOut(key);
}

// The key's approval, if it has one.
bool Model::HasRunOut(const Key& key) const {
  return now_ >= key.approved_until && mutation_ != Mutation::kApprovesForEver;
}

bool Model::LetsPass(const core::CheckInput& check, const std::string& scope,
                     const BreakerNow& breaker) const {
  return breaker.mode == Verdict::kHold && IsApproved(check, scope) &&
         breaker.switched_at <= keys_.at(check.key).approved_as_of;
}

void Model::AskFreshness(const core::CheckInput& check, Found& found) const {
  if (mutation_ == Mutation::kTrustsStaleSources) return;
  const CheckpointFacts& checkpoint = *terms_.FindCheckpoint(check.key.kind.value());
  const absl::Duration limit =
      std::min(checkpoint.max_staleness, check.max_staleness.value_or(checkpoint.max_staleness));
  const Verdict verdict = checkpoint.allows_stale ? Verdict::kAllow : Verdict::kHold;
  if (drifted_) {
    Add(found, ReasonCode::kStaleSource, "clock", verdict);
    found.blind = checkpoint.allows_stale;
  }
  for (const std::string& source : checkpoint.sources) {
    // Proof from after the question was asked is fresh enough for any answer to it.
    if (IsProven(source, std::min(now_ - limit, check.arrived_at))) continue;
    found.wait_sources.insert(source);
    const auto now = sources_.find(source);
    if (now != sources_.end() && now->second.inside_transaction) {
      AddPending(found, ReasonCode::kUnproven, source, Verdict::kHold);
      continue;
    }
    AddPending(found, ReasonCode::kStaleSource, source, verdict);
    found.blind = checkpoint.allows_stale;
  }
}

// Positions that the caller has seen, gaps, and orders whose keys are gone.
void Model::AskKnowledge(const core::CheckInput& check, const std::vector<Step>& steps,
                         Found& found) const {
  for (const auto& [name, position] : check.after_positions) {
    const auto source = sources_.find(name.value());
    const uint64_t applied = source == sources_.end() ? 0 : source->second.position;
    if (applied >= NumberOf(position)) continue;
    AddPending(found, ReasonCode::kUnproven, name.value(), Verdict::kHold);
  }
  for (const core::GapScope& gap : Unknown()) {
    const std::set<std::string> books = BooksOf(gap.kind.value());
    const bool touches = std::any_of(steps.begin(), steps.end(), [&](const Step& step) {
      return books.contains(step.book.book) &&
             (gap.account.empty() || gap.account == step.book.account) &&
             (gap.order.empty() || step.book.order.empty() || gap.order == step.book.order);
    });
    if (touches) Add(found, ReasonCode::kUnproven, "gap:" + gap.kind.value(), Verdict::kHold);
  }
  for (const Step& step : steps) {
    if (step.book.book == "order" && closed_.contains({step.book.account, step.book.order})) {
      Add(found, ReasonCode::kLimit, "", Verdict::kHold);
    }
  }
}

void Model::AskInvariants(const core::CheckInput& check, const std::vector<Step>& steps,
                          Found& found) const {
  std::set<core::BookId> books;
  for (const Step& step : steps) books.insert(step.book);
  for (const core::BookId& book : books) {
    if (book.book == "order") {
      const auto bound = currencies_.find({book.account, book.order});
      if (bound != currencies_.end() && bound->second != book.currency) {
        Add(found, ReasonCode::kInvariant, "order.single_currency", Verdict::kBlock);
      }
    }
    std::vector<Step> of_book = steps;
    std::erase_if(of_book, [&](const Step& step) { return step.book != book; });
    if (!FitsIn(of_book)) {
      Add(found, ReasonCode::kLimit, "", Verdict::kHold);
      continue;
    }
    for (const InvariantFacts& invariant : AllInvariants()) {
      if (invariant.book == book.book) {
        AskInvariant(invariant, book, steps, check.arrived_at, found);
      }
    }
  }
}

void Model::AskInvariant(const InvariantFacts& invariant, const core::BookId& book,
                         const std::vector<Step>& steps, absl::Time arrived_at,
                         Found& found) const {
  std::vector<Numbers> numbers = NumbersOf(book);
  bool worsens = false;
  for (const Step& step : steps) {
    if (step.book != book) continue;
    numbers[step.counter].up += step.amount;  // checks only add
    worsens = worsens || invariant.influence[step.counter] > 0;
  }
  std::vector<Wide> corner;
  bool fits = true;
  for (size_t i = 0; i < numbers.size(); ++i) {
    Wide value = numbers[i].posted;
    if (invariant.influence[i] > 0) value += numbers[i].up;
    if (invariant.influence[i] < 0) value -= numbers[i].down;
    fits = fits && FitsIn64(value);
    corner.push_back(value);
  }
  const Truth truth = fits ? invariant.holds(corner) : Truth::kOverflow;
  if (truth == Truth::kYes) return;
  if (truth == Truth::kOverflow) {
    Add(found, ReasonCode::kLimit, "", Verdict::kHold);
    return;
  }
  if (!worsens) return Add(found, ReasonCode::kInvariant, invariant.name, Verdict::kAllow);
  bool proven = true;
  for (const std::string& source : invariant.cures) {
    if (IsProven(source, arrived_at)) continue;
    proven = false;
    found.wait_sources.insert(source);
  }
  if (!proven) return AddPending(found, ReasonCode::kUnproven, invariant.name, Verdict::kHold);
  if (IsCureLost(invariant, book)) {
    return Add(found, ReasonCode::kUnproven, invariant.name, Verdict::kHold);
  }
  Add(found, ReasonCode::kInvariant, invariant.name, terms_.Otherwise(invariant.name));
}

// Whether an event that nobody could read may have been the one that helps the invariant.
bool Model::IsCureLost(const InvariantFacts& invariant, const core::BookId& book) const {
  const std::set<core::GapScope> unknown = Unknown();
  return std::any_of(unknown.begin(), unknown.end(), [&](const core::GapScope& gap) {
    if (!gap.account.empty() && gap.account != book.account) return false;
    if (!gap.order.empty() && !book.order.empty() && gap.order != book.order) return false;
    const KindFacts* kind = FindKind(gap.kind.value());
    if (kind == nullptr) return false;
    const core::Line line{book.order, 2, {{"fee", 1}, {"net", 1}}};
    const std::vector<Step> steps = StepsOf(kind->kind, book.account, book.currency, line);
    return std::any_of(steps.begin(), steps.end(), [&](const Step& step) {
      if (step.book.book != invariant.book) return false;
      const Wide push = invariant.influence[step.counter] * step.amount;
      return push < 0 || (push > 0 && (kind->gated || kind->reversible));
    });
  });
}

AnswerPicture Model::Judge(const core::CheckInput& check) {
  std::vector<Step> steps;
  for (const core::Line& line : check.lines) {
    const std::vector<Step> of_line =
        StepsOf(check.key.kind.value(), check.account, check.amount.currency, line);
    steps.insert(steps.end(), of_line.begin(), of_line.end());
  }
  Found found;
  AskBreakers(check, found);
  AskFreshness(check, found);
  AskKnowledge(check, steps, found);
  AskInvariants(check, steps, found);
  const std::vector<RuleSaid> said = AskRules(check, found);
  const absl::Time give_up_at = check.arrived_at + absl::Milliseconds(200);
  if (check.may_wait && now_ < give_up_at && found.waits && found.certain == Verdict::kAllow) {
    AnswerPicture wait;
    wait.sort = AnswerSort::kWait;
    wait.recorded = false;
    wait.wait_sources = found.wait_sources;
    wait.wait_until = give_up_at;
    return wait;
  }
  // Once nothing is missing, what was allowed without knowing is no longer counted.
  const bool knows_all =
      std::none_of(found.reasons.begin(), found.reasons.end(), [](const std::string& reason) {
        return reason.starts_with("code 8 ") || reason.starts_with("code 9 ");
      });
  if (terms_.FindCheckpoint(check.key.kind.value())->allows_stale && knows_all)
    blind_spent_.reset();
  const auto [calls, money] = blind_spent_.value_or(std::pair<int64_t, int64_t>(0, 0));
  const bool affordable = calls < terms_.blind_calls && check.amount.currency.code() == "CNY" &&
                          check.amount.minor_units <= terms_.blind_amount - money;
  if (found.blind && !affordable) {
    for (const std::string name : {"clock", "till"}) {
      if (found.reasons.erase(ReasonText(ReasonCode::kStaleSource, name, Verdict::kAllow)) > 0) {
        Add(found, ReasonCode::kStaleSource, name, Verdict::kHold);
      }
    }
  }
  AnswerPicture answer = Decided(std::max(found.certain, found.pending), found.reasons);
  for (const RuleSaid& one : said) {
    if (one.counts) continue;
    const bool failed = one.truth == Truth::kOverflow;
    answer.shadow.insert(ReasonText(failed ? ReasonCode::kLimit : ReasonCode::kRule,
                                    failed ? "" : one.rule, one.verdict));
  }
  NoteRules(check, said);
  Reserve(check, steps, found, answer);
  return answer;
}

// Keeps the decision; an ALLOW also sets the money aside.
void Model::Reserve(const core::CheckInput& check, const std::vector<Step>& steps,
                    const Found& found, AnswerPicture& answer) {
  const CheckpointFacts& checkpoint = *terms_.FindCheckpoint(check.key.kind.value());
  Key& key = keys_[check.key];
  const bool first = !key.reservation.has_value() && key.released.empty();
  if (first && answer.verdict == Verdict::kAllow) {
    AllowedOnce once{now_, check.key.kind.value(), check.account, check.amount, check.lines, {}};
    for (const auto& [name, value] : check.attributes) {
      once.attributes[name] = std::get<std::string>(value);
    }
    allowed_.push_back(std::move(once));
  }
  if (!key.binding.has_value()) {
    key.binding = Binding{check.account, check.amount, check.lines, TextAttribute(check, "payee")};
  }
  if (key.state == core::KeyState::kAllowed) {
    key.released[key.decision_id] = key.reservation->amount.minor_units;
  }
  ++key.generation;
  key.decision_id = answer.decision_id;
  key.changed_at = now_;
  key.reservation.reset();
  key.state = answer.verdict == Verdict::kBlock ? core::KeyState::kBlocked : core::KeyState::kHeld;
  if (answer.verdict == Verdict::kAllow) {
    key.state = core::KeyState::kAllowed;
    key.reservation =
        Reserved{core::ReservationState::kPending, check.amount, steps, now_ + checkpoint.valid_for,
                 now_ + checkpoint.overdue_after,  false};
    answer.valid_until = key.reservation->valid_until;
    BindCurrency(steps);
    for (const std::string& scope : ScopesOver(check)) {
      if (BreakerOver(scope) == nullptr) continue;
      const auto breaker = breakers_.find(scope);
      // One that was approved beyond a budget leaves it alone.
      if (breaker->second.calls < 1 || breaker->second.money.currency != check.amount.currency ||
          breaker->second.money.minor_units < check.amount.minor_units) {
        continue;
      }
      --breaker->second.calls;
      breaker->second.money.minor_units -= check.amount.minor_units;
    }
    if (found.blind) {
      const auto [calls, money] = blind_spent_.value_or(std::pair<int64_t, int64_t>(0, 0));
      blind_spent_ = {calls + 1, money + check.amount.minor_units};
    }
  }
  key.decision = answer;
  key.decided_at = now_;
  key.waits = answer.verdict == Verdict::kHold;
  if (!key.waits || HasRunOut(key)) key.approved.clear();
  key.held_by = found.held_by;
  if (!key.held_by.empty()) key.approval_unused = false;
}

}  // namespace fundgate::model
