// The section sensitive; see validate_parts.h.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "fundgate/types/text.h"
#include "server/policy/validate_parts.h"
#include "server/policy/verification.h"

namespace fundgate::policy {
namespace {

// What every movement has: it can't be told without it.
constexpr std::string_view kAlwaysShown[] = {
    "account_id", "amount", "currency", "idempotency_key", "order_id", "part_key", "status"};

// Without "attributes." in front.
std::string PlainName(std::string_view field) {
  return std::string(absl::StripPrefix(ToAbsl(field), "attributes."));
}

// Every name that attributes, fields of facts and guarded columns have in the document.
std::set<std::string> NamesThatCarryValues(const v1::Document& document) {
  std::set<std::string> names;
  for (const auto& [name, type] : document.attributes()) names.insert(name);
  for (const auto& [kind, movement] : document.movements()) {
    names.insert(movement.identity().begin(), movement.identity().end());
  }
  for (const auto& [kind, fact] : document.facts()) {
    for (const auto& [name, type] : fact.fields()) names.insert(name);
  }
  for (const auto& [name, guard] : document.guards()) {
    names.insert(guard.columns().begin(), guard.columns().end());
  }
  for (const auto& [name, source] : document.sources()) {
    for (const v1::Table& table : source.tables()) {
      for (const auto& [field, text] : table.fields()) names.insert(PlainName(field));
    }
  }
  for (const std::string_view name : kAlwaysShown) names.erase(std::string(name));
  return names;
}

// What things are found and called by, each with what it is there: such a name stands in texts, ids
// and groups, where nothing could mask it.
std::map<std::string, std::string> NamesThatAreKeys(const v1::Document& document) {
  std::map<std::string, std::string> keys;
  const auto note = [&keys](const std::string& field, std::string_view what,
                            const std::string& name) {
    if (!field.empty()) keys.emplace(PlainName(field), absl::StrCat(ToAbsl(what), " '", name, "'"));
  };
  for (const auto& [name, fact] : document.facts()) {
    note(fact.key(), "the key of fact", name);
    note(fact.account(), "the account of fact", name);
  }
  for (const auto& [name, match] : document.matches()) {
    for (const FieldPair& pair : ParseFieldPairs(match.key()).value_or(std::vector<FieldPair>())) {
      note(pair.left, "a key of match", name);
      note(pair.right, "a key of match", name);
    }
    for (const FieldPair& pair : ParseFieldPairs(match.sum()).value_or(std::vector<FieldPair>())) {
      note(pair.left, "the sum of match", name);
      note(pair.right, "the sum of match", name);
    }
  }
  for (const auto& [name, chain] : document.chains()) {
    for (const std::string& field :
         {chain.key(), chain.amount(), chain.balance(), chain.sequence()}) {
      note(field, "a field of chain", name);
    }
  }
  for (const auto& [name, transition] : document.transitions()) {
    note(transition.field(), "the status of transition", name);
  }
  return keys;
}

}  // namespace

void ValidateSensitive(const Validation& v) {
  if (v.document.sensitive().empty()) return;
  const std::set<std::string> carriers = NamesThatCarryValues(v.document);
  const std::map<std::string, std::string> keys = NamesThatAreKeys(v.document);
  std::set<std::string> seen;
  for (int i = 0; i < v.document.sensitive_size(); ++i) {
    const std::string& name = v.document.sensitive(i);
    const std::string place = absl::StrCat("sensitive[", i, "]");
    if (std::find(std::begin(kAlwaysShown), std::end(kAlwaysShown), name) !=
        std::end(kAlwaysShown)) {
      v.AtValue(place, absl::StrCat("'", name,
                                    "' is what movements are found by, so everybody who looks "
                                    "sees it; only attributes, fields of facts and guarded "
                                    "columns can be masked"));
      continue;
    }
    if (const auto key = keys.find(name); key != keys.end()) {
      v.AtValue(place, absl::StrCat("'", name, "' is ", key->second,
                                    ": what things are found by can't be masked"));
    } else if (carriers.count(name) == 0 && !v.places.IsDamaged("attributes") &&
               !v.places.IsDamaged("facts") && !v.places.IsDamaged("guards") &&
               !v.places.IsDamaged("movements") && !v.places.IsDamaged("sources")) {
      // A slip of the pen here would show what should be hidden.
      v.AtValue(place, NoSuch("attribute, field of a fact or guarded column", name,
                              {carriers.begin(), carriers.end()},
                              "; if checks send it all the same, declare it under `attributes`"));
    }
    if (!seen.insert(name).second) {
      v.AtValue(place, absl::StrCat("'", name, "' stands there twice"));
    }
  }
}

}  // namespace fundgate::policy
