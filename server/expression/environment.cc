#include "server/expression/environment.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/expression/lexer.h"
#include "server/expression/macros.h"
#include "server/expression/names.h"
#include "server/expression/standard.h"

namespace fundgate::expression {
namespace {

absl::Status BadName(std::string_view what, const std::string& name) {
  return absl::InvalidArgumentError(absl::StrCat(
      std::string(what), " '", name,
      "' must be named by letters, digits and _, not begin with a digit, and be no word of the "
      "language"));
}

bool IsQualifiedName(std::string_view name) {
  for (size_t begin = 0; begin <= name.size();) {
    const size_t end = std::min(name.find('.', begin), name.size());
    const std::string_view part = name.substr(begin, end - begin);
    if (begin == 0 ? !IsVariableName(part) : !IsFieldName(part)) return false;
    begin = end + 1;
  }
  return true;
}

absl::Status CheckFunctionName(const Function& function) {
  if (const OverloadableOperator* op = FindOverloadable(function.name)) {
    const bool has_opaque =
        std::any_of(function.parameters.begin(), function.parameters.end(),
                    [](const Type& type) { return type.is(Type::Kind::kOpaque); });
    if (function.method || function.parameters.size() != op->operands || !has_opaque) {
      return absl::InvalidArgumentError(
          absl::StrCat("operator ", function.name, " needs ", op->operands,
                       " parameters, of which one is of an opaque type, and is no method"));
    }
    return absl::OkStatus();
  }
  if (!IsQualifiedName(function.name)) return BadName("function", function.name);
  if (IsMacroName(function.name)) {
    return absl::InvalidArgumentError(
        absl::StrCat("function '", function.name, "' is a macro of CEL; choose another name"));
  }
  if (IsStandardFunction(function.name)) {
    return absl::InvalidArgumentError(
        absl::StrCat("function '", function.name,
                     "' is defined by CEL and can't get another meaning; choose another name"));
  }
  return absl::OkStatus();
}

// Whether there are arguments that both could take.
bool Overlap(const Function& a, const Function& b) {
  const size_t count = std::max(a.parameters.size(), b.parameters.size());
  if (a.name != b.name || a.method != b.method || !TakesCount(a, count) || !TakesCount(b, count)) {
    return false;
  }
  for (size_t i = 0; i < count; ++i) {
    const Type& x = ParameterAt(a, i);
    const Type& y = ParameterAt(b, i);
    if (!IsAssignable(x, y) && !IsAssignable(y, x)) return false;
  }
  return true;
}

bool IsKeyType(const Type& type) {
  using Kind = Type::Kind;
  const bool known = type.is(Kind::kBool) || type.is(Kind::kInt) || type.is(Kind::kUint) ||
                     type.is(Kind::kString) || type.is(Kind::kDynamic);
  return known && !type.nullable();
}

std::string FrontOf(std::string_view path, size_t dot) { return std::string(path.substr(0, dot)); }

}  // namespace

bool TakesCount(const Function& function, size_t arguments) {
  const size_t parameters = function.parameters.size();
  return function.variadic ? arguments >= parameters : arguments == parameters;
}

const Type& ParameterAt(const Function& function, size_t i) {
  return function.parameters[std::min(i, function.parameters.size() - 1)];
}

Environment::Environment(Options options) : options_(std::move(options)) {
  options_.variables_max = std::min(options_.variables_max, kVariablesLimit);
}

absl::Status Environment::CheckType(const Type& type) const {
  switch (type.kind()) {
    case Type::Kind::kError:
      return absl::InvalidArgumentError("a declaration can't have the type 'error'");
    case Type::Kind::kList:
      return CheckValueType(type.element());
    case Type::Kind::kMap:
      if (!IsKeyType(type.key())) {
        return absl::InvalidArgumentError(absl::StrCat(
            "a map's keys are bool, int, uint, string or dyn, not ", type.key().ToString()));
      }
      return CheckValueType(type.element());
    case Type::Kind::kOpaque: {
      const OpaqueType* known = FindOpaque(type.opaque_id());
      if (known != nullptr && known->name == type.name()) return absl::OkStatus();
      return absl::NotFoundError(absl::StrCat("there is no opaque type '", type.name(),
                                              "' with the number ", type.opaque_id(),
                                              "; add it first"));
    }
    case Type::Kind::kRecord:
      if (FindRecord(type.name()) != nullptr) return absl::OkStatus();
      return absl::NotFoundError(
          absl::StrCat("there is no record type '", type.name(), "'; add it first"));
    default:
      return absl::OkStatus();
  }
}

absl::Status Environment::CheckValueType(const Type& type) const {
  if (type.is(Type::Kind::kRecord)) {
    return absl::InvalidArgumentError(
        absl::StrCat("record '", type.name(),
                     "' can't be an element, argument or result; only variables and "
                     "fields are records"));
  }
  return CheckType(type);
}

absl::Status Environment::AddOpaque(OpaqueType type) {
  if (!IsVariableName(type.name)) return BadName("opaque type", type.name);
  if (type.id == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("opaque type '", type.name, "' needs a number other than 0"));
  }
  for (const auto& [id, known] : opaques_) {
    if (id == type.id || known.name == type.name) {
      return absl::AlreadyExistsError(absl::StrCat("opaque type '", known.name, "' has the number ",
                                                   id, "; name and number must be new"));
    }
  }
  opaques_.emplace(type.id, std::move(type));
  return absl::OkStatus();
}

absl::Status Environment::AddRecord(RecordType record) {
  if (!IsVariableName(record.name)) return BadName("record type", record.name);
  if (records_.contains(record.name)) {
    return absl::AlreadyExistsError(
        absl::StrCat("record type '", record.name, "' is declared twice"));
  }
  for (size_t i = 0; i < record.fields.size(); ++i) {
    const RecordType::Field& field = record.fields[i];
    if (!IsFieldName(field.name)) return BadName("field", record.name + "." + field.name);
    if (absl::Status status = CheckType(field.type); !status.ok()) return status;
    for (size_t k = 0; k < i; ++k) {
      if (record.fields[k].name == field.name) {
        return absl::AlreadyExistsError(
            absl::StrCat("field '", record.name, ".", field.name, "' is declared twice"));
      }
    }
  }
  std::string name = record.name;
  records_.emplace(std::move(name), std::move(record));
  return absl::OkStatus();
}

absl::Status Environment::AddVariable(std::string name, Type type) {
  if (!IsQualifiedName(name)) return BadName("variable", name);
  if (variables_.contains(name)) {
    return absl::AlreadyExistsError(absl::StrCat("variable '", name, "' is declared twice"));
  }
  if (absl::Status status = CheckType(type); !status.ok()) return status;
  if (!type.is(Type::Kind::kRecord)) InternSlot(name, type);
  variables_.emplace(std::move(name), std::move(type));
  return absl::OkStatus();
}

absl::Status Environment::AddFunction(Function function) {
  if (absl::Status status = CheckFunctionName(function); !status.ok()) return status;
  if ((function.evaluate == nullptr) == (function.build == nullptr)) {
    return absl::InvalidArgumentError(
        absl::StrCat("function '", function.name, "' needs one of evaluate and build to run it"));
  }
  if (function.variadic && function.parameters.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("function '", function.name, "' has no parameter to repeat"));
  }
  if (function.method && function.parameters.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("method '", function.name, "' needs a receiver as its first parameter"));
  }
  for (const Type& type : function.parameters) {
    if (absl::Status status = CheckValueType(type); !status.ok()) return status;
  }
  if (absl::Status status = CheckValueType(function.result); !status.ok()) return status;
  for (const auto& known : functions_) {
    if (Overlap(*known, function)) {
      return absl::AlreadyExistsError(absl::StrCat(
          "function '", function.name, "' has an overload that takes the same arguments"));
    }
  }
  functions_.push_back(std::make_shared<const Function>(std::move(function)));
  return absl::OkStatus();
}

absl::Status Environment::AddAccessor(Accessor accessor) {
  if (!IsVariableName(accessor.name) || IsStandardFunction(accessor.name) ||
      IsMacroName(accessor.name)) {
    return BadName("accessor", accessor.name);
  }
  if (accessors_.contains(accessor.name) ||
      !FindFunctions(accessor.name, /*method=*/false).empty()) {
    return absl::AlreadyExistsError(
        absl::StrCat("there is a function '", accessor.name, "' already"));
  }
  std::string name = accessor.name;
  accessors_.emplace(std::move(name), std::move(accessor));
  return absl::OkStatus();
}

const Accessor* Environment::FindAccessor(std::string_view name) const {
  const auto found = accessors_.find(name);
  return found != accessors_.end() ? &found->second : nullptr;
}

absl::StatusOr<uint32_t> Environment::SlotOf(std::string_view path) {
  if (const auto known = slot_of_path_.find(path); known != slot_of_path_.end()) {
    return known->second;
  }
  // The longest front that is a variable; what follows are fields.
  size_t dot = path.size();
  while (FindVariable(path.substr(0, dot)) == nullptr && dot != std::string_view::npos) {
    dot = dot == 0 ? std::string_view::npos : path.rfind('.', dot - 1);
  }
  const bool known = dot != std::string_view::npos;
  if (!known) dot = std::min(path.find('.'), path.size());
  const Type* variable = FindVariable(path.substr(0, dot));
  if (!known || variable == nullptr) {
    return absl::NotFoundError(absl::StrCat("there is no variable '", FrontOf(path, dot), "'",
                                            NameHint(path.substr(0, dot), VariableNames())));
  }
  Type type = *variable;
  while (dot < path.size()) {
    const size_t next = std::min(path.find('.', dot + 1), path.size());
    absl::StatusOr<Type> field =
        FieldOf(type, FrontOf(path, dot), path.substr(dot + 1, next - dot - 1));
    if (!field.ok()) return field.status();
    type = *std::move(field);
    dot = next;
  }
  if (type.is(Type::Kind::kRecord)) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", std::string(path), "' is a record; only its fields have slots"));
  }
  return InternSlot(path, type);
}

absl::StatusOr<Type> Environment::FieldOf(const Type& operand, std::string_view path,
                                          std::string_view field) const {
  const RecordType* record = operand.is(Type::Kind::kRecord) ? FindRecord(operand.name()) : nullptr;
  if (record == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("'", std::string(path), "' has the type ",
                                                   operand.ToString(), ", which has no fields"));
  }
  std::vector<std::string> names;
  for (const RecordType::Field& candidate : record->fields) {
    if (candidate.name == field) return candidate.type;
    names.push_back(candidate.name);
  }
  if (record->open && IsFieldName(field)) return Type::Dynamic();
  return absl::NotFoundError(absl::StrCat("'", std::string(path), "' has no field '",
                                          std::string(field), "'", NameHint(field, names)));
}

const Type* Environment::FindVariable(std::string_view name) const {
  const auto found = variables_.find(name);
  return found != variables_.end() ? &found->second : nullptr;
}

bool Environment::HasVariablesUnder(std::string_view name) const {
  const std::string front = std::string(name) + ".";
  const auto next = variables_.lower_bound(front);
  return next != variables_.end() && next->first.starts_with(front);
}

const RecordType* Environment::FindRecord(std::string_view name) const {
  const auto found = records_.find(name);
  return found != records_.end() ? &found->second : nullptr;
}

const OpaqueType* Environment::FindOpaque(OpaqueId id) const {
  const auto found = opaques_.find(id);
  return found != opaques_.end() ? &found->second : nullptr;
}

std::vector<OpaqueType> Environment::Opaques() const {
  std::vector<OpaqueType> all;
  for (const auto& [id, type] : opaques_) all.push_back(type);
  return all;
}

std::vector<std::shared_ptr<const Function>> Environment::FindFunctions(std::string_view name,
                                                                        bool method) const {
  std::vector<std::shared_ptr<const Function>> found;
  for (const auto& function : functions_) {
    if (function->name == name && function->method == method) found.push_back(function);
  }
  return found;
}

std::vector<std::string> Environment::VariableNames() const {
  std::vector<std::string> names;
  for (const auto& [name, type] : variables_) {
    if (name.find('(') == std::string::npos) names.push_back(name);  // no call of an accessor
  }
  return names;
}

std::vector<std::string> Environment::FunctionNames(bool method) const {
  std::vector<std::string> names = StandardNames(method);
  for (const auto& function : functions_) {
    const bool is_operator = FindOverloadable(function->name) != nullptr;
    if (function->method == method && !is_operator) names.push_back(function->name);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

uint32_t Environment::InternSlot(std::string_view path, const Type& type) {
  const auto slot = static_cast<uint32_t>(slots_.size());
  const auto [entry, added] = slot_of_path_.try_emplace(std::string(path), slot);
  if (added) slots_.push_back({entry->first, type});
  return entry->second;
}

}  // namespace fundgate::expression
