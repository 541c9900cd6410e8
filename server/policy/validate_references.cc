#include "server/policy/validate_references.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "server/expression/lexer.h"
#include "server/expression/program.h"
#include "server/policy/event_environment.h"
#include "server/policy/rule_environment.h"
#include "server/policy/scalars.h"
#include "server/policy/verification.h"

namespace fundgate::policy {
namespace {

bool IsDamaged(const Validation& v) {
  return v.places.IsDamaged("facts") || v.places.IsDamaged("movements") ||
         v.places.IsDamaged("sources");
}

}  // namespace

bool CheckReadName(const Validation& v, const std::string& path, const std::string& name) {
  if (IsEntryName(name) && expression::IsFieldName(name)) return true;
  v.AtKey(path, absl::StrCat("'", name,
                             "' is no name for an entry that expressions read: use "
                             "lower_snake_case, at most 64 bytes, and no word that expressions "
                             "keep for themselves"));
  return false;
}

void CheckKey(const Validation& v, const std::string& place, const std::string& key,
              const std::vector<std::string>& words) {
  if (key.empty() || !v.places.IsRead(place)) return;
  if (std::find(words.begin(), words.end(), key) != words.end()) return;
  const std::optional<std::string> attribute = AttributeIn(key);
  if (!attribute.has_value()) {
    std::vector<std::string> known = words;
    known.emplace_back("attributes.NAME");
    return v.AtValue(place, NoSuch("field", key, known, " to go by"));
  }
  if (v.document.attributes().count(*attribute) == 0 && !v.places.IsDamaged("attributes")) {
    v.AtValue(place, NoSuch("attribute", *attribute, NamesOf(v.document.attributes()),
                            "; declare it under `attributes`"));
  }
}

std::string EventAt(const Validation& v, const std::string& path, const std::string& text,
                    bool fact_only) {
  if (!v.places.IsRead(path) || IsDamaged(v)) return "";
  const std::optional<std::string> event = EventNameIn(text);
  if (!event.has_value()) {
    v.AtValue(path, absl::StrCat("'", text, "' names no event: write event.NAME"));
    return "";
  }
  const bool is_fact = v.document.facts().count(*event) > 0;
  if (!is_fact && (fact_only || v.document.movements().count(*event) == 0)) {
    v.AtValue(path,
              NoSuch(fact_only ? "fact" : "movement or fact", *event,
                     fact_only ? NamesOf(v.document.facts()) : EventNames(v.document)),
              std::string_view("event.").size());
    return "";
  }
  if (SourcesOfEvent(v.document, *event).empty()) {
    v.AtValue(path, absl::StrCat("no source emits '", *event, "', so nothing could be checked"));
    return "";
  }
  return *event;
}

bool HasAccount(const v1::Document& document, const std::string& event) {
  const auto fact = document.facts().find(event);
  return fact == document.facts().end() || !AccountFieldOf(fact->second).empty();
}

void CheckCondition(const Validation& v, const std::string& path, const std::string& event,
                    const std::string& text) {
  if (event.empty() || text.empty() || !v.places.IsRead(path)) return;
  const auto environment = NewEventEnvironment(v.document, event);
  if (environment == nullptr) return;
  for (const expression::Issue& issue :
       expression::Compile(*environment, text, expression::Type::Bool()).issues) {
    v.AtValue(path, issue.message, issue.offset);
  }
}

}  // namespace fundgate::policy
