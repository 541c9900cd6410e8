#include "server/expression/checker.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "server/expression/names.h"
#include "server/expression/operators.h"
#include "server/expression/overloads.h"
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
  // A variable of a macro, known inside of it.
  struct Local {
    std::string name;
    Type type;
  };

  const Node& At(NodeId id) const { return checked_.ast.nodes[id]; }
  Meaning& MeaningAt(NodeId id) { return checked_.meanings[id]; }

  Type Report(NodeId id, std::string message) {
    const uint32_t offset = At(id).offset;
    issues_->push_back({offset, Locate(checked_.ast.source, offset), std::move(message)});
    return Type::Error();
  }

  // A name that means nothing, or a field or function that can't be: an issue, or without types
  // what the run meets.
  Type Unknown(NodeId id, ErrorCode code, std::string message) {
    if (environment_.options().typed) return Report(id, std::move(message));
    MeaningAt(id).fails = code;
    return Type::Dynamic();
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
    MeaningAt(id).type = Type::Error();
    return Report(id, std::move(message));
  }

  Type CheckNode(NodeId id) {
    Type type = TypeOf(id);
    const bool forgotten = !environment_.options().typed && !type.is(Kind::kRecord);
    if (forgotten) type = Type::Dynamic().AtMost(type.size_max());
    MeaningAt(id).type = type;
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
      case NodeKind::kHas:
        return Has(id);
      case NodeKind::kOperator:
        return OperatorType(id);
      case NodeKind::kCall:
        return Call(id);
      case NodeKind::kList:
        return List(id);
      case NodeKind::kMap:
        return Map(id);
      case NodeKind::kLoop:
        return OfLoop(id);
      case NodeKind::kBind:
        return Bind(id);
      case NodeKind::kUnsupported:
        break;
    }
    return Report(id, node.text + " are part of CEL, but not of this language");
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
        return Type::String().AtMost(literal.string_value().size());
      case ValueKind::kBytes:
        return Type::Bytes().AtMost(literal.bytes_value().size());
      case ValueKind::kType:
        return Type::TypeValue();
      default:
        return Type::Null();
    }
  }

  // --- names, paths, fields --------------------------------------------------------------------

  Type ReadSlot(NodeId id, const std::string& path, const Type& type) {
    Meaning& meaning = MeaningAt(id);
    paths_[id] = path;
    if (!type.is(Kind::kRecord)) {
      meaning.reads_slot = true;
      meaning.slot = environment_.InternSlot(path, type);
    }
    return type;
  }

  // Makes the node read the variable that a plain or qualified name means: in the container, then
  // in what is around it. Null if there is none.
  const Type* ReadVariable(NodeId id, const std::string& name) {
    std::string_view scope = environment_.options().container;
    if (IsAbsolute(id)) scope = "";
    while (true) {
      const std::string path = scope.empty() ? name : std::string(scope) + "." + name;
      if (const Type* type = environment_.FindVariable(path)) {
        ReadSlot(id, path, *type);
        return type;
      }
      if (scope.empty()) return nullptr;
      const size_t dot = scope.rfind('.');
      scope = dot == std::string_view::npos ? "" : scope.substr(0, dot);
    }
  }

  // Of a name or path: whether it was written with a leading dot.
  bool IsAbsolute(NodeId id) const {
    while (At(id).kind == NodeKind::kSelect) id = At(id).children[0];
    return At(id).absolute;
  }

  // The variable of a macro that a plain name means here, the innermost; or null.
  const Local* FindLocal(const Node& name) const {
    if (name.absolute) return nullptr;
    const auto found = std::find_if(locals_.rbegin(), locals_.rend(),
                                    [&](const Local& local) { return local.name == name.text; });
    return found != locals_.rend() ? &*found : nullptr;
  }

  Type Name(NodeId id) {
    const std::string& name = At(id).text;
    if (const Local* local = FindLocal(At(id))) {
      MeaningAt(id).reads_local = true;
      MeaningAt(id).local = static_cast<uint32_t>(local - locals_.data());
      return local->type;
    }
    if (const Type* type = ReadVariable(id, name)) return *type;
    if (const auto type = FindTypeName(name)) return Constant(id, *type);
    return Unknown(id, ErrorCode::kNoSuchField,
                   "there is no variable '" + name + "'" + NameHint(name, KnownNames()));
  }

  // Of all variables that are known here, the innermost first.
  std::vector<std::string> KnownNames() const {
    std::vector<std::string> names;
    for (auto local = locals_.rbegin(); local != locals_.rend(); ++local) {
      names.push_back(local->name);
    }
    for (std::string& name : environment_.VariableNames()) names.push_back(std::move(name));
    return names;
  }

  Type Constant(NodeId id, const Value& value) {
    Node& node = checked_.ast.nodes[id];
    node.kind = NodeKind::kLiteral;
    node.literal = value;
    node.children.clear();
    return LiteralType(value);
  }

  // "math" for a name, "a.b" for selections of names; empty for all else, and where the front is a
  // variable of a macro.
  std::string QualifiedName(NodeId id) const {
    const Node& node = At(id);
    if (node.kind == NodeKind::kName) return FindLocal(node) == nullptr ? node.text : "";
    if (node.kind != NodeKind::kSelect) return "";
    const std::string front = QualifiedName(node.children[0]);
    return front.empty() ? "" : front + "." + node.text;
  }

  Type Select(NodeId id) {
    const std::string name = QualifiedName(id);
    if (!name.empty()) {
      if (const Type* type = ReadVariable(id, name)) return *type;
      if (const auto type = FindTypeName(name)) return Constant(id, *type);
      // A front that is no variable itself, only the beginning of one: say what is missing.
      const std::string front = QualifiedName(At(id).children[0]);
      if (environment_.FindVariable(front) == nullptr && environment_.HasVariablesUnder(front)) {
        return Unknown(id, ErrorCode::kNoSuchField,
                       "there is no variable '" + name + "'" + NameHint(name, KnownNames()));
      }
    }
    return Field(id, CheckNode(At(id).children[0]));
  }

  // Of a selection from an operand of this type.
  Type Field(NodeId id, const Type& type) {
    const std::string& field = At(id).text;
    if (type.is(Kind::kError) || type.is(Kind::kDynamic)) return type.AtMost(Type::kUnbounded);
    if (type.is(Kind::kMap)) {
      if (IsAssignable(Type::String(), type.key())) return type.element();
      return Report(id, "'" + field + "' can't be selected: the keys of this map are of type " +
                            type.key().ToString() + ", not string");
    }
    const NodeId operand = At(id).children[0];
    const std::string path = paths_[operand].empty() ? "this" : paths_[operand];
    const absl::StatusOr<Type> found = environment_.FieldOf(type, path, field);
    if (!found.ok()) return Report(id, std::string(found.status().message()));
    return ReadSlot(id, path + "." + field, *found);
  }

  Type Has(NodeId id) {
    const Type type = CheckNode(At(id).children[0]);
    const Type field = Field(id, type);
    if (!field.is(Kind::kRecord)) return Type::Bool();
    return Report(id, "has() asks for a value, but '" + paths_[id] + "' is a record");
  }

  // --- lists, maps, macros ---------------------------------------------------------------------

  // Takes a further element's type into the type of all.
  static void Include(const Type& type, std::optional<Type>* all) {
    if (type.is(Kind::kError)) return;
    if (!all->has_value()) {
      *all = type;
      return;
    }
    const uint64_t size = std::max((*all)->size_max(), type.size_max());
    const Type joined = Join(**all, type);
    *all = joined.is(Kind::kError) ? Type::Dynamic().AtMost(size) : joined;
  }

  Type List(NodeId id) {
    std::optional<Type> element;
    const std::vector<NodeId> children = At(id).children;
    for (const NodeId child : children) Include(CheckValue(child), &element);
    return Type::List(element.value_or(Type::Dynamic())).AtMost(children.size());
  }

  Type Map(NodeId id) {
    std::optional<Type> key;
    std::optional<Type> value;
    const std::vector<NodeId> children = At(id).children;
    for (size_t i = 0; i < children.size(); ++i) {
      const Type type = CheckValue(children[i]);
      Include(type, i % 2 == 0 ? &key : &value);
      if (i % 2 == 0 && !MayBeKey(type)) {
        Report(children[i], "a map's key is a bool, int, uint or string, but this is of type " +
                                type.ToString());
      }
    }
    return Type::Map(key.value_or(Type::Dynamic()), value.value_or(Type::Dynamic()))
        .AtMost(children.size() / 2);
  }

  static bool MayBeKey(const Type& type) {
    for (const Type& key : {Type::Bool(), Type::Int(), Type::Uint(), Type::String()}) {
      if (IsAssignable(type, key)) return true;
    }
    return false;
  }

  // Makes a variable known; the number of its place.
  uint32_t Push(std::string name, Type type) {
    locals_.push_back({std::move(name), std::move(type)});
    checked_.locals = std::max(checked_.locals, static_cast<uint32_t>(locals_.size()));
    return static_cast<uint32_t>(locals_.size() - 1);
  }

  bool HasRoomFor(NodeId id, size_t variables) {
    const size_t most = environment_.options().variables_max;
    if (locals_.size() + variables <= most) return true;
    Report(id, "macros are nested too deep: " + std::to_string(most) +
                   " variables may be known at one place");
    return false;
  }

  Type Bind(NodeId id) {
    const Node node = At(id);
    if (!HasRoomFor(id, 1)) return Type::Error();
    const Type value = CheckValue(node.children[0]);
    MeaningAt(id).local = Push(node.variables[0], value);
    Type type = CheckValue(node.children[1]);
    locals_.pop_back();
    return type;
  }

  // What the variables of a loop over a range of this type are: one is the element or key; two are
  // index and element, or key and value.
  static std::vector<Type> VariableTypes(const Type& range, size_t count) {
    if (range.is(Kind::kList)) {
      if (count == 1) return {range.element()};
      return {Type::Int(), range.element()};
    }
    if (range.is(Kind::kMap)) return {range.key(), range.element()};
    return {Type::Dynamic(), Type::Dynamic()};
  }

  Type OfLoop(NodeId id) {
    const Node node = At(id);
    if (!HasRoomFor(id, node.variables.size())) return Type::Error();
    const NodeId range_id = node.children[0];
    const Type range = CheckValue(range_id);
    const bool runs = range.is(Kind::kList) || range.is(Kind::kMap) || range.is(Kind::kDynamic) ||
                      range.is(Kind::kError);
    if (!runs) {
      Report(range_id, "'" + node.text + "' runs over a list or map, but this is of type " +
                           range.ToString());
    }
    const size_t before = locals_.size();
    MeaningAt(id).local = static_cast<uint32_t>(before);
    const std::vector<Type> types = VariableTypes(range, node.variables.size());
    for (size_t i = 0; i < node.variables.size(); ++i) Push(node.variables[i], types[i]);
    const bool transforms = node.loop == Loop::kMap || node.loop == Loop::kTransformMap;
    const bool has_condition = !transforms || node.children.size() == 3;
    if (has_condition) Condition(node, node.children[1]);
    const Type last = transforms ? CheckValue(node.children.back()) : Type::Bool();
    locals_.resize(before);
    return LoopResult(node.loop, range, last);
  }

  void Condition(const Node& loop, NodeId id) {
    const Type type = CheckValue(id);
    if (IsAssignable(type, Type::Bool())) return;
    Report(id, "the condition of '" + loop.text + "' must be a bool, but is of type " +
                   type.ToString());
  }

  static Type LoopResult(Loop loop, const Type& range, const Type& transformed) {
    const uint64_t size = range.size_max();
    switch (loop) {
      case Loop::kFilter:
        return Type::List(VariableTypes(range, 1)[0]).AtMost(size);
      case Loop::kMap:
        return Type::List(transformed).AtMost(size);
      case Loop::kTransformMap:
        return Type::Map(range.is(Kind::kMap)    ? range.key()
                         : range.is(Kind::kList) ? Type::Int()
                                                 : Type::Dynamic(),
                         transformed)
            .AtMost(size);
      default:
        return Type::Bool();
    }
  }

  // --- operators and calls ---------------------------------------------------------------------

  Type OperatorType(NodeId id) {
    const Operator op = At(id).op;
    const std::vector<NodeId> children = At(id).children;
    std::vector<Type> types;
    for (const NodeId child : children) types.push_back(CheckValue(child));
    OperatorMeaning meaning = MeaningOf(environment_, op, types);
    for (OperatorMeaning::Problem& problem : meaning.problems) {
      Report(problem.operand ? children[*problem.operand] : id, std::move(problem.sentence));
    }
    MeaningAt(id).overloads = std::move(meaning.overloads);
    return meaning.type;
  }

  Type Call(NodeId id) {
    Qualify(id);
    const std::string name = At(id).text;
    const bool method = At(id).method;
    std::vector<Type> types;
    const std::vector<NodeId> children = At(id).children;
    const auto candidates = FindCandidates(environment_, name, method);
    // What is said of the receiver of an unknown method would only be noise.
    const bool hopeless = candidates.empty() && !environment_.options().typed;
    for (size_t i = 0; i < children.size() && !hopeless; ++i) {
      types.push_back(CheckValue(children[i]));
    }
    if (candidates.empty()) {
      const std::string_view what = MissingFunction(name);
      return Unknown(id, ErrorCode::kNoSuchOverload,
                     what.empty() ? NoFunction(environment_, name, method)
                                  : "the " + std::string(what) + " '" + name +
                                        "' is part of CEL, but not of this language");
    }
    Overloads found = Applicable(candidates, types);
    if (found.functions.empty()) {
      return Unknown(id, ErrorCode::kNoSuchOverload, NoOverload(name, method, types, candidates));
    }
    MeaningAt(id).overloads = std::move(found.functions);
    return OnlyType(found.results);
  }

  // `math.least(a, b)` reads like a method, but is a function with a qualified name when there is
  // one.
  void Qualify(NodeId id) {
    if (!At(id).method) return;
    const std::string front = QualifiedName(At(id).children[0]);
    if (front.empty()) return;
    std::string name = front + "." + At(id).text;
    const bool known = !FindCandidates(environment_, name, /*method=*/false).empty();
    if (!known && MissingFunction(name).empty()) return;
    Node& node = checked_.ast.nodes[id];
    node.method = false;
    node.text = std::move(name);
    node.children.erase(node.children.begin());
  }

  Environment& environment_;
  std::vector<Issue>* issues_;
  CheckedExpression checked_;
  std::vector<std::string> paths_;  // of names and selections that lead to a slot or record
  std::vector<Local> locals_;       // of the macros around the node being checked
};

}  // namespace

std::optional<CheckedExpression> Check(Environment& environment, Ast ast, const Type& expected,
                                       std::vector<Issue>* issues) {
  return Checker(environment, std::move(ast), issues).Run(expected);
}

}  // namespace fundgate::expression
