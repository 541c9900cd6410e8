#include "server/expression/macros.h"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "server/expression/lexer.h"

namespace fundgate::expression {
namespace {

// A macro over the elements of its receiver.
struct LoopMacro {
  std::string_view name;
  Loop loop;
  size_t variables;
  size_t expressions;  // behind the variables
};

constexpr LoopMacro kLoopMacros[] = {
    {"all", Loop::kAll, 1, 1},
    {"all", Loop::kAll, 2, 1},
    {"exists", Loop::kExists, 1, 1},
    {"exists", Loop::kExists, 2, 1},
    {"exists_one", Loop::kExistsOne, 1, 1},
    {"existsOne", Loop::kExistsOne, 1, 1},
    {"existsOne", Loop::kExistsOne, 2, 1},
    {"filter", Loop::kFilter, 1, 1},
    {"map", Loop::kMap, 1, 1},
    {"map", Loop::kMap, 1, 2},
    {"transformList", Loop::kMap, 2, 1},
    {"transformList", Loop::kMap, 2, 2},
    {"transformMap", Loop::kTransformMap, 2, 1},
    {"transformMap", Loop::kTransformMap, 2, 2},
};

Expansion Problem(std::optional<NodeId> place, std::string sentence) {
  Expansion expansion;
  expansion.place = place;
  expansion.problem = std::move(sentence);
  return expansion;
}

std::string Quoted(std::string_view name) { return "'" + std::string(name) + "'"; }

// Takes the names of new variables from the front of `arguments` into the node.
std::optional<Expansion> TakeVariables(const Ast& ast, std::string_view macro,
                                       std::span<const NodeId> arguments, size_t count,
                                       Node* node) {
  for (size_t i = 0; i < count; ++i) {
    const Node& argument = ast.nodes[arguments[i]];
    if (argument.kind != NodeKind::kName || argument.absolute || !IsVariableName(argument.text)) {
      return Problem(arguments[i], Quoted(macro) + " needs the name of a new variable here");
    }
    if (i > 0 && node->variables[0] == argument.text) {
      return Problem(arguments[i], "the two variables of " + Quoted(macro) + " need two names");
    }
    node->variables.push_back(argument.text);
  }
  return std::nullopt;
}

Expansion Has(const Ast& ast, NodeId argument) {
  Expansion expansion;
  expansion.node = ast.nodes[argument];
  if (expansion.node.kind != NodeKind::kSelect) {
    return Problem(argument, "has() asks for a field: write has(x.field)");
  }
  expansion.node.kind = NodeKind::kHas;
  return expansion;
}

Expansion Bind(const Ast& ast, std::span<const NodeId> arguments) {
  Expansion expansion;
  expansion.node.kind = NodeKind::kBind;
  if (auto problem = TakeVariables(ast, "cel.bind", arguments, 1, &expansion.node)) {
    return *std::move(problem);
  }
  expansion.node.children.assign(arguments.begin() + 1, arguments.end());
  return expansion;
}

Expansion Over(const Ast& ast, const LoopMacro& macro, std::span<const NodeId> children) {
  Expansion expansion;
  Node& node = expansion.node;
  node.kind = NodeKind::kLoop;
  node.loop = macro.loop;
  node.text = std::string(macro.name);
  const std::span<const NodeId> arguments = children.subspan(1);
  if (auto problem = TakeVariables(ast, macro.name, arguments, macro.variables, &node)) {
    return *std::move(problem);
  }
  const auto expressions = arguments.subspan(macro.variables);
  node.children.assign(1, children[0]);
  node.children.insert(node.children.end(), expressions.begin(), expressions.end());
  return expansion;
}

bool IsNamed(const Ast& ast, NodeId id, std::string_view name) {
  const Node& node = ast.nodes[id];
  return node.kind == NodeKind::kName && node.text == name;
}

}  // namespace

std::optional<Expansion> ExpandMacro(const Ast& ast, std::string_view name, bool method,
                                     std::span<const NodeId> children) {
  if (!method) {
    if (name != "has") return std::nullopt;
    return children.size() == 1
               ? Has(ast, children[0])
               : Problem(std::nullopt, "has() takes one field: write has(x.field)");
  }
  if (name == "bind" && children.size() == 4 && IsNamed(ast, children[0], "cel")) {
    return Bind(ast, children.subspan(1));
  }
  for (const LoopMacro& macro : kLoopMacros) {
    const bool fits = children.size() == 1 + macro.variables + macro.expressions;
    if (macro.name == name && fits) return Over(ast, macro, children);
  }
  return std::nullopt;
}

bool IsMacroName(std::string_view name) {
  const auto is_it = [&](const LoopMacro& macro) { return macro.name == name; };
  return name == "has" || name == "cel.bind" ||
         std::any_of(std::begin(kLoopMacros), std::end(kLoopMacros), is_it);
}

}  // namespace fundgate::expression
