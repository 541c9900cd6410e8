#include "server/expression/overloads.h"

#include <algorithm>
#include <utility>

#include "server/expression/names.h"
#include "server/expression/standard.h"

namespace fundgate::expression {
namespace {

bool Takes(const Function& function, std::span<const Type> arguments) {
  if (!TakesCount(function, arguments.size())) return false;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (!IsAssignable(arguments[i], ParameterAt(function, i))) return false;
  }
  return true;
}

std::string Signature(std::string_view name, bool method, std::span<const Type> types,
                      bool variadic) {
  std::string text = method && !types.empty() ? types[0].ToString() + "." : "";
  text += std::string(name) + "(";
  const size_t first = method ? 1 : 0;
  for (size_t i = first; i < types.size(); ++i) {
    text += (i > first ? ", " : "") + types[i].ToString();
  }
  return text + (variadic ? ", ...)" : ")");
}

}  // namespace

Overloads Applicable(std::vector<std::shared_ptr<const Function>> candidates,
                     std::span<const Type> arguments) {
  Overloads found;
  for (auto& function : candidates) {
    if (!Takes(*function, arguments)) continue;
    Type result =
        function->result_of != nullptr ? function->result_of(arguments) : function->result;
    if (result.is(Type::Kind::kError)) continue;
    found.results.push_back(std::move(result));
    found.functions.push_back(std::move(function));
  }
  return found;
}

Type OnlyType(std::span<const Type> types) {
  uint64_t size = 0;
  for (const Type& type : types) size = std::max(size, type.size_max());
  const bool same =
      std::all_of(types.begin(), types.end(), [&](const Type& type) { return type == types[0]; });
  return (same ? types[0] : Type::Dynamic()).AtMost(size);
}

std::vector<std::shared_ptr<const Function>> FindCandidates(const Environment& environment,
                                                            std::string_view name, bool method) {
  std::vector<std::shared_ptr<const Function>> all = FindStandard(name, method);
  for (auto& function : environment.FindFunctions(name, method)) {
    all.push_back(std::move(function));
  }
  return all;
}

std::string NoOverload(std::string_view name, bool method, std::span<const Type> arguments,
                       std::span<const std::shared_ptr<const Function>> candidates) {
  std::string message = Signature(name, method, arguments, false) + " does not exist; there is";
  for (size_t i = 0; i < candidates.size(); ++i) {
    message += (i == 0 ? " " : ", ") +
               Signature(name, method, candidates[i]->parameters, candidates[i]->variadic);
  }
  return message;
}

std::string NoFunction(const Environment& environment, const std::string& name, bool method) {
  const std::vector<std::string> styled = environment.FunctionNames(method);
  const std::vector<std::string> other = environment.FunctionNames(!method);
  const bool in_other = std::find(other.begin(), other.end(), name) != other.end();
  if (in_other) {
    return "'" + name + "' is " +
           (method ? "a function: write " + name + "(x)" : "a method: write x." + name + "(...)");
  }
  const std::string what = method ? "method" : "function";
  return "there is no " + what + " '" + name + "'" + NameHint(name, styled);
}

}  // namespace fundgate::expression
