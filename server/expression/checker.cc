#include "server/expression/checker.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "server/expression/names.h"
#include "server/expression/standard.h"

namespace fundgate::expression {
namespace {

using Kind = Type::Kind;

class Checker {
 public:
  Checker(Environment& environment, Ast ast, std::vector<Issue>* issues)
      : environment_(environment), issues_(issues) {
    checked_.meanings.resize(ast.nodes.size());
    paths_.resize(ast.nodes.size());
    checked_.ast = std::move(ast);
  }

  std::optional<CheckedExpression> Run(const Type& expected) {
    const size_t before = issues_->size();
    const NodeId root = checked_.ast.root;
    const Type type = CheckValue(root);
    if (!IsAssignable(type, expected)) {
      Report(root, "the expression is of type " + type.ToString() + ", but " + expected.ToString() +
                       " is wanted");
    }
    if (issues_->size() != before) return std::nullopt;
    return std::move(checked_);
  }

 private:
  const Node& At(NodeId id) const { return checked_.ast.nodes[id]; }
  Meaning& MeaningOf(NodeId id) { return checked_.meanings[id]; }

  Type Report(NodeId id, std::string message) {
    const uint32_t offset = At(id).offset;
    issues_->push_back({offset, Locate(checked_.ast.source, offset), std::move(message)});
    return Type::Error();
  }

  // The type of a node that must be a value.
  Type CheckValue(NodeId id) {
    const Type type = CheckNode(id);
    if (!type.is(Kind::kRecord)) return type;
    std::string message = "'" + paths_[id] + "' is a record, not a value; select one of its fields";
    const RecordType* record = environment_.FindRecord(type.name());
    if (record != nullptr && !record->fields.empty()) {
      message += ", such as " + paths_[id] + "." + record->fields[0].name;
    }
    MeaningOf(id).type = Type::Error();
    return Report(id, std::move(message));
  }

  Type CheckNode(NodeId id) {
    Type type = TypeOf(id);
    MeaningOf(id).type = type;
    return type;
  }

  Type TypeOf(NodeId id) {
    const Node& node = At(id);
    switch (node.kind) {
      case NodeKind::kLiteral:
        return LiteralType(node.literal);
      case NodeKind::kName:
        return Name(id);
      case NodeKind::kSelect:
        return Select(id);
      case NodeKind::kOperator:
        return OperatorType(id);
      case NodeKind::kCall:
        return Call(id);
      case NodeKind::kList:
        return List(id);
      case NodeKind::kUnsupported:
        break;
    }
    return Report(id, node.text + " are part of CEL, but not yet of this language");
  }

  static Type LiteralType(const Value& literal) {
    switch (literal.kind()) {
      case ValueKind::kBool:
        return Type::Bool();
      case ValueKind::kInt:
        return Type::Int();
      case ValueKind::kUint:
        return Type::Uint();
      case ValueKind::kDouble:
        return Type::Double();
      case ValueKind::kString:
        return Type::String();
      default:
        return Type::Null();
    }
  }

  Type ReadSlot(NodeId id, const std::string& path, const Type& type) {
    Meaning& meaning = MeaningOf(id);
    paths_[id] = path;
    if (!type.is(Kind::kRecord)) {
      meaning.reads_slot = true;
      meaning.slot = environment_.InternSlot(path, type);
    }
    return type;
  }

  Type Name(NodeId id) {
    const std::string& name = At(id).text;
    if (const Type* type = environment_.FindVariable(name)) return ReadSlot(id, name, *type);
    if (IsTypeName(name)) {
      return Report(
          id, "types as values ('" + name + "') are part of CEL, but not yet of this language");
    }
    return Report(
        id, "there is no variable '" + name + "'" + NameHint(name, environment_.VariableNames()));
  }

  Type Select(NodeId id) {
    const NodeId operand = At(id).children[0];
    const Type type = CheckNode(operand);
    if (type.is(Kind::kError)) return type;
    const std::string& field = At(id).text;
    if (type.is(Kind::kDynamic)) {
      return Report(id, "'" + field +
                            "' can't be selected: a value of unknown type has no fields, because "
                            "maps and messages are not yet part of this language");
    }
    const std::string path = paths_[operand].empty() ? "this" : paths_[operand];
    const absl::StatusOr<Type> found = environment_.FieldOf(type, path, field);
    if (!found.ok()) return Report(id, std::string(found.status().message()));
    return ReadSlot(id, path + "." + field, *found);
  }

  Type List(NodeId id) {
    std::optional<Type> element;
    for (const NodeId child : At(id).children) {
      const Type type = CheckValue(child);
      if (type.is(Kind::kError)) continue;
      const Type joined = element ? Join(*element, type) : type;
      element = joined.is(Kind::kError) ? Type::Dynamic() : joined;
    }
    return Type::List(element.value_or(Type::Dynamic()));
  }

  // --- operators -------------------------------------------------------------------------------

  Type OperatorType(NodeId id) {
    const Operator op = At(id).op;
    const std::vector<NodeId> children = At(id).children;
    std::vector<Type> types;
    for (const NodeId child : children) types.push_back(CheckValue(child));
    if (op == Operator::kAnd || op == Operator::kOr || op == Operator::kNot) {
      return Logic(op, children, types);
    }
    if (op == Operator::kConditional) return Conditional(id, children, types);
    const bool known = std::none_of(types.begin(), types.end(),
                                    [](const Type& type) { return type.is(Kind::kError); });
    if (!known) return IsRelation(op) ? Type::Bool() : Type::Error();
    if (op == Operator::kIndex) return Index(children, types);
    if (op == Operator::kIn) return In(id, types);
    if (op == Operator::kEqual || op == Operator::kNotEqual) return Equality(id, types);
    return IsRelation(op) ? Ordering(id, types) : Arithmetic(id, types);
  }

  static bool IsRelation(Operator op) { return op >= Operator::kLess && op <= Operator::kIn; }

  Type Logic(Operator op, const std::vector<NodeId>& children, const std::vector<Type>& types) {
    for (size_t i = 0; i < types.size(); ++i) {
      if (!IsAssignable(types[i], Type::Bool())) {
        Report(children[i],
               Quoted(op) + " needs a bool, but this is of type " + types[i].ToString());
      }
    }
    return Type::Bool();
  }

  Type Conditional(NodeId id, const std::vector<NodeId>& children, const std::vector<Type>& types) {
    if (!IsAssignable(types[0], Type::Bool())) {
      Report(children[0],
             "the condition of ?: must be a bool, but is of type " + types[0].ToString());
    }
    const Type joined = Join(types[1], types[2]);
    const bool reported = types[1].is(Kind::kError) || types[2].is(Kind::kError);
    if (!joined.is(Kind::kError) || reported) return joined;
    return Report(id, "the branches of ?: must have one type, but are of type " +
                          types[1].ToString() + " and " + types[2].ToString() +
                          "; dyn() on both lets the run decide");
  }

  Type Index(const std::vector<NodeId>& children, const std::vector<Type>& types) {
    if (!types[0].is(Kind::kList) && !types[0].is(Kind::kDynamic)) {
      return Report(children[0],
                    "only lists have an index, but this is of type " + types[0].ToString());
    }
    if (!IsAssignable(types[1], Type::Int())) {
      Report(children[1],
             "the index of a list must be an int, but is of type " + types[1].ToString());
    }
    return types[0].element();
  }

  Type In(NodeId id, const std::vector<Type>& types) {
    if (!types[1].is(Kind::kList) && !types[1].is(Kind::kDynamic)) {
      Report(id, "'in' needs a list on its right, but finds " + types[1].ToString());
    } else if (!Comparable(types[0], types[1].element())) {
      Report(id, "'in' looks for " + types[0].ToString() + " among elements of type " +
                     types[1].element().ToString());
    }
    return Type::Bool();
  }

  static bool Comparable(const Type& a, const Type& b) {
    return IsAssignable(a, b) || IsAssignable(b, a);
  }

  static std::string Quoted(Operator op) { return "'" + std::string(ToString(op)) + "'"; }

  Type Equality(NodeId id, const std::vector<Type>& types) {
    if (!Comparable(types[0], types[1])) {
      Report(id, Quoted(At(id).op) + " can't compare " + Pair(types));
    }
    return Type::Bool();
  }

  static std::string Pair(const std::vector<Type>& types) {
    return types[0].ToString() + " with " + types[1].ToString();
  }

  Type Ordering(NodeId id, const std::vector<Type>& types) {
    for (const Type& type :
         {Type::Int(), Type::Uint(), Type::Double(), Type::String(), Type::Bool()}) {
      if (IsAssignable(types[0], type) && IsAssignable(types[1], type)) return Type::Bool();
    }
    for (const OpaqueType& opaque : environment_.Opaques()) {
      const Type type = Type::Opaque(opaque.name, opaque.id);
      const bool both = IsAssignable(types[0], type) && IsAssignable(types[1], type);
      if (both && opaque.compare != nullptr) return Type::Bool();
      if (both) {
        Report(id, "values of type " + opaque.name + " have no order; only == and != compare them");
        return Type::Bool();
      }
    }
    Report(id, Quoted(At(id).op) + " can't order " + Pair(types));
    return Type::Bool();
  }

  Type Arithmetic(NodeId id, const std::vector<Type>& types) {
    const Operator op = At(id).op;
    std::vector<Type> results;
    const auto add_if_fits = [&](const Type& type) {
      const bool fits = std::all_of(types.begin(), types.end(),
                                    [&](const Type& t) { return IsAssignable(t, type); });
      if (fits) results.push_back(type);
    };
    add_if_fits(Type::Int());
    if (op != Operator::kNegate) add_if_fits(Type::Uint());
    if (op != Operator::kRemainder) add_if_fits(Type::Double());
    if (op == Operator::kAdd) add_if_fits(Type::String());
    if (op == Operator::kAdd) AddLists(types, &results);
    const OverloadableOperator* name = FindOverloadable(op);
    for (auto& function : environment_.FindFunctions(name->function, /*method=*/false)) {
      if (!Takes(*function, types)) continue;
      results.push_back(function->result);
      MeaningOf(id).overloads.push_back(std::move(function));
    }
    if (!results.empty()) return OnlyResult(results);
    std::string found = types[0].ToString();
    if (types.size() == 2) found += " and " + types[1].ToString();
    return Report(id, Quoted(op) + " has no meaning for " + found + NumberHint(types));
  }

  // Concatenation of two lists, of which one may be known only when it runs.
  static void AddLists(const std::vector<Type>& types, std::vector<Type>* results) {
    const bool left = types[0].is(Kind::kList);
    const bool right = types[1].is(Kind::kList);
    if (left && right) {
      const Type element = Join(types[0].element(), types[1].element());
      results->push_back(Type::List(element.is(Kind::kError) ? Type::Dynamic() : element));
    } else if ((left || types[0].is(Kind::kDynamic)) && (right || types[1].is(Kind::kDynamic))) {
      results->push_back(Type::List(Type::Dynamic()));
    }
  }

  static std::string NumberHint(const std::vector<Type>& types) {
    const auto is_number = [](const Type& type) {
      return type.is(Kind::kInt) || type.is(Kind::kUint) || type.is(Kind::kDouble);
    };
    if (types.size() < 2 || !is_number(types[0]) || !is_number(types[1])) return "";
    if (types[0].kind() == types[1].kind()) return "";
    return "; convert one with int(), uint() or double()";
  }

  static Type OnlyResult(const std::vector<Type>& results) {
    const bool same = std::all_of(results.begin(), results.end(),
                                  [&](const Type& type) { return type == results[0]; });
    return same ? results[0] : Type::Dynamic();
  }

  // --- calls -----------------------------------------------------------------------------------

  static bool Takes(const Function& function, const std::vector<Type>& types) {
    if (function.parameters.size() != types.size()) return false;
    for (size_t i = 0; i < types.size(); ++i) {
      if (!IsAssignable(types[i], function.parameters[i])) return false;
    }
    return true;
  }

  // "math" for a name, "a.b" for selections of names; empty for all else.
  std::string QualifiedName(NodeId id) const {
    const Node& node = At(id);
    if (node.kind == NodeKind::kName) return node.text;
    if (node.kind != NodeKind::kSelect) return "";
    const std::string front = QualifiedName(node.children[0]);
    return front.empty() ? "" : front + "." + node.text;
  }

  Type Call(NodeId id) {
    if (const Type type = QualifiedCall(id); !type.is(Kind::kRecord)) return type;
    const std::string& name = At(id).text;
    const bool method = At(id).method;
    if (const std::string_view what = MissingFunction(name); !what.empty()) {
      return Report(id, "the " + std::string(what) + " '" + name +
                            "' is part of CEL, but not yet of this language");
    }
    const std::vector<Type> types = ArgumentTypes(id, 0);
    if (const auto builtin = FindBuiltin(name, method, types.size())) {
      MeaningOf(id).builtin = *builtin;
      return BuiltinType(id, *builtin, types);
    }
    return HostCall(id, name, method, types);
  }

  std::vector<Type> ArgumentTypes(NodeId id, size_t from) {
    std::vector<Type> types;
    const std::vector<NodeId> children = At(id).children;
    for (size_t i = from; i < children.size(); ++i) types.push_back(CheckValue(children[i]));
    return types;
  }

  // `math.least(a, b)` reads like a method, but is a function with a qualified name when there is
  // one. Record stands for "it is not": no call has that type.
  Type QualifiedCall(NodeId id) {
    const Type none = Type::Record("");
    if (!At(id).method) return none;
    const std::string front = QualifiedName(At(id).children[0]);
    if (front.empty()) return none;
    const std::string name = front + "." + At(id).text;
    if (environment_.FindFunctions(name, /*method=*/false).empty()) return none;
    Node& node = checked_.ast.nodes[id];
    node.method = false;
    node.text = name;
    node.children.erase(node.children.begin());
    return HostCall(id, name, /*method=*/false, ArgumentTypes(id, 0));
  }

  Type HostCall(NodeId id, const std::string& name, bool method, const std::vector<Type>& types) {
    const auto functions = environment_.FindFunctions(name, method);
    if (functions.empty()) return ReportUnknown(id, name, method);
    std::vector<Type> results;
    for (const auto& function : functions) {
      if (!Takes(*function, types)) continue;
      results.push_back(function->result);
      MeaningOf(id).overloads.push_back(function);
    }
    if (!results.empty()) return OnlyResult(results);
    std::string message = Signature(name, method, types) + " does not exist; there is";
    for (size_t i = 0; i < functions.size(); ++i) {
      message += (i == 0 ? " " : ", ") + Signature(name, method, functions[i]->parameters);
    }
    return Report(id, std::move(message));
  }

  Type ReportUnknown(NodeId id, const std::string& name, bool method) {
    const std::vector<std::string> styled = environment_.FunctionNames(method);
    const std::vector<std::string> other = environment_.FunctionNames(!method);
    const auto has = [&](const std::vector<std::string>& names) {
      return std::find(names.begin(), names.end(), name) != names.end();
    };
    const std::string what = method ? "method" : "function";
    if (has(styled)) return Report(id, what + " '" + name + "' has another count of arguments");
    if (has(other)) {
      return Report(id, "'" + name + "' is " +
                            (method ? "a function: write " + name + "(x)"
                                    : "a method: write x." + name + "(...)"));
    }
    return Report(id, "there is no " + what + " '" + name + "'" + NameHint(name, styled));
  }

  static std::string Signature(const std::string& name, bool method,
                               const std::vector<Type>& types) {
    std::string text = method && !types.empty() ? types[0].ToString() + "." : "";
    text += name + "(";
    for (size_t i = method ? 1 : 0; i < types.size(); ++i) {
      text += (i > (method ? 1u : 0u) ? ", " : "") + types[i].ToString();
    }
    return text + ")";
  }

  Type BuiltinType(NodeId id, Builtin builtin, const std::vector<Type>& types) {
    switch (builtin) {
      case Builtin::kSize:
        return Needs(id, 0, types, {Type::String(), Type::List(Type::Dynamic())}, Type::Int());
      case Builtin::kContains:
      case Builtin::kStartsWith:
      case Builtin::kEndsWith:
      case Builtin::kMatches:
        Needs(id, 0, types, {Type::String()}, Type::Bool());
        return Needs(id, 1, types, {Type::String()}, Type::Bool());
      case Builtin::kInt:
        return Needs(id, 0, types, Convertible(), Type::Int());
      case Builtin::kUint:
        return Needs(id, 0, types, Convertible(), Type::Uint());
      case Builtin::kDouble:
        return Needs(id, 0, types, Convertible(), Type::Double());
      case Builtin::kString:
        return StringConversion(id, types[0]);
      default:
        return Type::Dynamic();
    }
  }

  static std::vector<Type> Convertible() {
    return {Type::Int(), Type::Uint(), Type::Double(), Type::String()};
  }

  Type Needs(NodeId id, size_t argument, const std::vector<Type>& types,
             const std::vector<Type>& wanted, const Type& result) {
    std::string list;
    for (size_t i = 0; i < wanted.size(); ++i) {
      if (IsAssignable(types[argument], wanted[i])) return result;
      list += (i == 0 ? "" : i + 1 == wanted.size() ? " or " : ", ") + wanted[i].ToString();
    }
    Report(At(id).children[argument], "'" + At(id).text + "' needs " + list +
                                          " here, but this is of type " +
                                          types[argument].ToString());
    return result;
  }

  // Writing a number out needs memory that a run does not have.
  Type StringConversion(NodeId id, const Type& type) {
    const bool is_string = type.is(Kind::kString) && !type.nullable();
    if (is_string || type.is(Kind::kError)) return Type::String();
    Report(id, "'string' of a value of type " + type.ToString() +
                   " is part of CEL, but not yet of this language; only strings are taken");
    return Type::String();
  }

  Environment& environment_;
  std::vector<Issue>* issues_;
  CheckedExpression checked_;
  std::vector<std::string> paths_;  // of names and selections that lead to a slot or record
};

}  // namespace

std::optional<CheckedExpression> Check(Environment& environment, Ast ast, const Type& expected,
                                       std::vector<Issue>* issues) {
  return Checker(environment, std::move(ast), issues).Run(expected);
}

}  // namespace fundgate::expression
