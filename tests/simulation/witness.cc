#include "tests/simulation/witness.h"

#include <algorithm>
#include <limits>
#include <variant>

#include "absl/strings/str_cat.h"
#include "tests/model/describe.h"

namespace fundgate::simulation {
namespace {

using core::MovementStatus;
using model::Step;
using model::Truth;
using model::Wide;

// From then on a reservation may have been released by proof, or its key been forgotten.
constexpr absl::Duration kUntilForgotten = absl::Hours(24 * 300);

std::vector<Step> StepsOf(const MovementKind& kind, const core::Contribution& row) {
  if (row.status != MovementStatus::kHappened) return {};
  return model::StepsOf(kind.value(), row.account, row.currency, row.line);
}

std::vector<Step> StepsOf(const core::CheckInput& check) {
  std::vector<Step> steps;
  for (const core::Line& line : check.lines) {
    const std::vector<Step> of_line =
        model::StepsOf(check.key.kind.value(), check.account, check.amount.currency, line);
    steps.insert(steps.end(), of_line.begin(), of_line.end());
  }
  return steps;
}

// The images that somebody may take for the row's who has seen what was there at `from`, and
// nothing after `to`.
std::vector<const std::optional<core::Contribution>*> Seen(const Row& row, absl::Time from,
                                                           absl::Time to) {
  static const std::optional<core::Contribution> kNone;
  std::vector<const std::optional<core::Contribution>*> seen;
  if (row.images.front().since > from) seen.push_back(&kNone);
  for (size_t i = 0; i < row.images.size(); ++i) {
    const bool is_over = i + 1 < row.images.size() && row.images[i + 1].since <= from;
    if (!is_over && row.images[i].since <= to) seen.push_back(&row.images[i].says);
  }
  return seen;
}

bool MayWorsen(const core::CheckInput& check, const model::InvariantFacts& invariant) {
  const std::vector<Step> steps = StepsOf(check);
  return std::any_of(steps.begin(), steps.end(), [&](const Step& step) {
    return step.book.book == invariant.book && invariant.influence[step.counter] * step.amount > 0;
  });
}

bool Happened(const std::optional<core::Contribution>& image) {
  return image.has_value() && image->status == MovementStatus::kHappened;
}

std::string Text(Wide value) { return absl::StrCat(static_cast<int64_t>(value)); }

std::string WrongRefusal(const std::string& request_id) {
  return absl::StrCat("check ", request_id,
                      " is recorded, but its caller was told that nothing happened");
}

std::string TextOf(const core::KeyId& key) {
  return absl::StrCat(key.kind.value(), "/", key.key.value());
}

}  // namespace

// ---- What is known ----

std::optional<std::string> Witness::Recorded(Sequence sequence, absl::Time now,
                                             const core::Input& input, const core::Answer& answer) {
  gate_time_ = input.time;
  if (const auto* check = std::get_if<core::CheckInput>(&input.body)) {
    NoteAllow(sequence, now, *check, answer);
    recorded_.insert(check->request_id);
    if (refused_.contains(check->request_id)) return WrongRefusal(check->request_id);
  } else if (const auto* reservation = std::get_if<core::ReservationAnswer>(&answer)) {
    NoteCommand(sequence, input, *reservation);
  }
  return std::nullopt;
}

std::optional<std::string> Witness::Refused(const std::string& request_id) {
  refused_.insert(request_id);
  if (recorded_.contains(request_id)) return WrongRefusal(request_id);
  return std::nullopt;
}

void Witness::NoteAllow(Sequence sequence, absl::Time now, const core::CheckInput& check,
                        const core::Answer& answer) {
  const auto* decision = std::get_if<core::Decision>(&answer);
  if (decision == nullptr || decision->replayed) return;
  if (decision->verdict != core::Verdict::kAllow) return;
  allows_[check.key].push_back(
      {sequence, decision->id, check, now, *decision->valid_until, std::nullopt});
}

void Witness::NoteCommand(Sequence sequence, const core::Input& input,
                          const core::ReservationAnswer& answer) {
  if (std::holds_alternative<core::ReleaseInput>(input.body)) {
    released_.insert(answer.decision_id);
    released_since_.emplace(answer.decision_id, sequence);
  }
  const auto* confirm = std::get_if<core::ConfirmInput>(&input.body);
  if (confirm == nullptr) return;
  for (Allow& allow : allows_[confirm->key]) {
    if (allow.decision_id != answer.decision_id) continue;
    allow.confirmed = answer.reservation.amount.minor_units;
    if (model::FindKind(confirm->key.kind.value())->has_source) continue;
    if (!confirmed_ids_.insert(allow.decision_id).second) continue;
    for (Step step : StepsOf(allow.asked)) {
      step.amount = *allow.confirmed;
      confirmed_.push_back(step);
    }
  }
}

void Witness::Taint(const core::KeyId& key, const core::Contribution& row) {
  tainted_keys_.insert(key);
  core::Contribution happened = row;
  happened.status = MovementStatus::kHappened;
  for (const Step& step : StepsOf(key.kind, happened)) tainted_books_.insert(step.book);
}

void Witness::AddRow(const Row& row, const core::BookId& book, absl::Time from, absl::Time to,
                     BookBounds& bounds) const {
  std::vector<Bounds> of_row(bounds.size());
  bool is_first = true;
  for (const std::optional<core::Contribution>* image : Seen(row, from, to)) {
    std::vector<Wide> amounts(bounds.size());
    if (image->has_value()) {
      for (const Step& step : StepsOf(row.kind, **image)) {
        if (step.book == book) amounts[step.counter] += step.amount;
      }
    }
    for (size_t i = 0; i < amounts.size(); ++i) {
      of_row[i].low = is_first ? amounts[i] : std::min(of_row[i].low, amounts[i]);
      of_row[i].high = is_first ? amounts[i] : std::max(of_row[i].high, amounts[i]);
    }
    is_first = false;
  }
  for (size_t i = 0; i < bounds.size(); ++i) {
    bounds[i].low += of_row[i].low;
    bounds[i].high += of_row[i].high;
  }
}

Witness::BookBounds Witness::RowBounds(const core::BookId& book, absl::Time from,
                                       absl::Time to) const {
  BookBounds bounds(model::CountersOf(book.book));
  for (const auto& [name, database] : databases_) {
    for (const auto& [id, row] : database.rows()) AddRow(row, book, from, to, bounds);
  }
  return bounds;
}

Witness::Bounds Witness::RowBounds(const core::KeyId& key, const OrderId& order,
                                   const core::BookId& book, size_t counter, absl::Time from,
                                   absl::Time to) const {
  BookBounds bounds(model::CountersOf(book.book));
  for (const auto& [name, database] : databases_) {
    for (const auto& [id, row] : database.rows()) {
      const bool is_of_key =
          std::any_of(row.images.begin(), row.images.end(), [&](const RowImage& image) {
            return image.says.has_value() && row.kind == key.kind && image.says->key == key.key &&
                   image.says->line.order == order;
          });
      if (is_of_key) AddRow(row, book, from, to, bounds);
    }
  }
  return bounds[counter];
}

bool Witness::MayHaveEnded(const Allow& allow, absl::Time now) const {
  const core::KeyId& key = allow.asked.key;
  if (released_.contains(allow.decision_id)) return true;
  if (now - allow.at > kUntilForgotten) return true;
  // By the gate's clock, which may be hours ahead after a start: so is what it tells services.
  if (terms_.FindCheckpoint(key.kind.value())->auto_release && gate_time_ > allow.valid_until) {
    return true;
  }
  for (const auto& [name, database] : databases_) {
    for (const auto& [id, row] : database.rows()) {
      if (row.kind != key.kind) continue;
      for (const RowImage& image : row.images) {
        if (!image.says.has_value() || image.says->key != key.key) continue;
        if (image.says->status == MovementStatus::kFailed) return true;
        if (image.says->account != allow.asked.account) return true;
        if (image.says->currency != allow.asked.amount.currency) return true;
        const bool knows_order = std::any_of(
            allow.asked.lines.begin(), allow.asked.lines.end(),
            [&](const core::Line& line) { return line.order == image.says->line.order; });
        if (!knows_order) return true;
        if (!row.now().has_value() || row.now()->key != key.key) return true;  // gone since
      }
    }
  }
  return false;
}

bool Witness::HadMoved(const core::KeyId& key, absl::Time at, absl::Time now) const {
  for (const auto& [name, database] : databases_) {
    for (const auto& [id, row] : database.rows()) {
      if (row.kind != key.kind || row.images.back().since < now - kUntilForgotten) continue;
      bool all = true;
      for (const auto* image : Seen(row, at, now)) {
        all = all && Happened(*image) && (*image)->key == key.key;
      }
      if (all) return true;
    }
  }
  return false;
}

// Of a kind of many lines, a row of another order leaves what is set aside for its own.
bool Witness::IsElsewhere(const Allow& allow) const {
  if (!model::FindKind(allow.asked.key.kind.value())->many_lines) return false;
  for (const auto& [name, database] : databases_) {
    for (const auto& [id, row] : database.rows()) {
      if (row.kind != allow.asked.key.kind) continue;
      for (const RowImage& image : row.images) {
        if (image.says.has_value() && image.says->key == allow.asked.key.key &&
            image.says->line.order == allow.asked.lines.front().order) {
          return false;
        }
      }
    }
  }
  return true;
}

Wide Witness::LeastReserved(const Allow& allow, const Step& step, absl::Time from,
                            absl::Time to) const {
  Wide least = step.amount;
  if (allow.confirmed.has_value()) least = std::min<Wide>(least, *allow.confirmed);
  for (const auto& [name, database] : databases_) {
    for (const auto& [id, row] : database.rows()) {
      if (row.kind != allow.asked.key.kind) continue;
      for (const RowImage& image : row.images) {
        if (!Happened(image.says) || image.says->key != allow.asked.key.key) continue;
        if (image.says->line.order != step.line) continue;
        Wide amount = 0;
        for (const Step& of_row : StepsOf(row.kind, *image.says)) {
          if (of_row.book == step.book && of_row.counter == step.counter) amount += of_row.amount;
        }
        least = std::min(least, amount);
      }
    }
  }
  const Wide told = RowBounds(allow.asked.key, step.line, step.book, step.counter, from, to).low;
  return std::max<Wide>(0, least - told);
}

// ---- Answers ----

std::optional<std::string> Witness::Heard(const core::CheckInput& asked, absl::Time sent_at,
                                          absl::Time now, const core::Decision& decision) {
  if (decision.verdict == core::Verdict::kAllow) {
    if (auto wrong = JudgeSecondAllow(asked, now, decision)) return wrong;
    return decision.replayed ? std::nullopt : JudgeAllow(asked, sent_at, now, decision);
  }
  if (decision.verdict == core::Verdict::kBlock) return JudgeBlock(asked, sent_at, now, decision);
  return std::nullopt;
}

std::optional<std::string> Witness::JudgeSecondAllow(const core::CheckInput& asked, absl::Time now,
                                                     const core::Decision& decision) {
  const Sequence sequence = decision.id.sequence();
  std::map<Sequence, std::string>& heard = heard_[asked.key];
  heard.emplace(sequence, decision.id);
  for (const auto& [earlier, id] : heard) {
    if (earlier == sequence) break;
    for (const Allow& allow : allows_[asked.key]) {
      if (allow.sequence != earlier || MayHaveEnded(allow, now)) continue;
      return absl::StrCat(TextOf(asked.key), " is allowed a second time by ",
                          decision.id.ToString(), ", though ", id,
                          " was allowed and never given back");
    }
  }
  return std::nullopt;
}

std::optional<std::string> Witness::JudgeAllow(const core::CheckInput& asked, absl::Time sent_at,
                                               absl::Time now,
                                               const core::Decision& decision) const {
  const model::CheckpointFacts& checkpoint = *terms_.FindCheckpoint(asked.key.kind.value());
  const absl::Time known_at =
      checkpoint.allows_stale ? absl::InfinitePast()
                              : sent_at - asked.max_staleness.value_or(checkpoint.max_staleness);
  const absl::Time known = std::min(known_at, sent_at - checkpoint.max_staleness);
  if (HadMoved(asked.key, known, now)) {
    return absl::StrCat(TextOf(asked.key), " is allowed by ", decision.id.ToString(),
                        ", though its row was there in time to be known");
  }
  const Sequence sequence = decision.id.sequence();
  std::set<core::BookId> books;
  for (const Step& step : StepsOf(asked)) books.insert(step.book);
  for (const core::BookId& book : books) {
    BookBounds bounds = RowBounds(book, known, now);
    for (const auto& [key, allows] : allows_) {
      for (const Allow& allow : allows) {
        if (allow.sequence > sequence) continue;
        const bool is_own = allow.sequence == sequence;
        if (!is_own && (key == asked.key || MayHaveEnded(allow, now))) continue;
        for (const Step& step : StepsOf(allow.asked)) {
          if (step.book != book) continue;
          bounds[step.counter].low += is_own ? step.amount : LeastReserved(allow, step, known, now);
        }
      }
    }
    for (const model::InvariantFacts& invariant : model::AllInvariants()) {
      // Those that it can't worsen are only told of.
      if (invariant.book != book.book || !MayWorsen(asked, invariant)) continue;
      std::vector<Wide> best;
      for (size_t i = 0; i < bounds.size(); ++i) {
        best.push_back(invariant.influence[i] > 0 ? bounds[i].low : bounds[i].high);
      }
      if (invariant.holds(best) != Truth::kNo) continue;
      std::string numbers;
      for (const Wide value : best) absl::StrAppend(&numbers, " ", Text(value));
      return absl::StrCat(TextOf(asked.key), " is allowed by ", decision.id.ToString(), ", though ",
                          invariant.name, " is broken in ", model::Describe(book),
                          " even if all that may not be known is left out:", numbers);
    }
  }
  return std::nullopt;
}

std::optional<std::string> Witness::JudgeBlock(const core::CheckInput& asked, absl::Time sent_at,
                                               absl::Time now,
                                               const core::Decision& decision) const {
  const Sequence sequence = decision.id.sequence();
  std::set<core::BookId> books;
  for (const Step& step : StepsOf(asked)) books.insert(step.book);
  for (const core::Reason& reason : decision.reasons) {
    if (reason.code != core::ReasonCode::kInvariant) continue;
    if (reason.verdict != core::Verdict::kBlock) continue;
    for (const model::InvariantFacts& invariant : model::AllInvariants()) {
      if (invariant.name != reason.name) continue;
      bool breaks = false;
      for (const core::BookId& book : books) {
        if (book.book != invariant.book) continue;
        BookBounds bounds = RowBounds(book, sent_at, now);
        for (const auto& [key, allows] : allows_) {
          for (const Allow& allow : allows) {
            const auto released = released_since_.find(allow.decision_id);
            const bool is_released =
                released != released_since_.end() && released->second < sequence;
            if (allow.sequence > sequence || is_released) continue;
            const bool has_one_line = allow.asked.lines.size() == 1;
            if (has_one_line && HadMoved(key, sent_at, now) && !IsElsewhere(allow)) continue;
            for (const Step& step : StepsOf(allow.asked)) {
              if (step.book == book && step.amount > 0) bounds[step.counter].high += step.amount;
            }
          }
        }
        std::vector<Wide> worst;
        for (size_t i = 0; i < bounds.size(); ++i) {
          worst.push_back(invariant.influence[i] < 0 ? bounds[i].low : bounds[i].high);
        }
        for (const Step& step : StepsOf(asked)) {
          if (step.book == book) worst[step.counter] += step.amount;
        }
        breaks = breaks || invariant.holds(worst) != Truth::kYes;
      }
      if (!breaks) {
        return absl::StrCat(TextOf(asked.key), " is blocked by ", decision.id.ToString(), " for ",
                            invariant.name,
                            ", which holds even if all that may be pending is counted");
      }
    }
  }
  return std::nullopt;
}

// ---- The end ----

std::optional<std::string> Witness::AtTheEnd(const core::MemoryState& state,
                                             const model::Model& /*model*/) const {
  if (auto wrong = WrongBook(state)) return wrong;
  if (auto wrong = FalseViolation(state)) return wrong;
  return MissedViolation(state);
}

std::optional<std::string> Witness::WrongBook(const core::MemoryState& state) const {
  std::map<core::BookId, std::vector<Wide>> sums;
  const auto add = [&sums](const Step& step) {
    std::vector<Wide>& book = sums[step.book];
    book.resize(model::CountersOf(step.book.book));
    book[step.counter] += step.amount;
  };
  for (const auto& [name, database] : databases_) {
    for (const auto& [id, row] : database.rows()) {
      if (!row.now().has_value()) continue;
      for (const Step& step : StepsOf(row.kind, *row.now())) add(step);
    }
  }
  for (const Step& step : confirmed_) add(step);
  for (const auto& [id, book] : state.of<core::Books>()) {
    sums[id].resize(model::CountersOf(id.book));
  }
  for (const auto& [id, sum] : sums) {
    // What can't be read is not in the books, and the gate says so.
    const bool is_unknown = std::any_of(
        state.resident().of<core::Gaps>().begin(), state.resident().of<core::Gaps>().end(),
        [&id](const auto& gap) {
          return model::BooksOf(gap.first.kind.value()).contains(id.book) &&
                 (gap.first.account.empty() || gap.first.account == id.account) &&
                 (gap.first.order.empty() || id.order.empty() || gap.first.order == id.order);
        });
    if (is_unknown) continue;
    const std::optional<core::Book> book = state.Find<core::Books>(id);
    for (size_t i = 0; i < sum.size(); ++i) {
      const Wide posted = book.has_value() ? book->counters[i].posted : 0;
      if (posted == sum[i]) continue;
      return absl::StrCat("the book ", model::Describe(id), " has ", Text(posted), " in counter ",
                          i, ", but the rows add up to ", Text(sum[i]));
    }
  }
  return std::nullopt;
}

bool Witness::IsTainted(const AccountId& account, const OrderId& order) const {
  return std::any_of(tainted_books_.begin(), tainted_books_.end(), [&](const auto& book) {
    return book.account == account && book.order == order;
  });
}

std::optional<std::string> Witness::FalseViolation(const core::MemoryState& state) const {
  for (const core::Violation& violation : state.violations()) {
    bool may_be = true;
    switch (violation.kind) {
      case core::ViolationKind::kRule:
        break;
      case core::ViolationKind::kOverdue:
        may_be = allows_.contains(violation.key);
        break;
      case core::ViolationKind::kInvariant:
        may_be = IsTainted(violation.account, violation.order);
        break;
      case core::ViolationKind::kOtherCurrency:
        // An order has the currency that it was first told with, be it by a rogue.
        may_be =
            tainted_keys_.contains(violation.key) || IsTainted(violation.account, violation.order);
        break;
      default:
        may_be = tainted_keys_.contains(violation.key);
    }
    if (may_be) continue;
    return absl::StrCat("a false violation: ", std::string(core::ToString(violation.kind)), " ",
                        violation.name, " of ", TextOf(violation.key), " ",
                        violation.account.value(), " ", violation.order.value(),
                        ", where nobody did anything wrong");
  }
  return std::nullopt;
}

std::optional<std::string> Witness::MissedViolation(const core::MemoryState& state) const {
  const std::vector<core::Violation> found = state.violations();
  for (const auto& [kind, key] : expected_) {
    const bool is_found =
        std::any_of(found.begin(), found.end(), [&](const core::Violation& violation) {
          return violation.kind == kind && violation.key == key;
        });
    const bool is_unknown = std::any_of(
        state.resident().of<core::Gaps>().begin(), state.resident().of<core::Gaps>().end(),
        [&](const auto& gap) { return gap.first.kind == key.kind; });
    if (is_found || is_unknown) continue;
    return absl::StrCat("a violation is missed: ", std::string(core::ToString(kind)), " of ",
                        TextOf(key));
  }
  // What is broken in the end must have been noticed by then.
  for (const auto& [id, book] : state.of<core::Books>()) {
    for (const model::InvariantFacts& invariant : model::AllInvariants()) {
      if (invariant.book != id.book) continue;
      std::vector<Wide> posted;
      for (const core::Counter& counter : book.counters) posted.push_back(counter.posted);
      if (invariant.holds(posted) != Truth::kNo) continue;
      const bool is_found =
          std::any_of(found.begin(), found.end(), [&](const core::Violation& violation) {
            return violation.kind == core::ViolationKind::kInvariant &&
                   violation.name == invariant.name && violation.account == id.account &&
                   violation.order == id.order;
          });
      if (!is_found) {
        return absl::StrCat("a violation is missed: ", invariant.name, " is broken in ",
                            model::Describe(id));
      }
    }
  }
  return std::nullopt;
}

}  // namespace fundgate::simulation
