#include "server/policy/verification.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "fundgate/types/text.h"
#include "server/policy/event_environment.h"
#include "server/policy/mapping.h"
#include "server/policy/money_functions.h"

namespace fundgate::policy {

using expression::Environment;
using expression::Type;

std::optional<std::vector<FieldPair>> ParseFieldPairs(std::string_view text) {
  std::vector<FieldPair> pairs;
  for (const auto part : absl::StrSplit(ToAbsl(text), ',')) {
    const std::vector<std::string> sides = absl::StrSplit(part, '=');
    if (sides.size() > 2) return std::nullopt;
    FieldPair pair{std::string(absl::StripAsciiWhitespace(sides.front())),
                   std::string(absl::StripAsciiWhitespace(sides.back()))};
    if (pair.left.empty() || pair.right.empty()) return std::nullopt;
    pairs.push_back(std::move(pair));
  }
  return pairs;
}

std::unique_ptr<Environment> NewEventEnvironment(const v1::Document& document,
                                                 const std::string& event) {
  auto environment = std::make_unique<Environment>();
  const bool made = AddMoney(*environment).ok() && AddEvent(document, event, *environment).ok();
  return made ? std::move(environment) : nullptr;
}

std::unique_ptr<Environment> NewGuardEnvironment(const v1::Document& document,
                                                 const v1::Guard& guard) {
  auto environment = std::make_unique<Environment>();
  bool made = AddOrigin(document, {SourceOfGuard(document, guard)}, *environment).ok() &&
              environment->AddVariable("statement", Type::String()).ok() &&
              environment->AddVariable("change", Type::String()).ok() &&
              environment->AddVariable("columns", Type::List(Type::String())).ok();
  if (!guard.movements().empty()) made &= environment->AddVariable("gated", Type::Bool()).ok();
  return made ? std::move(environment) : nullptr;
}

std::string SourceOfGuard(const v1::Document& document, const v1::Guard& guard) {
  if (!guard.source().empty()) {
    const auto named = document.sources().find(guard.source());
    return named != document.sources().end() && IsDatabase(named->second) ? guard.source() : "";
  }
  std::string only;
  for (const auto& [name, source] : document.sources()) {
    if (!IsDatabase(source)) continue;
    if (!only.empty()) return "";
    only = name;
  }
  return only;
}

}  // namespace fundgate::policy
