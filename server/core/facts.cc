#include "server/core/facts.h"

#include <algorithm>
#include <variant>

#include "absl/strings/str_cat.h"
#include "server/core/events.h"

namespace fundgate::core {
namespace {

FactType TypeOf(const AttributeValue& value) {
  switch (value.index()) {
    case 0:
      return FactType::kString;
    case 1:
      return FactType::kInt;
    case 2:
      return FactType::kBool;
    default:
      return FactType::kMoney;
  }
}

std::optional<std::string> Misfit(const FactDefinition& definition, const Attributes& fields) {
  for (const auto& [name, value] : fields) {
    const FactDefinition::Field* field = definition.FindField(name);
    if (field == nullptr || field->type == TypeOf(value)) continue;
    return absl::StrCat("its field ", name, " is ", std::string(ToString(TypeOf(value))), ", not ",
                        std::string(ToString(field->type)), " as the policy declares");
  }
  return std::nullopt;
}

}  // namespace

std::string_view ToString(FactType type) {
  switch (type) {
    case FactType::kString:
      return "string";
    case FactType::kInt:
      return "int";
    case FactType::kBool:
      return "bool";
    case FactType::kMoney:
      return "money";
  }
  return "?";
}

const FactDefinition::Field* FactDefinition::FindField(std::string_view field) const {
  const auto found = std::lower_bound(
      fields.begin(), fields.end(), field,
      [](const Field& entry, std::string_view wanted) { return entry.name < wanted; });
  return found != fields.end() && found->name == field ? &*found : nullptr;
}

std::optional<std::string> Misfit(const FactDefinition& definition, const FactEvent& fact) {
  for (const std::optional<Attributes>* image : {&fact.before, &fact.after}) {
    if (!image->has_value()) continue;
    std::optional<std::string> why = Misfit(definition, **image);
    if (why.has_value()) return why;
  }
  return std::nullopt;
}

}  // namespace fundgate::core
