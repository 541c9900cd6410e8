#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/expression/lexer.h"
#include "server/policy/event_environment.h"
#include "server/policy/scalars.h"
#include "server/policy/validate_parts.h"

namespace fundgate::policy {
namespace {

void CheckField(const Validation& v, const std::string& path, const std::string& name) {
  if (IsReservedFactField(name)) {
    v.AtKey(path, absl::StrCat("a field can't be called '", name,
                               "': expressions read that of every event; choose another name"));
  } else if (!IsEntryName(name) || !expression::IsFieldName(name)) {
    v.AtKey(path, absl::StrCat("'", name,
                               "' is no name for a field: use lower_snake_case and no word that "
                               "expressions keep for themselves"));
  }
}

// The field, which must be there and be text.
void CheckTextField(const Validation& v, const std::string& path, const std::string& name,
                    const v1::Fact& fact) {
  if (!v.places.IsRead(path)) return;
  const auto field = fact.fields().find(name);
  if (field == fact.fields().end()) {
    v.AtValue(path, NoSuch("field", name, NamesOf(fact.fields())));
  } else if (field->second != v1::FACT_TYPE_STRING) {
    v.AtValue(path, absl::StrCat("'", name, "' must be of type string to name something"));
  }
}

}  // namespace

void ValidateFacts(const Validation& v) {
  for (const auto& [name, fact] : v.document.facts()) {
    const std::string path = absl::StrCat("facts.", name);
    if (!IsEntryName(name)) {
      v.AtKey(path, absl::StrCat("'", name,
                                 "' is no name for an entry: use lower_snake_case, at most 64 "
                                 "bytes, beginning with a letter"));
    }
    if (v.document.movements().count(name) > 0) {
      v.AtKey(path, absl::StrCat("'", name, "' is a movement already; a fact needs another name"));
    }
    if (!v.places.IsRead(path + ".fields")) continue;
    for (const auto& [field, type] : fact.fields()) {
      CheckField(v, absl::StrCat(path, ".fields.", field), field);
    }
    CheckTextField(v, path + ".key", fact.key(), fact);
    if (!fact.account().empty()) CheckTextField(v, path + ".account", fact.account(), fact);
    const auto account = fact.fields().find("account_id");
    if (account != fact.fields().end() && account->second != v1::FACT_TYPE_STRING) {
      v.AtValue(path + ".fields.account_id", "account_id names an account: its type is string");
    }
    if (account != fact.fields().end() && AccountFieldOf(fact) != "account_id") {
      v.AtValue(path + ".account",
                absl::StrCat("with a field account_id the fact is that account's, not that of '",
                             fact.account(), "'; rename one of the fields"));
    }
  }
}

}  // namespace fundgate::policy
