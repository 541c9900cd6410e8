#include "server/expression/standard.h"

#include <algorithm>
#include <map>
#include <span>

#include "server/expression/functions/tables.h"

namespace fundgate::expression {
namespace {

struct MissingEntry {
  std::string_view name;
  std::string_view what;
};

constexpr MissingEntry kMissing[] = {
    {"transformMapEntry", "macro"},
    {"sortBy", "macro"},
    {"optMap", "macro"},
    {"optFlatMap", "macro"},
    {"optional.of", "function"},
    {"optional.none", "function"},
    {"optional.ofNonZeroValue", "function"},
    {"orValue", "function"},
    {"hasValue", "function"},
    {"base64.encode", "function"},
    {"base64.decode", "function"},
    {"regex.replace", "function"},
    {"regex.extract", "function"},
    {"ip", "function"},
    {"cidr", "function"},
};

constexpr ValueKind kTypes[] = {
    ValueKind::kNull,   ValueKind::kBool,      ValueKind::kInt,      ValueKind::kUint,
    ValueKind::kDouble, ValueKind::kString,    ValueKind::kBytes,    ValueKind::kList,
    ValueKind::kMap,    ValueKind::kTimestamp, ValueKind::kDuration, ValueKind::kType,
};

constexpr OverloadableOperator kOverloadable[] = {
    {"_+_", Operator::kAdd, 2},       {"_-_", Operator::kSubtract, 2},
    {"_*_", Operator::kMultiply, 2},  {"_/_", Operator::kDivide, 2},
    {"_%_", Operator::kRemainder, 2}, {"-_", Operator::kNegate, 1},
};

using Table = std::map<std::string, std::vector<std::shared_ptr<const Function>>, std::less<>>;

Table MakeTable(bool method) {
  Table table;
  for (auto* functions : {&SizeFunctions, &ConversionFunctions, &StringFunctions, &FormatFunctions,
                          &MathFunctions, &TimeFunctions}) {
    for (Function& function : functions()) {
      if (function.method != method) continue;
      std::string name = function.name;
      table[std::move(name)].push_back(std::make_shared<const Function>(std::move(function)));
    }
  }
  return table;
}

// Made once, for the life of the process.
const Table& TableOf(bool method) {
  static const Table& functions = *new Table(MakeTable(false));
  static const Table& methods = *new Table(MakeTable(true));
  return method ? methods : functions;
}

}  // namespace

std::vector<std::shared_ptr<const Function>> FindStandard(std::string_view name, bool method) {
  const Table& table = TableOf(method);
  const auto found = table.find(name);
  return found != table.end() ? found->second : Table::mapped_type();
}

std::vector<std::string> StandardNames(bool method) {
  std::vector<std::string> names;
  for (const auto& [name, functions] : TableOf(method)) names.push_back(name);
  return names;
}

std::string_view MissingFunction(std::string_view name) {
  for (const MissingEntry& entry : kMissing) {
    if (entry.name == name) return entry.what;
  }
  return "";
}

std::optional<Value> FindTypeName(std::string_view name) {
  for (const ValueKind kind : kTypes) {
    if (KindName(kind) == name) return Value::TypeOf(kind);
  }
  return std::nullopt;
}

bool IsStandardFunction(std::string_view name) {
  return !MissingFunction(name).empty() || TableOf(false).contains(name) ||
         TableOf(true).contains(name);
}

const OverloadableOperator* FindOverloadable(std::string_view function) {
  for (const OverloadableOperator& entry : kOverloadable) {
    if (entry.function == function) return &entry;
  }
  return nullptr;
}

const OverloadableOperator* FindOverloadable(Operator op) {
  for (const OverloadableOperator& entry : kOverloadable) {
    if (entry.op == op) return &entry;
  }
  return nullptr;
}

}  // namespace fundgate::expression
