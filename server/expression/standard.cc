#include "server/expression/standard.h"

#include <algorithm>

namespace fundgate::expression {
namespace {

struct BuiltinEntry {
  std::string_view name;
  Builtin builtin;
  size_t arguments;
  bool as_function;
  bool as_method;
};

constexpr BuiltinEntry kBuiltins[] = {
    {"size", Builtin::kSize, 1, true, true},
    {"contains", Builtin::kContains, 2, false, true},
    {"startsWith", Builtin::kStartsWith, 2, false, true},
    {"endsWith", Builtin::kEndsWith, 2, false, true},
    {"matches", Builtin::kMatches, 2, true, true},
    {"int", Builtin::kInt, 1, true, false},
    {"uint", Builtin::kUint, 1, true, false},
    {"double", Builtin::kDouble, 1, true, false},
    {"string", Builtin::kString, 1, true, false},
    {"dyn", Builtin::kDyn, 1, true, false},
};

struct MissingEntry {
  std::string_view name;
  std::string_view what;
};

constexpr MissingEntry kMissing[] = {
    {"has", "macro"},
    {"all", "macro"},
    {"exists", "macro"},
    {"exists_one", "macro"},
    {"existsOne", "macro"},
    {"map", "macro"},
    {"filter", "macro"},
    {"bool", "conversion"},
    {"bytes", "conversion"},
    {"type", "function"},
    {"duration", "function of time"},
    {"timestamp", "function of time"},
    {"getDate", "function of time"},
    {"getDayOfMonth", "function of time"},
    {"getDayOfWeek", "function of time"},
    {"getDayOfYear", "function of time"},
    {"getFullYear", "function of time"},
    {"getHours", "function of time"},
    {"getMilliseconds", "function of time"},
    {"getMinutes", "function of time"},
    {"getMonth", "function of time"},
    {"getSeconds", "function of time"},
};

constexpr std::string_view kTypeNames[] = {"bool", "bytes",     "double", "dyn",  "int", "list",
                                           "map",  "null_type", "string", "type", "uint"};

constexpr OverloadableOperator kOverloadable[] = {
    {"_+_", Operator::kAdd, 2},       {"_-_", Operator::kSubtract, 2},
    {"_*_", Operator::kMultiply, 2},  {"_/_", Operator::kDivide, 2},
    {"_%_", Operator::kRemainder, 2}, {"-_", Operator::kNegate, 1},
};

}  // namespace

std::optional<Builtin> FindBuiltin(std::string_view name, bool method, size_t arguments) {
  for (const BuiltinEntry& entry : kBuiltins) {
    const bool style = method ? entry.as_method : entry.as_function;
    if (entry.name == name && style && entry.arguments == arguments) return entry.builtin;
  }
  return std::nullopt;
}

std::vector<std::string> BuiltinNames(bool method) {
  std::vector<std::string> names;
  for (const BuiltinEntry& entry : kBuiltins) {
    if (method ? entry.as_method : entry.as_function) names.emplace_back(entry.name);
  }
  return names;
}

std::string_view MissingFunction(std::string_view name) {
  for (const MissingEntry& entry : kMissing) {
    if (entry.name == name) return entry.what;
  }
  return "";
}

bool IsTypeName(std::string_view name) {
  return std::find(std::begin(kTypeNames), std::end(kTypeNames), name) != std::end(kTypeNames);
}

bool IsStandardFunction(std::string_view name) {
  const auto is_it = [&](const BuiltinEntry& entry) { return entry.name == name; };
  return !MissingFunction(name).empty() ||
         std::any_of(std::begin(kBuiltins), std::end(kBuiltins), is_it);
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
