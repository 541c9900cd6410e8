#include "server/core/verification/transition.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace fundgate::core {
namespace {

std::optional<std::string> StatusOf(const EventField& field, const Event& event) {
  const expression::Value value = Read(field, event);
  if (!value.is_string() || value.string_value().empty()) return std::nullopt;
  return std::string(value.string_value());
}

}  // namespace

void Transition::See(Draft& draft, const SeenEvent& seen) const {
  const WatchId id = IdOf(ThingOf(seen));
  const std::optional<std::string> to = StatusOf(definition_.status, seen.event);
  if (!HasAfter(seen.event) || !to.has_value()) {
    if (draft.Find<Watches>(id) == nullptr) return;
    return Forget(draft, id, draft.Mutable<Watches>(id));  // there is nothing any more
  }
  Watch& watch = draft.Mutable<Watches>(id);
  auto& state = MutableWatchOf<TransitionWatch>(watch);
  if (IsNoted(state.recent, seen.event.id)) return;
  StatusStep step{SightingOf(draft, seen), *to};
  if (seen.event.snapshot) {
    // Along which edges it came here nobody saw. Steps that wait are newer knowledge.
    if (state.waiting.empty()) Enter(state, std::move(step));
    return SetNextTurn(draft, id, watch);
  }
  Note(state.recent, seen.event.id);
  const std::optional<std::string> before = StatusOf(core::Before(definition_.status), seen.event);
  if (before.has_value()) {
    Step(draft, id.key, state, before, std::move(step));
  } else if (definition_.within == absl::ZeroDuration()) {
    Step(draft, id.key, state, state.status, std::move(step));
  } else {
    state.waiting.push_back(std::move(step));
    if (state.waiting.size() >= kMaxWaitingSteps) PutInOrder(draft, id.key, state);
  }
  SetNextTurn(draft, id, watch);
}

void Transition::Judge(Draft& draft, const WatchId& id, Watch& watch) const {
  auto& state = MutableWatchOf<TransitionWatch>(watch);
  const absl::Time proven = ProvenUntil(draft, declaration().sources);
  if (!state.waiting.empty() && state.waiting.back().seen.at + definition_.within <= proven) {
    PutInOrder(draft, id.key, state);
  }
  const std::optional<absl::Time> stuck_at = StuckAt(state);
  if (stuck_at.has_value() && *stuck_at <= proven) {
    RaiseStuck(draft, id.key, state);
    state.stuck_said = true;
  }
  const bool is_old = state.entered.at + draft.policy().key_retention <= proven;
  if (is_old && state.waiting.empty()) return Forget(draft, id, watch);
  SetNextTurn(draft, id, watch);
}

bool Transition::MayFollow(const std::optional<std::string>& from, const std::string& to) const {
  if (!from.has_value()) return definition_.initial.count(to) > 0;
  if (*from == to) return true;
  const auto edges = definition_.edges.find(*from);
  return edges != definition_.edges.end() && edges->second.count(to) > 0;
}

void Transition::Step(Draft& draft, const std::string& key, TransitionWatch& state,
                      const std::optional<std::string>& from, StatusStep step) const {
  if (!MayFollow(from, step.status)) RaiseEdge(draft, key, from, step);
  Enter(state, std::move(step));
}

void Transition::Enter(TransitionWatch& state, StatusStep step) const {
  if (state.status == step.status) return;  // it stays, and has been there since
  state.status = std::move(step.status);
  state.entered = std::move(step.seen);
  state.stuck_said = false;
}

void Transition::PutInOrder(Draft& draft, const std::string& key, TransitionWatch& state) const {
  const std::vector<size_t> path = LongestPath(state);
  std::vector<StatusStep> waiting = std::exchange(state.waiting, {});
  std::vector<bool> placed(waiting.size(), false);
  for (const size_t index : path) {
    placed[index] = true;
    Enter(state, waiting[index]);
  }
  for (size_t i = 0; i < waiting.size(); ++i) {
    if (!placed[i]) Step(draft, key, state, state.status, std::move(waiting[i]));
  }
}

std::vector<size_t> Transition::LongestPath(const TransitionWatch& state) const {
  const size_t count = state.waiting.size();
  // By set of steps taken and the last of them: the step before it, or `count` for the first;
  // nothing where they can't be taken so.
  std::map<std::pair<uint32_t, size_t>, size_t> before;
  std::vector<std::pair<uint32_t, size_t>> reached;
  const auto reach = [&](uint32_t taken, size_t last, size_t previous) {
    if (before.emplace(std::pair(taken, last), previous).second) reached.emplace_back(taken, last);
  };
  for (size_t i = 0; i < count; ++i) {
    if (MayFollow(state.status, state.waiting[i].status)) reach(1U << i, i, count);
  }
  // Sets grow by one step at a time: the last ones reached are the largest.
  for (size_t at = 0; at < reached.size(); ++at) {
    const auto [taken, last] = reached[at];
    for (size_t i = 0; i < count; ++i) {
      const bool free = (taken & (1U << i)) == 0;
      if (free && MayFollow(state.waiting[last].status, state.waiting[i].status)) {
        reach(taken | (1U << i), i, last);
      }
    }
  }
  std::vector<size_t> path;
  if (reached.empty()) return path;
  uint32_t taken = reached.back().first;
  for (size_t last = reached.back().second; last != count;) {
    path.push_back(last);
    const size_t previous = before.at({taken, last});
    taken &= ~(1U << last);
    last = previous;
  }
  std::reverse(path.begin(), path.end());
  return path;
}

std::optional<absl::Time> Transition::StuckAt(const TransitionWatch& state) const {
  if (!state.status.has_value() || state.stuck_said) return std::nullopt;
  const auto limit = definition_.stuck.find(*state.status);
  if (limit == definition_.stuck.end()) return std::nullopt;
  return state.entered.at + limit->second;
}

void Transition::SetNextTurn(Draft& draft, const WatchId& id, Watch& watch) const {
  const auto& state = std::get<TransitionWatch>(watch.of);
  absl::Time next =
      (state.status.has_value() ? state.entered.at : draft.now()) + draft.policy().key_retention;
  if (const auto stuck_at = StuckAt(state)) next = std::min(next, *stuck_at);
  if (!state.waiting.empty()) {
    next = std::min(next, state.waiting.back().seen.at + definition_.within);
  }
  SetTurn(draft, id, watch, next);
}

void Transition::RaiseEdge(Draft& draft, const std::string& key,
                           const std::optional<std::string>& from, const StatusStep& step) const {
  const std::string message = from.has_value()
                                  ? absl::StrCat(definition_.event, " ", key, " went from ", *from,
                                                 " to ", step.status, ", along no declared edge")
                                  : absl::StrCat(definition_.event, " ", key, " began as ",
                                                 step.status, ", with which none may begin");
  Violation violation = NewViolation(*this, ViolationKind::kTransition, step.seen, message);
  violation.fields.emplace_back("key", key);
  violation.fields.emplace_back("from", from.value_or("nothing"));
  violation.fields.emplace_back("to", step.status);
  Raise(draft, *this, MovementKind(), std::move(violation));
}

void Transition::RaiseStuck(Draft& draft, const std::string& key,
                            const TransitionWatch& state) const {
  const absl::Duration limit = definition_.stuck.at(*state.status);
  Violation violation =
      NewViolation(*this, ViolationKind::kStuck, state.entered,
                   absl::StrCat(definition_.event, " ", key, " has been ", *state.status, " since ",
                                absl::FormatTime(state.entered.at, absl::UTCTimeZone()),
                                ", for more than ", absl::FormatDuration(limit)));
  violation.occurred_at = absl::InfinitePast();  // nothing has happened: that is wrong with it
  violation.fields.emplace_back("key", key);
  violation.fields.emplace_back("status", *state.status);
  Raise(draft, *this, MovementKind(), std::move(violation));
}

}  // namespace fundgate::core
