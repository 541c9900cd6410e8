#include "server/policy/compile_checks.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/core/event_fields.h"
#include "server/core/verification/chain.h"
#include "server/core/verification/guard.h"
#include "server/core/verification/match.h"
#include "server/core/verification/transition.h"
#include "server/expression/program.h"
#include "server/policy/compile_conditions.h"
#include "server/policy/event_environment.h"
#include "server/policy/fnv1a.h"
#include "server/policy/scalars.h"
#include "server/policy/stable_bytes.h"
#include "server/policy/verification.h"

namespace fundgate::policy {
namespace {

using core::EventField;
using Declaration = core::EventCheck::Declaration;

core::OnEvent ToReaction(v1::OnEvent reaction) {
  if (reaction == v1::ON_EVENT_FREEZE) return core::OnEvent::kFreeze;
  return reaction == v1::ON_EVENT_TRIP ? core::OnEvent::kTrip : core::OnEvent::kAlert;
}

template <typename Entry>
Declaration Declare(const v1::Document& document, const std::string& section,
                    const std::string& name, const Entry& entry,
                    const std::vector<std::string>& events) {
  Fnv1a hash;
  hash.AddText(StableBytes(entry));
  Declaration declaration;
  declaration.id = absl::StrCat(section, ".", name, "@", absl::Hex(hash.value()));
  declaration.name = name;
  declaration.reaction = ToReaction(entry.on_violation());
  declaration.owner = entry.owner();
  declaration.events = events;
  std::sort(declaration.events.begin(), declaration.events.end());
  std::set<std::string> sources;
  for (const std::string& event : events) {
    for (const std::string& source : SourcesOfEvent(document, event)) sources.insert(source);
  }
  for (const std::string& source : sources) declaration.sources.emplace_back(source);
  return declaration;
}

absl::Duration DurationOr(bool given, const google::protobuf::Duration& duration,
                          absl::Duration fallback) {
  return given ? ToDuration(duration) : fallback;
}

std::string EventIn(const std::string& text) { return EventNameIn(text).value_or(""); }

// ---- Matches ----

void AddPairs(const v1::Document& document, const std::string& text, core::MatchDefinition& match,
              bool is_key) {
  for (const FieldPair& pair : ParseFieldPairs(text).value_or(std::vector<FieldPair>())) {
    auto& left = is_key ? match.left.key : match.left.values;
    auto& right = is_key ? match.right.key : match.right.values;
    left.push_back(FieldOf(document, match.left.event, pair.left));
    right.push_back(FieldOf(document, match.right.event, pair.right));
    if (!is_key) {
      match.names.push_back(pair.left == pair.right ? pair.left
                                                    : absl::StrCat(pair.left, " = ", pair.right));
    }
  }
}

std::shared_ptr<const core::EventCheck> ToCheck(const v1::Document& document,
                                                const std::string& name, const v1::Match& entry) {
  core::MatchDefinition match;
  match.left.event = EventIn(entry.left());
  match.right.event = EventIn(entry.right());
  AddPairs(document, entry.key(), match, true);
  for (const std::string& text : entry.equal()) AddPairs(document, text, match, false);
  match.has_sum = !entry.sum().empty();
  if (match.has_sum) AddPairs(document, entry.sum(), match, false);
  match.left.required = entry.require() != v1::MATCH_SIDE_RIGHT;
  match.right.required = entry.require() != v1::MATCH_SIDE_LEFT;
  match.left.when = ConditionOf(document, match.left.event, entry.left_when());
  match.right.when = ConditionOf(document, match.right.event, entry.right_when());
  if (entry.has_tolerance()) {
    const auto currency = Currency::FromCode(entry.tolerance().currency_code());
    match.tolerance = Money{currency.value_or(Currency()), entry.tolerance().minor_units()};
  }
  match.within = ToDuration(entry.within());
  match.remember = DurationOr(entry.has_remember(), entry.remember(), match.remember);
  Declaration declaration =
      Declare(document, "matches", name, entry, {match.left.event, match.right.event});
  return std::make_shared<core::Match>(std::move(declaration), std::move(match));
}

// ---- Chains ----

std::shared_ptr<const core::EventCheck> ToCheck(const v1::Document& document,
                                                const std::string& name, const v1::Chain& entry) {
  core::ChainDefinition chain;
  chain.event = EventIn(entry.of());
  chain.key = {FieldOf(document, chain.event, entry.key())};
  chain.amount = FieldOf(document, chain.event, entry.amount());
  chain.balance = FieldOf(document, chain.event, entry.balance());
  if (!entry.sequence().empty()) {
    chain.sequence = FieldOf(document, chain.event, entry.sequence());
  }
  chain.within = DurationOr(entry.has_within(), entry.within(), absl::ZeroDuration());
  Declaration declaration = Declare(document, "chains", name, entry, {chain.event});
  return std::make_shared<core::Chain>(std::move(declaration), std::move(chain));
}

// ---- Transitions ----

std::shared_ptr<const core::EventCheck> ToCheck(const v1::Document& document,
                                                const std::string& name,
                                                const v1::Transition& entry) {
  core::TransitionDefinition transition;
  transition.event = EventIn(entry.of());
  transition.status = FieldOf(document, transition.event, entry.field());
  for (const auto& [from, to] : entry.edges()) {
    transition.edges[from].insert(to.values().begin(), to.values().end());
    transition.initial.insert(from);
    transition.initial.insert(to.values().begin(), to.values().end());
  }
  if (!entry.initial().empty()) {
    transition.initial = {entry.initial().begin(), entry.initial().end()};
  }
  for (const auto& [status, limit] : entry.stuck()) transition.stuck[status] = ToDuration(limit);
  transition.within = DurationOr(entry.has_within(), entry.within(), absl::ZeroDuration());
  Declaration declaration = Declare(document, "transitions", name, entry, {transition.event});
  return std::make_shared<core::Transition>(std::move(declaration), std::move(transition));
}

// ---- Guards ----

std::shared_ptr<const core::EventCheck> ToCheck(const v1::Document& document,
                                                const std::string& name, const v1::Guard& entry) {
  const auto environment = NewGuardEnvironment(document, entry);
  expression::Compiled compiled =
      expression::Compile(*environment, entry.allow(), expression::Type::Bool());
  core::GuardDefinition guard{entry.table(), *std::move(compiled.program), entry.allow(), {}, {}};
  for (const expression::Slot& slot : environment->slots()) {
    core::GuardDefinition::Slot place;
    if (slot.path == "columns") {
      place.kind = core::GuardDefinition::Slot::Kind::kColumns;
    } else if (slot.path == "gated") {
      place.kind = core::GuardDefinition::Slot::Kind::kGated;
    } else {
      place.field = core::MovementField(slot.path);
    }
    guard.slots.push_back(std::move(place));
  }
  for (const std::string& kind : entry.movements()) guard.movements.emplace_back(kind);
  Declaration declaration = Declare(document, "guards", name, entry, {});
  declaration.events = {absl::StrCat("guards.", name)};
  declaration.sources = {SourceName(SourceOfGuard(document, entry))};
  return std::make_shared<core::Guard>(std::move(declaration), std::move(guard));
}

template <typename Map>
void AddAll(const v1::Document& document, const Map& entries, core::Policy& policy) {
  for (const auto& [name, entry] : entries) {
    policy.checks.push_back(ToCheck(document, name, entry));
  }
}

}  // namespace

void CompileChecks(const v1::Document& document, core::Policy& policy) {
  AddAll(document, document.matches(), policy);
  AddAll(document, document.chains(), policy);
  AddAll(document, document.transitions(), policy);
  AddAll(document, document.guards(), policy);
  std::sort(policy.checks.begin(), policy.checks.end(),
            [](const auto& a, const auto& b) { return a->declaration().id < b->declaration().id; });
  for (size_t i = 0; i < policy.checks.size(); ++i) {
    for (const std::string& event : policy.checks[i]->declaration().events) {
      policy.checks_of_event[event].push_back(i);
    }
  }
}

}  // namespace fundgate::policy
