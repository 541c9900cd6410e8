#include "tests/model/referee.h"

#include <set>
#include <sstream>
#include <variant>

#include "tests/model/describe.h"
#include "tests/model/machine_picture.h"

namespace fundgate::model {
namespace {

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

}  // namespace

Ruling Referee::Follow(const core::Input& input, const core::Outcome& outcome) {
  Ruling ruling;
  ruling.answer = PictureOf(outcome);
  const bool is_tick = std::holds_alternative<core::TickInput>(input.body);
  if (is_tick) {
    std::set<core::KeyId> released = Releases(outcome, state_);
    ruling.released_by_proof = released.size();
    model_.ExpectReleases(std::move(released));
  }
  const AnswerPicture expected = model_.Apply(input);
  if (outcome.recorded) state_.Absorb(outcome.changes);
  if (is_tick && ruling.answer.recorded && !expected.recorded) {
    ruling.answer.recorded = false;
    model_.CountRecorded(input.time);
  }
  const StatePicture picture = PictureOf(state_);
  ruling.difference = Difference(ruling.answer, expected, picture, model_.Look());
  if (!ruling.difference.has_value()) ruling.difference = Impossible(state_, sources_);
  sources_ = picture.sources;
  return ruling;
}

}  // namespace fundgate::model
