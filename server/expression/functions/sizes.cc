#include "server/expression/functions/tables.h"
#include "server/expression/utf8.h"

namespace fundgate::expression {
namespace {

Value Size(std::span<const Value> arguments) {
  const Value& value = arguments[0];
  if (value.is_string()) return Value::Int(CountCodePoints(value.string_value()));
  if (value.is_bytes()) return Value::Int(static_cast<int64_t>(value.bytes_value().size()));
  if (value.is_list()) return Value::Int(static_cast<int64_t>(value.list_value().size()));
  return Value::Int(static_cast<int64_t>(value.map_size()));
}

}  // namespace

std::vector<Function> SizeFunctions() {
  std::vector<Function> table;
  const Type any = Type::Dynamic();
  for (const Type& type : {Type::String(), Type::Bytes(), Type::List(any), Type::Map(any, any)}) {
    for (const bool method : {false, true}) {
      table.push_back({.name = "size",
                       .method = method,
                       .parameters = {type},
                       .result = Type::Int(),
                       .evaluate = &Size,
                       .constant_time = type != Type::String()});
    }
  }
  return table;
}

}  // namespace fundgate::expression
