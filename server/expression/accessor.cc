#include "server/expression/accessor.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "server/expression/ast.h"
#include "server/expression/environment.h"
#include "server/expression/issue.h"

namespace fundgate::expression {
namespace {

// Whether a macro of the text has a variable of this name. Accessors are resolved before it is
// known where: the name means none of the environment's variables for certain.
bool IsOfMacro(const Ast& ast, const std::string& name) {
  return std::any_of(ast.nodes.begin(), ast.nodes.end(), [&](const Node& node) {
    return std::find(node.variables.begin(), node.variables.end(), name) != node.variables.end();
  });
}

// "request.order_id" for a name and selections of it; empty for all else.
std::string PathOf(const Ast& ast, NodeId id) {
  const Node& node = ast.nodes[id];
  if (node.kind == NodeKind::kName) {
    return node.absolute || !IsOfMacro(ast, node.text) ? node.text : "";
  }
  if (node.kind != NodeKind::kSelect) return "";
  const std::string front = PathOf(ast, node.children[0]);
  return front.empty() ? "" : absl::StrCat(front, ".", node.text);
}

absl::StatusOr<AccessorArgument> ArgumentOf(Environment& environment, const Ast& ast, NodeId id) {
  AccessorArgument argument;
  const Node& node = ast.nodes[id];
  if (node.kind == NodeKind::kLiteral && node.literal.is_string()) {
    argument.text = std::string(node.literal.string_value());
    return argument;
  }
  argument.path = PathOf(ast, id);
  if (argument.path.empty()) {
    return absl::InvalidArgumentError(
        "what stands in these brackets must be known when the policy is loaded: a text in quotes, "
        "or a field like request.order_id");
  }
  const absl::StatusOr<uint32_t> slot = environment.SlotOf(argument.path);
  if (!slot.ok()) return slot.status();
  argument.slot = *slot;
  argument.type = environment.slots()[*slot].type;
  return argument;
}

// What the call stands for, as a variable of the environment; the call's text.
absl::StatusOr<std::string> Resolve(Environment& environment, const Ast& ast, const Node& node,
                                    const Accessor& accessor, NodeId& place) {
  const size_t count = node.children.size();
  if (count < accessor.arguments_min || count > accessor.arguments_max) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", accessor.name, "' takes ", accessor.arguments_min,
                     accessor.arguments_max > accessor.arguments_min
                         ? absl::StrCat(" to ", accessor.arguments_max)
                         : "",
                     " arguments, not ", count));
  }
  std::vector<AccessorArgument> arguments;
  std::string call = absl::StrCat(accessor.name, "(");
  for (const NodeId child : node.children) {
    place = child;
    absl::StatusOr<AccessorArgument> argument = ArgumentOf(environment, ast, child);
    if (!argument.ok()) return argument.status();
    absl::StrAppend(&call, arguments.empty() ? "" : ", ",
                    argument->text.has_value()
                        ? absl::StrCat("\"", absl::CEscape(*argument->text), "\"")
                        : argument->path);
    arguments.push_back(*std::move(argument));
  }
  call.push_back(')');
  place = node.children.front();
  const absl::StatusOr<Type> type = accessor.resolve(call, arguments);
  if (!type.ok()) return type.status();
  environment.AddResolved(call, *type);
  return call;
}

}  // namespace

bool ResolveAccessors(Environment& environment, Ast& ast, std::vector<Issue>* issues) {
  const size_t before = issues->size();
  for (NodeId id = 0; id < ast.nodes.size(); ++id) {
    const Node& node = ast.nodes[id];
    if (node.kind != NodeKind::kCall || node.method) continue;
    const Accessor* accessor = environment.FindAccessor(node.text);
    if (accessor == nullptr) continue;
    NodeId place = id;
    absl::StatusOr<std::string> call = Resolve(environment, ast, node, *accessor, place);
    if (!call.ok()) {
      const uint32_t offset = ast.nodes[place].offset;
      issues->push_back({offset, Locate(ast.source, offset), std::string(call.status().message())});
      continue;
    }
    Node& variable = ast.nodes[id];
    variable.kind = NodeKind::kName;
    variable.text = *std::move(call);
    variable.children.clear();
  }
  return issues->size() == before;
}

}  // namespace fundgate::expression
