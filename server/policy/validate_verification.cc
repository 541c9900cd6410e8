#include <algorithm>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/expression/program.h"
#include "server/policy/event_environment.h"
#include "server/policy/mapping.h"
#include "server/policy/money_functions.h"
#include "server/policy/scalars.h"
#include "server/policy/validate_parts.h"
#include "server/policy/validate_references.h"
#include "server/policy/verification.h"

namespace fundgate::policy {
namespace {

using expression::Type;

void CheckName(const Validation& v, const std::string& path, const std::string& name) {
  if (IsEntryName(name)) return;
  v.AtKey(path, absl::StrCat("'", name,
                             "' is no name for an entry: use lower_snake_case, at most 64 bytes, "
                             "beginning with a letter"));
}

void CheckSpan(const Validation& v, const std::string& path,
               const google::protobuf::Duration& given, absl::Duration least, absl::Duration most) {
  if (!v.places.IsRead(path)) return;
  const absl::Duration value = ToDuration(given);
  if (value >= least && value <= most) return;
  v.AtValue(path, absl::StrCat(DurationText(value), " is out of range; ", DurationText(least),
                               " to ", DurationText(most), " is accepted"));
}

// The type of the event's field; Error with a problem if it has none.
Type FieldAt(const Validation& v, const std::string& path, const std::string& event,
             const std::string& field) {
  if (event.empty() || !v.places.IsRead(path)) return Type::Error();
  const std::optional<Type> type = TypeOfEventField(v.document, event, field);
  if (type.has_value()) return *type;
  std::vector<std::string> known = {"key", "account_id"};
  const auto fact = v.document.facts().find(event);
  if (fact != v.document.facts().end()) {
    known = NamesOf(fact->second.fields());
  } else {
    known.insert(known.end(), {"order_id", "amount", "status", "part_key"});
  }
  v.AtValue(path, NoSuch("field", field, known, absl::StrCat(" of '", event, "'")));
  return Type::Error();
}

void CheckKind(const Validation& v, const std::string& path, const std::string& field,
               const Type& type, std::initializer_list<Type> accepted, std::string_view wanted) {
  if (type.is(Type::Kind::kError) || type.is(Type::Kind::kDynamic)) return;
  if (std::find(accepted.begin(), accepted.end(), type) != accepted.end()) return;
  v.AtValue(path, absl::StrCat("'", field, "' is ", type.ToString(), "; ", std::string(wanted),
                               " was expected"));
}

// A freeze or a trip needs an account.
void CheckReaction(const Validation& v, const std::string& path, v1::OnEvent reaction,
                   const std::vector<std::string>& events) {
  if (reaction != v1::ON_EVENT_FREEZE && reaction != v1::ON_EVENT_TRIP) return;
  const bool any = std::any_of(events.begin(), events.end(), [&](const std::string& event) {
    return event.empty() || HasAccount(v.document, event);
  });
  if (any) return;
  v.AtValue(path + ".on_violation",
            "there is no account to hold: no event here says whose it is; give its fact a field "
            "account_id, or write alert");
}

// ---- Matches ----

void CheckPairs(const Validation& v, const std::string& path, const std::string& text,
                const std::string& left, const std::string& right,
                std::initializer_list<Type> accepted, std::string_view wanted) {
  if (!v.places.IsRead(path)) return;
  const auto pairs = ParseFieldPairs(text);
  if (!pairs.has_value()) {
    return v.AtValue(path, absl::StrCat("'", text,
                                        "' names no field: write one, \"left_name = right_name\" "
                                        "where the sides differ, or several with commas"));
  }
  for (const FieldPair& pair : *pairs) {
    const Type left_type = FieldAt(v, path, left, pair.left);
    const Type right_type = FieldAt(v, path, right, pair.right);
    if (accepted.size() > 0) {
      CheckKind(v, path, pair.left, left_type, accepted, wanted);
      CheckKind(v, path, pair.right, right_type, accepted, wanted);
    }
    const bool money = left_type == MoneyType() || right_type == MoneyType();
    if (money && !(left_type == right_type) && !left_type.is(Type::Kind::kError) &&
        !right_type.is(Type::Kind::kError) && !left_type.is(Type::Kind::kDynamic) &&
        !right_type.is(Type::Kind::kDynamic)) {
      v.AtValue(path,
                absl::StrCat("'", pair.left, "' is ", left_type.ToString(), " and '", pair.right,
                             "' is ", right_type.ToString(), ": they can never be equal"));
    }
  }
}

void ValidateMatch(const Validation& v, const std::string& path, const v1::Match& match) {
  const std::string left = EventAt(v, path + ".left", match.left(), false);
  const std::string right = EventAt(v, path + ".right", match.right(), false);
  if (!left.empty() && left == right) {
    v.AtValue(path + ".right", "both sides are the same event: nothing could differ");
  }
  const std::initializer_list<Type> names = {Type::String(), Type::Int()};
  CheckPairs(v, path + ".key", match.key(), left, right, names, "text or a whole number");
  for (int i = 0; i < match.equal_size(); ++i) {
    CheckPairs(v, absl::StrCat(path, ".equal[", i, "]"), match.equal(i), left, right, {}, "");
  }
  if (!match.sum().empty()) {
    const std::initializer_list<Type> numbers = {MoneyType(), Type::Int()};
    CheckPairs(v, path + ".sum", match.sum(), left, right, numbers, "money or a whole number");
    const auto pairs = ParseFieldPairs(match.sum());
    if (pairs.has_value() && pairs->size() != 1) {
      v.AtValue(path + ".sum", "one field is summed; make a match of each");
    }
  }
  if (match.has_tolerance() && match.tolerance().minor_units() < 0) {
    v.AtValue(path + ".tolerance", "a tolerance is 0 or more");
  }
  CheckSpan(v, path + ".within", match.within(), absl::ZeroDuration(), absl::Hours(24 * 7));
  if (match.has_remember()) {
    CheckSpan(v, path + ".remember", match.remember(), absl::Minutes(1), absl::Hours(24 * 31));
  }
  CheckCondition(v, path + ".left_when", left, match.left_when());
  CheckCondition(v, path + ".right_when", right, match.right_when());
  CheckReaction(v, path, match.on_violation(), {left, right});
}

// ---- Chains ----

void ValidateChain(const Validation& v, const std::string& path, const v1::Chain& chain) {
  const std::string event = EventAt(v, path + ".of", chain.of(), true);
  const std::initializer_list<Type> numbers = {MoneyType(), Type::Int()};
  const Type key = FieldAt(v, path + ".key", event, chain.key());
  CheckKind(v, path + ".key", chain.key(), key, {Type::String(), Type::Int()},
            "text or a whole number");
  const Type amount = FieldAt(v, path + ".amount", event, chain.amount());
  CheckKind(v, path + ".amount", chain.amount(), amount, numbers, "money or a whole number");
  const Type balance = FieldAt(v, path + ".balance", event, chain.balance());
  CheckKind(v, path + ".balance", chain.balance(), balance, numbers, "money or a whole number");
  const bool known = !amount.is(Type::Kind::kError) && !balance.is(Type::Kind::kError);
  if (known && !(amount == balance)) {
    v.AtValue(path + ".balance", "the balance and the amount must be of the same type");
  }
  if (!chain.sequence().empty()) {
    const Type sequence = FieldAt(v, path + ".sequence", event, chain.sequence());
    CheckKind(v, path + ".sequence", chain.sequence(), sequence, {Type::Int()}, "a whole number");
  }
  if (chain.has_within()) {
    CheckSpan(v, path + ".within", chain.within(), absl::ZeroDuration(), absl::Hours(1));
  }
  CheckReaction(v, path, chain.on_violation(), {event});
}

// ---- Transitions ----

void ValidateTransition(const Validation& v, const std::string& path,
                        const v1::Transition& transition) {
  const std::string event = EventAt(v, path + ".of", transition.of(), true);
  const Type field = FieldAt(v, path + ".field", event, transition.field());
  CheckKind(v, path + ".field", transition.field(), field, {Type::String()}, "text");
  std::set<std::string> statuses;
  for (const auto& [from, to] : transition.edges()) {
    statuses.insert(from);
    statuses.insert(to.values().begin(), to.values().end());
  }
  if (transition.edges().empty() && v.places.IsRead(path + ".edges")) {
    v.AtValue(path + ".edges", "at least one edge is needed, like {CREATED: [PAID]}");
  }
  const std::vector<std::string> known(statuses.begin(), statuses.end());
  for (int i = 0; i < transition.initial_size(); ++i) {
    if (statuses.count(transition.initial(i)) > 0) continue;
    v.AtValue(absl::StrCat(path, ".initial[", i, "]"),
              NoSuch("status", transition.initial(i), known, " among the edges"));
  }
  for (const auto& [status, limit] : transition.stuck()) {
    const std::string place = absl::StrCat(path, ".stuck.", status);
    if (statuses.count(status) == 0) {
      v.AtKey(place, NoSuch("status", status, known, " among the edges"));
    }
    CheckSpan(v, place, limit, absl::Seconds(1), absl::Hours(24 * 365));
  }
  if (transition.has_within()) {
    CheckSpan(v, path + ".within", transition.within(), absl::ZeroDuration(), absl::Hours(1));
  }
  CheckReaction(v, path, transition.on_violation(), {event});
}

// ---- Guards ----

void CheckRowExpression(const Validation& v, const std::string& path, const std::string& text) {
  if (text.empty() || !v.places.IsRead(path)) return;
  const auto environment = NewRowEnvironment();
  if (environment == nullptr) return;
  std::vector<MappingIssue> issues;
  (void)CompileName(*environment, "", text, &issues);
  for (const MappingIssue& found : issues) v.AtValue(path, found.issue.message, found.issue.offset);
}

void ValidateColumns(const Validation& v, const std::string& path, const v1::Guard& guard) {
  if (guard.columns().empty() && v.places.IsRead(path + ".columns")) {
    v.AtValue(path + ".columns", "at least one column is needed");
  }
  std::set<std::string> seen;
  for (int i = 0; i < guard.columns_size(); ++i) {
    const std::string place = absl::StrCat(path, ".columns[", i, "]");
    if (guard.columns(i).empty() || guard.columns(i).size() > 64) {
      v.AtValue(place, "a column's name has 1 to 64 bytes");
    } else if (!seen.insert(guard.columns(i)).second) {
      v.AtValue(place, absl::StrCat("'", guard.columns(i), "' stands there twice"));
    }
  }
}

void CheckMovements(const Validation& v, const std::string& path, const v1::Guard& guard) {
  if (v.places.IsDamaged("movements")) return;
  for (int i = 0; i < guard.movements_size(); ++i) {
    const std::string place = absl::StrCat(path, ".movements[", i, "]");
    const auto movement = v.document.movements().find(guard.movements(i));
    if (movement == v.document.movements().end()) {
      v.AtValue(place, NoSuch("movement", guard.movements(i), NamesOf(v.document.movements())));
    } else if (!movement->second.gated()) {
      v.AtValue(place, absl::StrCat("the movement '", guard.movements(i),
                                    "' is not gated: nothing allows it"));
    }
  }
}

void ValidateGuard(const Validation& v, const std::string& path, const v1::Guard& guard) {
  ValidateColumns(v, path, guard);
  const size_t dot = guard.table().find('.');
  if (v.places.IsRead(path + ".table") &&
      (dot == std::string::npos || dot == 0 || dot + 1 == guard.table().size())) {
    v.AtValue(path + ".table",
              absl::StrCat("'", guard.table(), "' must name database and table, like pay.refund"));
  }
  const bool no_source = SourceOfGuard(v.document, guard).empty() && !v.places.IsDamaged("sources");
  if (no_source && guard.source().empty()) {
    v.AtKey(path, "say whose table it is: `source`, with the name of a source that is a database");
  } else if (no_source) {
    v.AtValue(path + ".source",
              absl::StrCat("there is no source '", guard.source(), "' that is a database"));
  }
  if (guard.movements().empty() != guard.key().empty()) {
    v.AtKey(path, "movements and key belong together: whose row it is, and its key");
  }
  CheckMovements(v, path, guard);
  CheckRowExpression(v, path + ".key", guard.key());
  CheckRowExpression(v, path + ".account_id", guard.account_id());
  const bool reacts =
      guard.on_violation() == v1::ON_EVENT_FREEZE || guard.on_violation() == v1::ON_EVENT_TRIP;
  if (reacts && guard.account_id().empty()) {
    v.AtValue(path + ".on_violation",
              "there is no account to hold: say with account_id whose the row is, or write alert");
  }
  if (!v.places.IsRead(path + ".allow")) return;
  const auto environment = NewGuardEnvironment(v.document, guard);
  if (environment == nullptr) return;
  for (const expression::Issue& issue :
       expression::Compile(*environment, guard.allow(), Type::Bool()).issues) {
    v.AtValue(path + ".allow", issue.message, issue.offset);
  }
}

template <typename Map, typename Check>
void ForEach(const Validation& v, const std::string& section, const Map& entries,
             const Check& check) {
  for (const auto& [name, entry] : entries) {
    const std::string path = absl::StrCat(section, ".", name);
    CheckName(v, path, name);
    check(v, path, entry);
  }
}

}  // namespace

void ValidateVerification(const Validation& v) {
  ForEach(v, "matches", v.document.matches(), ValidateMatch);
  ForEach(v, "chains", v.document.chains(), ValidateChain);
  ForEach(v, "transitions", v.document.transitions(), ValidateTransition);
  ForEach(v, "guards", v.document.guards(), ValidateGuard);
}

}  // namespace fundgate::policy
