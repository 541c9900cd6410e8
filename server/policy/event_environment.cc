#include "server/policy/event_environment.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "absl/strings/match.h"
#include "fundgate/types/status_macros.h"
#include "server/policy/effects.h"
#include "server/policy/money_functions.h"

namespace fundgate::policy {
namespace {

using expression::Environment;
using expression::RecordType;
using expression::Type;

constexpr std::string_view kReserved[] = {"before", "change", "key", "origin", "statement"};
constexpr std::string_view kPrefix = "event.";
constexpr char kAccountField[] = "account_id";

Type TypeOf(v1::FactType type) {
  switch (type) {
    case v1::FACT_TYPE_INT:
      return Type::Int();
    case v1::FACT_TYPE_BOOL:
      return Type::Bool();
    case v1::FACT_TYPE_MONEY:
      return MoneyType();
    default:
      return Type::String();
  }
}

bool Emits(const v1::Source& source, const std::string& event) {
  const auto& emits = source.report().emits();
  return std::count(emits.begin(), emits.end(), event) > 0 ||
         std::any_of(source.tables().begin(), source.tables().end(),
                     [&](const v1::Table& table) { return table.emit() == event; });
}

// Fields that the event has before and after a change.
absl::Status AddImage(const v1::Document& document, const std::string& event,
                      Environment& environment, std::vector<RecordType::Field>& fields) {
  const auto fact = document.facts().find(event);
  if (fact != document.facts().end()) {
    const std::map<std::string, int> sorted(fact->second.fields().begin(),
                                            fact->second.fields().end());
    for (const auto& [name, type] : sorted) {
      fields.push_back({name, TypeOf(static_cast<v1::FactType>(type))});
    }
    return absl::OkStatus();
  }
  for (const char* name : {"order_id", "status", "part_key"}) {
    fields.push_back({name, Type::String()});
  }
  fields.push_back({"amount", MoneyType()});
  const auto movement = document.movements().find(event);
  if (movement == document.movements().end()) return absl::OkStatus();
  RecordType parts{"event_parts", {}, false};
  for (const std::string& part : PartNames(movement->second)) {
    parts.fields.push_back({part, MoneyType()});
  }
  FUNDGATE_RETURN_IF_ERROR(environment.AddRecord(std::move(parts)));
  FUNDGATE_RETURN_IF_ERROR(environment.AddRecord({"event_attributes", {}, true}));
  fields.push_back({"parts", Type::Record("event_parts")});
  fields.push_back({"attributes", Type::Record("event_attributes")});
  return absl::OkStatus();
}

bool HasField(const std::vector<RecordType::Field>& fields, std::string_view name) {
  return std::any_of(fields.begin(), fields.end(),
                     [name](const RecordType::Field& field) { return field.name == name; });
}

// The records "origin" and "origin_marks".
absl::Status AddOriginRecords(const v1::Document& document, const std::vector<std::string>& sources,
                              Environment& environment) {
  RecordType marks{"origin_marks", {}, false};
  std::set<std::string> names;
  for (const std::string& source : sources) {
    const auto found = document.sources().find(source);
    if (found == document.sources().end()) continue;
    marks.open |= found->second.has_report();  // a service may send any
    for (const auto& [name, text] : found->second.marker().marks()) names.insert(name);
  }
  for (const std::string& name : names) marks.fields.push_back({name, Type::String()});
  FUNDGATE_RETURN_IF_ERROR(environment.AddRecord(std::move(marks)));
  return environment.AddRecord({"origin",
                                {{"server_id", Type::Int()},
                                 {"statement", Type::String()},
                                 {"marks", Type::Record("origin_marks")}},
                                false});
}

}  // namespace

bool IsReservedFactField(std::string_view name) {
  return std::count(std::begin(kReserved), std::end(kReserved), name) > 0;
}

std::string AccountFieldOf(const v1::Fact& fact) {
  if (!fact.account().empty()) return fact.account();
  return fact.fields().count(kAccountField) > 0 ? kAccountField : "";
}

std::vector<std::string> EventNames(const v1::Document& document) {
  std::set<std::string> names;
  for (const auto& [name, movement] : document.movements()) names.insert(name);
  for (const auto& [name, fact] : document.facts()) names.insert(name);
  return {names.begin(), names.end()};
}

std::optional<std::string> EventNameIn(std::string_view text) {
  if (text.substr(0, kPrefix.size()) != kPrefix || text.size() == kPrefix.size()) {
    return std::nullopt;
  }
  return std::string(text.substr(kPrefix.size()));
}

std::vector<std::string> SourcesOfEvent(const v1::Document& document, const std::string& event) {
  std::set<std::string> names;
  for (const auto& [name, source] : document.sources()) {
    if (Emits(source, event)) names.insert(name);
  }
  return {names.begin(), names.end()};
}

std::optional<Type> TypeOfEventField(const v1::Document& document, const std::string& event,
                                     std::string_view path) {
  Environment environment;
  if (!AddMoney(environment).ok() || !AddEvent(document, event, environment).ok()) {
    return std::nullopt;
  }
  const absl::StatusOr<uint32_t> slot =
      environment.SlotOf(std::string(kPrefix) + std::string(path));
  if (!slot.ok()) return std::nullopt;
  return environment.slots()[*slot].type;
}

absl::Status AddEvent(const v1::Document& document, const std::string& event,
                      Environment& environment) {
  std::vector<RecordType::Field> fields;
  FUNDGATE_RETURN_IF_ERROR(AddImage(document, event, environment, fields));
  std::vector<RecordType::Field> before = fields;
  if (document.facts().count(event) == 0) {
    before.push_back({"key", Type::String()});
    before.push_back({kAccountField, Type::String()});
  }
  FUNDGATE_RETURN_IF_ERROR(environment.AddRecord({"event_before", std::move(before), false}));
  FUNDGATE_RETURN_IF_ERROR(
      AddOriginRecords(document, SourcesOfEvent(document, event), environment));
  for (const char* name : {"key", kAccountField, "change", "statement"}) {
    if (!HasField(fields, name)) fields.push_back({name, Type::String()});
  }
  fields.push_back({"before", Type::Record("event_before")});
  fields.push_back({"origin", Type::Record("origin")});
  FUNDGATE_RETURN_IF_ERROR(environment.AddRecord({"event", std::move(fields), false}));
  return environment.AddVariable("event", Type::Record("event"));
}

absl::Status AddOrigin(const v1::Document& document, const std::vector<std::string>& sources,
                       Environment& environment) {
  FUNDGATE_RETURN_IF_ERROR(AddOriginRecords(document, sources, environment));
  return environment.AddVariable("origin", Type::Record("origin"));
}

}  // namespace fundgate::policy
