#include "tests/model/compare.h"

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <variant>

#include "server/core/machine.h"
#include "server/core/state.h"
#include "tests/model/describe.h"
#include "tests/model/generator.h"

namespace fundgate::model {
namespace {

// Reasons are compared by code, verdict, and by name where it names a thing of the policy.
std::string TextOf(const core::Reason& reason) {
  std::string name;
  switch (reason.code) {
    case core::ReasonCode::kInvariant:
    case core::ReasonCode::kBreaker:
    case core::ReasonCode::kUnproven:
    case core::ReasonCode::kStaleSource:
    case core::ReasonCode::kIdempotencyConflict:
    case core::ReasonCode::kRule:
      name = reason.name;
      break;
    default:
      break;
  }
  return ReasonText(reason.code, name, reason.verdict);
}

AnswerPicture PictureOf(const core::Decision& decision) {
  AnswerPicture picture;
  picture.sort = AnswerSort::kDecision;
  picture.verdict = decision.verdict;
  for (const core::Reason& reason : decision.reasons) picture.reasons.insert(TextOf(reason));
  for (const core::Reason& reason : decision.shadow_reasons) {
    picture.shadow.insert(TextOf(reason));
  }
  picture.replayed = decision.replayed;
  picture.decision_id = decision.id;
  picture.valid_until = decision.valid_until;
  return picture;
}

AnswerPicture PictureOf(const core::ReservationAnswer& answer) {
  AnswerPicture picture;
  picture.sort = AnswerSort::kReservation;
  picture.decision_id = answer.decision_id;
  picture.reservation = answer.reservation.state;
  picture.amount = answer.reservation.amount.minor_units;
  return picture;
}

AnswerPicture PictureOf(const core::EpochGrant& grant) {
  AnswerPicture picture;
  picture.sort = AnswerSort::kEpoch;
  picture.number = grant.epoch;
  return picture;
}

AnswerPicture PictureOf(const core::IngestAnswer& answer) {
  AnswerPicture picture;
  picture.sort = AnswerSort::kIngest;
  picture.number = NumberOf(answer.position);
  return picture;
}

AnswerPicture PictureOf(const core::BreakerAnswer& answer) {
  AnswerPicture picture;
  picture.sort = AnswerSort::kBreaker;
  picture.breaker = answer.breaker.state;
  return picture;
}

AnswerPicture PictureOf(const core::PolicyAnswer& answer) {
  AnswerPicture picture;
  picture.sort = AnswerSort::kPolicy;
  picture.number = answer.version;
  return picture;
}

AnswerPicture PictureOf(const core::Done&) { return AnswerPicture(); }

AnswerPicture PictureOf(const core::SnapshotAnswer&) { return AnswerPicture(); }
AnswerPicture PictureOf(const core::PlanAnswer&) { return AnswerPicture(); }
AnswerPicture PictureOf(const core::LeaseAnswer&) { return AnswerPicture(); }

AnswerPicture PictureOf(const core::Wait& wait) {
  AnswerPicture picture;
  picture.sort = AnswerSort::kWait;
  for (const SourceName& source : wait.sources) picture.wait_sources.insert(source.value());
  picture.wait_until = wait.give_up_at;
  return picture;
}

AnswerPicture PictureOf(const core::Refusal& refusal) {
  AnswerPicture picture;
  picture.sort = AnswerSort::kRefusal;
  picture.code = refusal.status.code();
  return picture;
}

AnswerPicture PictureOf(const core::Outcome& outcome) {
  AnswerPicture picture =
      std::visit([](const auto& answer) { return PictureOf(answer); }, outcome.answer);
  picture.recorded = outcome.recorded;
  for (const auto& [id, found] : outcome.changes.of<core::Violations>()) {
    const core::Violation& v = *found;
    picture.violations.insert(ViolationText(v.kind, v.name, v.key, v.account, v.order));
  }
  return picture;
}

KeyPicture PictureOf(const core::KeyRecord& record) {
  KeyPicture picture{record.state, record.generation, record.moved, record.fingerprint.has_value(),
                     std::nullopt};
  if (record.reservation.has_value()) {
    const core::Reservation& reservation = *record.reservation;
    picture.reservation = {reservation.state, reservation.amount.minor_units, reservation.overdue,
                           !reservation.deltas.empty()};
  }
  return picture;
}

StatePicture PictureOf(const core::MemoryState& state) {
  StatePicture picture;
  for (const auto& [id, book] : state.of<core::Books>()) {
    BookPicture numbers;
    for (size_t i = 0; i < book.counters.size(); ++i) {
      const core::Counter& counter = book.counters[i];
      numbers[i] = {counter.posted, counter.pending_up, counter.pending_down};
    }
    if (numbers != BookPicture{}) picture.books[id] = numbers;
  }
  for (const auto& [id, record] : state.of<core::Keys>()) picture.keys[id] = PictureOf(record);
  const core::Resident& resident = state.resident();
  for (const auto& [scope, breaker] : resident.of<core::Breakers>()) {
    const core::Budget left = breaker.left.value_or(core::Budget());
    picture.breakers[scope] = {breaker.state, breaker.mode, left.calls, left.amount.minor_units};
  }
  for (const auto& [name, source] : resident.of<core::Sources>()) {
    picture.sources[name.value()] = {source.epoch, NumberOf(source.position), source.proven_past};
  }
  for (const auto& [scope, gap] : resident.of<core::Gaps>()) {
    picture.gaps.insert(scope.kind.value() + " " + scope.account.value() + " " +
                        scope.order.value());
  }
  for (const auto& [name, seen] : state.of<core::RulesSeen>()) {
    picture.rules[name] = {seen.hits, seen.shadow_hits, seen.errors, seen.suppressed,
                           seen.added_version};
  }
  picture.drifted = resident.clock.drifted;
  return picture;
}

// What must hold of the machine's state whatever the model says.
std::optional<std::string> Impossible(const core::MemoryState& state,
                                      const std::map<std::string, SourcePicture>& before) {
  std::map<core::BookId, BookPicture> pending;
  for (const auto& [id, record] : state.of<core::Keys>()) {
    if (!record.reservation.has_value()) continue;
    for (const core::Delta& delta : record.reservation->deltas) {
      const core::BookId book{delta.book, record.fingerprint->account,
                              delta.by_order ? delta.line : OrderId(),
                              record.fingerprint->amount.currency};
      Numbers& numbers = pending[book][delta.counter];
      (delta.amount > 0 ? numbers.up : numbers.down) +=
          delta.amount > 0 ? Wide{delta.amount} : -Wide{delta.amount};
    }
  }
  for (const auto& [id, book] : state.of<core::Books>()) {
    for (size_t i = 0; i < book.counters.size(); ++i) {
      const core::Counter& counter = book.counters[i];
      if (counter.pending_up < 0 || counter.pending_down < 0) return "a pending is below zero";
      if (counter.pending_up != pending[id][i].up || counter.pending_down != pending[id][i].down) {
        return "what is pending in " + Describe(id) + " is not the sum of the open reservations";
      }
    }
  }
  if (state.of<core::WindowEnds>().size() != state.of<core::Windows>().size()) {
    return "a window has no end, or more than one";
  }
  for (const auto& [name, source] : state.resident().of<core::Sources>()) {
    const auto last = before.find(name.value());
    if (last == before.end()) continue;
    if (NumberOf(source.position) < last->second.position || source.epoch < last->second.epoch ||
        source.proven_past < last->second.proven_past) {
      return "source " + name.value() + " went backwards";
    }
  }
  return std::nullopt;
}

std::optional<std::string> Difference(const AnswerPicture& machine, const AnswerPicture& model,
                                      const StatePicture& state, const StatePicture& expected) {
  std::ostringstream out;
  if (machine != model) {
    out << "machine answered: " << Describe(machine) << "\nmodel answered:   " << Describe(model)
        << "\n";
  }
  if (state != expected) out << TextOfDifference(state, expected);
  const std::string text = out.str();
  return text.empty() ? std::nullopt : std::optional(text);
}

// Reservations that the outcome would release.
std::set<core::KeyId> Releases(const core::Outcome& outcome, const core::MemoryState& before) {
  std::set<core::KeyId> released;
  for (const auto& [id, record] : outcome.changes.of<core::Keys>()) {
    const std::optional<core::KeyRecord> old = before.Find<core::Keys>(id);
    if (!record.has_value() || !record->reservation.has_value() || !old->reservation) continue;
    if (record->reservation->state == core::ReservationState::kReleased &&
        old->reservation->state != core::ReservationState::kReleased) {
      released.insert(id);
    }
  }
  return released;
}

void Note(const core::Input& input, const AnswerPicture& answer, Coverage& coverage) {
  ++coverage.seen["input " + std::to_string(input.body.index())];
  ++coverage.seen["answer " + std::to_string(static_cast<int>(answer.sort))];
  if (answer.sort == AnswerSort::kDecision) {
    ++coverage
          .seen[answer.replayed ? "replayed"
                                : "verdict " + std::to_string(static_cast<int>(answer.verdict))];
    for (const std::string& reason : answer.reasons) {
      ++coverage.seen["reason " + reason.substr(0, 7)];
      const bool waived = reason.starts_with("code 7 ") && reason.ends_with(" ALLOW");
      if (waived && answer.verdict == core::Verdict::kAllow) ++coverage.seen["approved"];
      if (reason == "code 10 many_refunds ALLOW") ++coverage.seen["approved rule"];
    }
    for (const std::string& reason : answer.shadow)
      ++coverage.seen["shadow " + reason.substr(0, 7)];
  }
  for (const std::string& violation : answer.violations) {
    ++coverage.seen["violation " + violation.substr(0, 7)];
  }
}

}  // namespace

std::vector<uint64_t> Steps(uint64_t run_seed, size_t count) {
  std::mt19937_64 engine(run_seed);
  std::vector<uint64_t> steps(count);
  std::generate(steps.begin(), steps.end(), [&] { return engine(); });
  return steps;
}

std::optional<Mismatch> Compare(const std::shared_ptr<const core::Policy>& policy,
                                const std::vector<uint64_t>& steps, Mutation mutation,
                                Coverage* coverage, bool verbose) {
  core::MemoryState state;
  const core::Machine machine(state);
  Model model(mutation);
  Generator generator(policy);
  std::string story;
  std::map<std::string, SourcePicture> sources;
  for (size_t i = 0; i < steps.size(); ++i) {
    const core::Input input = generator.Next(steps[i], model);
    if (verbose) story += Describe(input);
    absl::StatusOr<core::Outcome> outcome = machine.Apply(input);
    if (!outcome.ok()) {
      return Mismatch{i, story + "the machine failed: " + std::string(outcome.status().message())};
    }
    AnswerPicture answer = PictureOf(*outcome);
    if (verbose) story += "    // " + Describe(answer) + "\n";
    const bool is_tick = std::holds_alternative<core::TickInput>(input.body);
    if (is_tick) {
      model.ExpectReleases(Releases(*outcome, state));
      if (coverage != nullptr)
        coverage->seen["released by proof"] += Releases(*outcome, state).size();
    }
    const AnswerPicture expected = model.Apply(input);
    if (outcome->recorded) state.Absorb(outcome->changes);
    if (is_tick && answer.recorded && !expected.recorded) {
      answer.recorded = false;
      model.CountRecorded(input.time);
    }
    if (coverage != nullptr) Note(input, answer, *coverage);
    const StatePicture picture = PictureOf(state);
    if (auto difference = Difference(answer, expected, picture, model.Look())) {
      return Mismatch{i, story + *difference};
    }
    if (auto impossible = Impossible(state, sources)) return Mismatch{i, story + *impossible};
    sources = picture.sources;
    if (answer.sort == AnswerSort::kWait) generator.Park(std::get<core::CheckInput>(input.body));
  }
  return std::nullopt;
}

std::vector<uint64_t> Shrink(const std::shared_ptr<const core::Policy>& policy,
                             std::vector<uint64_t> steps, Mutation mutation) {
  const auto first = Compare(policy, steps, mutation, nullptr, false);
  if (!first.has_value()) return steps;
  steps.resize(first->step + 1);
  for (size_t chunk = std::max<size_t>(steps.size() / 2, 1); chunk > 0; chunk /= 2) {
    bool again = true;
    while (again) {
      again = false;
      for (size_t from = 0; from < steps.size();) {
        std::vector<uint64_t> fewer = steps;
        const size_t to = std::min(from + chunk, fewer.size());
        fewer.erase(fewer.begin() + static_cast<ptrdiff_t>(from),
                    fewer.begin() + static_cast<ptrdiff_t>(to));
        if (const auto still = Compare(policy, fewer, mutation, nullptr, false)) {
          fewer.resize(still->step + 1);
          steps = fewer;
          again = true;
        } else {
          from = to;
        }
      }
    }
  }
  return steps;
}

}  // namespace fundgate::model
