// Which overloads of a function take arguments of given static types.
#ifndef SERVER_EXPRESSION_OVERLOADS_H_
#define SERVER_EXPRESSION_OVERLOADS_H_

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/expression/environment.h"
#include "server/expression/type.h"

namespace fundgate::expression {

// The overloads that can apply, and what each yields.
struct Overloads {
  std::vector<std::shared_ptr<const Function>> functions;
  std::vector<Type> results;
};

Overloads Applicable(std::vector<std::shared_ptr<const Function>> candidates,
                     std::span<const Type> arguments);

// The type that all of them are, with the largest of their bounds, else Dynamic. At least one.
Type OnlyType(std::span<const Type> types);

// All overloads of a name and style: of the language and of the host.
std::vector<std::shared_ptr<const Function>> FindCandidates(const Environment& environment,
                                                            std::string_view name, bool method);

// "size(int) does not exist; there is size(string), size(list(dyn))".
std::string NoOverload(std::string_view name, bool method, std::span<const Type> arguments,
                       std::span<const std::shared_ptr<const Function>> candidates);

// Why there is no such function: it is written in the other style, or mistyped.
std::string NoFunction(const Environment& environment, const std::string& name, bool method);

}  // namespace fundgate::expression

#endif  // SERVER_EXPRESSION_OVERLOADS_H_
