#include "server/policy/fact_mapping.h"

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/policy/event_environment.h"

namespace fundgate::policy {
namespace {

using expression::Type;

// Dynamic where a NULL must be able to come out of it: the type is checked when it runs.
std::optional<expression::Program> CompileField(expression::Environment& environment,
                                                const std::string& field, const std::string& text,
                                                v1::FactType type,
                                                std::vector<MappingIssue>* issues) {
  if (type == v1::FACT_TYPE_STRING) return CompileName(environment, field, text, issues);
  if (type == v1::FACT_TYPE_MONEY) return CompileAmount(environment, field, text, issues);
  const Type wanted = type == v1::FACT_TYPE_BOOL ? Type::Bool() : Type::Int();
  return CompileAs(environment, field, text, Type::Nullable(wanted), issues);
}

}  // namespace

std::optional<FactTableMapping> CompileFactTable(const v1::Table& table, const v1::Fact& fact,
                                                 std::vector<MappingIssue>* issues) {
  const size_t issues_before = issues->size();
  std::unique_ptr<expression::Environment> environment = NewRowEnvironment();
  if (environment == nullptr) {
    issues->push_back({"table", {0, {}, "the environment of row expressions can't be made"}});
    return std::nullopt;
  }
  FactTableMapping mapping;
  mapping.table = table.table();
  mapping.emit = table.emit();
  mapping.key = fact.key();
  mapping.account = AccountFieldOf(fact);
  if (!table.when().empty()) {
    mapping.when = CompileAs(*environment, "when", table.when(), Type::Bool(), issues);
  }
  const std::map<std::string, std::string> texts(table.fields().begin(), table.fields().end());
  for (const auto& [name, text] : texts) {
    const auto declared = fact.fields().find(name);
    if (declared == fact.fields().end()) continue;
    const auto type = static_cast<v1::FactType>(declared->second);
    std::optional<expression::Program> program =
        CompileField(*environment, absl::StrCat("fields.", name), text, type, issues);
    if (program.has_value()) mapping.fields.push_back({name, type, *std::move(program)});
  }
  if (issues->size() > issues_before) return std::nullopt;
  mapping.environment = std::move(environment);
  return mapping;
}

}  // namespace fundgate::policy
