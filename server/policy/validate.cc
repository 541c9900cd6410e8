#include "server/policy/validate.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "fundgate/types/text.h"
#include "server/expression/lexer.h"
#include "server/policy/effects.h"
#include "server/policy/invariant_expression.h"
#include "server/policy/scalars.h"
#include "server/policy/validate_parts.h"
#include "server/policy/violation_names.h"

namespace fundgate::policy {
namespace {

// Names that breaker scopes use for fields of a check itself.
constexpr std::string_view kReservedAttributes[] = {"account", "order", "currency"};

void CheckEntryName(const Validation& v, const std::string& path, std::string_view name) {
  if (IsEntryName(name)) return;
  v.AtKey(path, absl::StrCat("'", ToAbsl(name),
                             "' is no name for an entry: use lower_snake_case, at most 64 bytes, "
                             "beginning with a letter"));
}

// ---- Books ----

void ValidateBook(const Validation& v, const std::string& path, const v1::Book& book) {
  const auto& key = book.key();
  const bool valid_key = (key.size() == 1 && key[0] == "account_id") ||
                         (key.size() == 2 && key[0] == "account_id" && key[1] == "order_id");
  if (!valid_key && v.places.IsRead(path + ".key")) {
    v.AtValue(path + ".key",
              "a book's key is [account_id] or [account_id, order_id]: the account is the "
              "partition key, and everything that one decision touches lies under it");
  }
  if (book.counters().empty() && v.places.IsRead(path + ".counters")) {
    v.AtValue(path + ".counters", "a book needs at least one counter");
  }
  std::set<std::string> seen;
  for (int i = 0; i < book.counters_size(); ++i) {
    const std::string& counter = book.counters(i);
    const std::string place = absl::StrCat(path, ".counters[", i, "]");
    if (!IsEntryName(counter) || !expression::IsVariableName(counter)) {
      v.AtValue(place, absl::StrCat("'", counter,
                                    "' is no name for a counter: use lower_snake_case and no word "
                                    "that expressions keep for themselves"));
    } else if (!seen.insert(counter).second) {
      v.AtValue(place, absl::StrCat("the counter '", counter, "' stands there twice"));
    }
  }
}

void ValidateBooks(const Validation& v) {
  for (const auto& [name, book] : v.document.books()) {
    const std::string path = absl::StrCat("books.", name);
    CheckEntryName(v, path, name);
    ValidateBook(v, path, book);
  }
}

// ---- Movements ----

void ValidateParts(const Validation& v, const std::string& path, const v1::Movement& movement) {
  if (movement.parts().empty()) return;
  const std::string total = TotalName(movement);
  const std::string place = absl::StrCat(path, ".parts.", total);
  CheckEntryName(v, place, total);
  const auto& parts = movement.parts().begin()->second.values();
  if (parts.empty()) v.AtValue(place, "a total needs the names of its parts, like [net, fee]");
  std::set<std::string> seen = {total};
  for (int i = 0; i < parts.size(); ++i) {
    const std::string element = absl::StrCat(place, "[", i, "]");
    CheckEntryName(v, element, parts[i]);
    if (!seen.insert(parts[i]).second) {
      v.AtValue(element, absl::StrCat("'", parts[i], "' names two amounts of this movement"));
    }
  }
}

void ValidateEffect(const Validation& v, const std::string& place, const std::string& text,
                    const v1::Movement& movement) {
  const std::optional<EffectText> effect = ParseEffect(text);
  if (!effect.has_value()) {
    return v.AtValue(place, absl::StrCat("'", text,
                                         "' is no effect: write +book.counter or -book.counter, "
                                         "or \"+book.counter: part\" in quotes"));
  }
  const auto book = v.document.books().find(effect->book);
  if (book == v.document.books().end()) {
    if (v.places.IsDamaged("books")) return;
    return v.AtValue(place, NoSuch("book", effect->book, NamesOf(v.document.books())),
                     effect->book_offset);
  }
  const std::vector<std::string> counters(book->second.counters().begin(),
                                          book->second.counters().end());
  const bool known = std::find(counters.begin(), counters.end(), effect->counter) != counters.end();
  if (!known && v.places.IsRead(absl::StrCat("books.", effect->book, ".counters"))) {
    v.AtValue(
        place,
        NoSuch("counter", effect->counter, counters, absl::StrCat(" in book '", effect->book, "'")),
        effect->counter_offset);
  }
  if (effect->amount.empty()) return;
  std::vector<std::string> amounts = PartNames(movement);
  if (amounts.empty()) {
    return v.AtValue(place,
                     absl::StrCat("'", effect->amount,
                                  "' names a part, but the movement has no `parts`; leave it out, "
                                  "or declare them"),
                     effect->amount_offset);
  }
  amounts.push_back(TotalName(movement));
  if (std::find(amounts.begin(), amounts.end(), effect->amount) == amounts.end()) {
    v.AtValue(place, NoSuch("amount", effect->amount, amounts), effect->amount_offset);
  }
}

void ValidateEffects(const Validation& v, const std::string& path, const v1::Movement& movement) {
  std::set<std::string> seen;
  for (int i = 0; i < movement.effects_size(); ++i) {
    const std::string place = absl::StrCat(path, ".effects[", i, "]");
    ValidateEffect(v, place, movement.effects(i), movement);
    const std::optional<EffectText> effect = ParseEffect(movement.effects(i));
    if (!effect.has_value()) continue;
    const std::string amount =
        effect->amount == TotalName(movement) ? std::string() : effect->amount;
    if (!seen.insert(absl::StrCat(effect->book, ".", effect->counter, ":", amount)).second) {
      v.AtValue(place, absl::StrCat("the amount goes to ", effect->book, ".", effect->counter,
                                    " twice; one effect for it is enough"));
    }
  }
  if (movement.effects().empty() && !movement.gated()) {
    v.AtKey(path, "a movement that is not gated needs effects: without them it does nothing");
  }
}

void ValidateIdentity(const Validation& v, const std::string& path, const v1::Movement& movement) {
  std::set<std::string> seen;
  for (int i = 0; i < movement.identity_size(); ++i) {
    const std::string& name = movement.identity(i);
    const std::string place = absl::StrCat(path, ".identity[", i, "]");
    CheckEntryName(v, place, name);
    if (std::count(std::begin(kReservedAttributes), std::end(kReservedAttributes),
                   std::string_view(name)) > 0) {
      v.AtValue(place, absl::StrCat("'", name,
                                    "' is a field of every check and belongs to the fingerprint "
                                    "already; name attributes here"));
    } else if (!seen.insert(name).second) {
      v.AtValue(place, absl::StrCat("'", name, "' stands there twice"));
    }
  }
}

void ValidateMovements(const Validation& v) {
  std::vector<std::string> steps;
  for (int i = 0; i < v1::Step::descriptor()->field_count(); ++i) {
    steps.push_back(v1::Step::descriptor()->field(i)->name());
  }
  for (const auto& [name, movement] : v.document.movements()) {
    const std::string path = absl::StrCat("movements.", name);
    CheckEntryName(v, path, name);
    if (std::find(steps.begin(), steps.end(), name) != steps.end()) {
      v.AtKey(path, absl::StrCat("a movement can't be called '", name,
                                 "': in tests that is a step; choose another name"));
    }
    ValidateParts(v, path, movement);
    ValidateEffects(v, path, movement);
    ValidateIdentity(v, path, movement);
    if (movement.gated() && v.document.checkpoints().count(name) == 0 &&
        !v.places.IsDamaged("checkpoints")) {
      v.AtKey(path,
              absl::StrCat("'", name, "' is gated but has no checkpoint; add checkpoints.", name));
    }
    if (movement.gated()) continue;
    if (movement.has_gated_from())
      v.AtKey(path + ".gated_from", "gated_from has a meaning only for gated movements");
    if (movement.identity_size() > 0)
      v.AtKey(path + ".identity", "identity has a meaning only for gated movements");
  }
}

// ---- Checkpoints ----

struct Limits {
  absl::Duration least;
  absl::Duration most;
};

// The field's value, or its default; a problem if it lies outside the limits.
absl::Duration DurationOf(const Validation& v, const std::string& place, bool given,
                          const google::protobuf::Duration& message, absl::Duration fallback,
                          Limits limits) {
  if (!given) return fallback;
  const absl::Duration value = ToDuration(message);
  if (value < limits.least || value > limits.most) {
    v.AtValue(place,
              absl::StrCat(DurationText(value), " is out of range; ", DurationText(limits.least),
                           " to ", DurationText(limits.most), " is accepted"));
  }
  return value;
}

void ValidateTimes(const Validation& v, const std::string& path, const v1::Checkpoint& checkpoint) {
  constexpr absl::Duration kLeast = absl::Milliseconds(1);
  DurationOf(v, path + ".max_staleness", checkpoint.has_max_staleness(), checkpoint.max_staleness(),
             absl::Seconds(5), {kLeast, absl::Hours(24)});
  DurationOf(v, path + ".patience", checkpoint.has_patience(), checkpoint.patience(),
             absl::Milliseconds(200), {absl::ZeroDuration(), absl::Seconds(10)});
  const absl::Duration valid_for =
      DurationOf(v, path + ".valid_for", checkpoint.has_valid_for(), checkpoint.valid_for(),
                 absl::Minutes(2), {kLeast, absl::Hours(24 * 30)});
  const absl::Duration overdue_after =
      DurationOf(v, path + ".overdue_after", checkpoint.has_overdue_after(),
                 checkpoint.overdue_after(), absl::Minutes(10), {kLeast, absl::Hours(24 * 30)});
  if (valid_for >= overdue_after) {
    const bool of_valid_for = checkpoint.has_valid_for();
    v.AtValue(path + (of_valid_for ? ".valid_for" : ".overdue_after"),
              absl::StrCat("valid_for (", DurationText(valid_for),
                           ") must be less than overdue_after (", DurationText(overdue_after),
                           "): an ALLOW must have run out before it is called overdue"));
  }
  DurationOf(v, path + ".auto_release_grace", checkpoint.has_auto_release_grace(),
             checkpoint.auto_release_grace(), absl::Minutes(1), {kLeast, absl::Hours(24)});
  if (checkpoint.has_auto_release_grace() && checkpoint.auto_release() != v1::AUTO_RELEASE_PROVEN) {
    v.AtKey(path + ".auto_release_grace",
            "auto_release_grace has no meaning without `auto_release: proven`");
  }
}

bool IsEmitted(const v1::Document& document, const std::string& kind) {
  return std::any_of(document.sources().begin(), document.sources().end(), [&](const auto& entry) {
    const v1::Source& source = entry.second;
    return std::count(source.report().emits().begin(), source.report().emits().end(), kind) > 0 ||
           std::any_of(source.tables().begin(), source.tables().end(),
                       [&](const v1::Table& table) { return table.emit() == kind; });
  });
}

void ValidateCheckpoints(const Validation& v) {
  for (const auto& [name, checkpoint] : v.document.checkpoints()) {
    const std::string path = absl::StrCat("checkpoints.", name);
    CheckEntryName(v, path, name);
    const auto movement = v.document.movements().find(name);
    if (movement == v.document.movements().end()) {
      if (!v.places.IsDamaged("movements")) {
        v.AtKey(path, NoSuch("movement", name, NamesOf(v.document.movements())) +
                          "; a checkpoint has the name of a gated movement");
      }
    } else if (!movement->second.gated()) {
      v.AtKey(path, absl::StrCat("the movement '", name,
                                 "' is not gated; write `gated: true` there or remove this "
                                 "checkpoint"));
    }
    ValidateTimes(v, path, checkpoint);
    ValidateDegradation(v, path, checkpoint);
    if (checkpoint.auto_release() == v1::AUTO_RELEASE_PROVEN && !v.places.IsDamaged("sources") &&
        !IsEmitted(v.document, name)) {
      v.AtValue(path + ".auto_release",
                absl::StrCat("no source emits '", name,
                             "', so nothing could prove that it did not move"));
    }
  }
}

// ---- Invariants ----

void ValidateInvariants(const Validation& v) {
  for (const auto& [name, invariant] : v.document.invariants()) {
    const std::string path = absl::StrCat("invariants.", name);
    CheckEntryName(v, path, name);
    if (invariant.otherwise() == v1::VERDICT_ALLOW) {
      v.AtValue(path + ".otherwise",
                "an invariant that answers ALLOW guards nothing; write BLOCK or HOLD");
    }
    const auto book = v.document.books().find(invariant.book());
    if (book == v.document.books().end()) {
      if (!invariant.book().empty() && !v.places.IsDamaged("books")) {
        v.AtValue(path + ".book", NoSuch("book", invariant.book(), NamesOf(v.document.books())));
      }
      continue;
    }
    if (!v.places.IsRead(path + ".holds")) continue;
    const InvariantExpression compiled =
        CompileInvariantExpression(book->second, invariant.holds());
    for (const expression::Issue& issue : compiled.issues) {
      v.AtValue(path + ".holds", issue.message, issue.offset);
    }
  }
}

// ---- Violations ----

void ValidateViolations(const Validation& v) {
  const std::vector<std::string> known = ReactableViolations();
  for (const auto& [name, reaction] : v.document.violations()) {
    if (std::count(known.begin(), known.end(), name) > 0) continue;
    const std::string path = absl::StrCat("violations.", name);
    if (name == "invariant") {
      v.AtKey(path, "what a broken invariant leads to stands with the invariant: its on_event");
    } else if (name == "overdue") {
      v.AtKey(path, "overdue reservations only alert: nothing has moved");
    } else {
      v.AtKey(path, NoSuch("violation", name, known, " of movements"));
    }
  }
}

void ValidateRetention(const Validation& v) {
  if (!v.document.has_key_retention()) return;
  const absl::Duration retention =
      DurationOf(v, "key_retention", true, v.document.key_retention(), absl::ZeroDuration(),
                 {absl::Hours(24), absl::Hours(24 * 36'500)});
  for (const auto& [name, checkpoint] : v.document.checkpoints()) {
    if (checkpoint.has_overdue_after() && ToDuration(checkpoint.overdue_after()) >= retention) {
      v.AtValue("key_retention",
                absl::StrCat("key_retention must be more than overdue_after of the checkpoint '",
                             name, "'"));
    }
  }
}

}  // namespace

void Validate(const v1::Document& document, const Places& places, Problems& problems) {
  const Validation validation{document, places, problems};
  ValidateBooks(validation);
  ValidateMovements(validation);
  ValidateFacts(validation);
  ValidateCheckpoints(validation);
  ValidateInvariants(validation);
  ValidateViolations(validation);
  ValidateWindows(validation);
  ValidateRules(validation);
  ValidateResponses(validation);
  ValidateBreakers(validation);
  ValidateSources(validation);
  ValidateVerification(validation);
  ValidateSensitive(validation);
  ValidateTests(validation);
  ValidateRetention(validation);
}

}  // namespace fundgate::policy
