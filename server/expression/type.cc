#include "server/expression/type.h"

#include <algorithm>
#include <span>
#include <utility>

namespace fundgate::expression {

Type Type::List(Type element) {
  Type type(Kind::kList);
  type.element_ = std::make_shared<const Type>(std::move(element));
  return type;
}

Type Type::Map(Type key, Type value) {
  Type type(Kind::kMap);
  type.key_ = std::make_shared<const Type>(std::move(key));
  type.element_ = std::make_shared<const Type>(std::move(value));
  return type;
}

Type Type::AtMost(uint64_t size) const {
  Type type = *this;
  type.size_max_ = size;
  return type;
}

uint64_t Type::size_max() const {
  switch (kind_) {
    case Kind::kDynamic:
    case Kind::kString:
    case Kind::kBytes:
    case Kind::kList:
    case Kind::kMap:
      return size_max_;
    default:
      return 0;
  }
}

Type Type::Opaque(std::string name, OpaqueId id) {
  Type type(Kind::kOpaque);
  type.name_ = std::make_shared<const std::string>(std::move(name));
  type.opaque_id_ = id;
  return type;
}

Type Type::Record(std::string name) {
  Type type(Kind::kRecord);
  type.name_ = std::make_shared<const std::string>(std::move(name));
  return type;
}

Type Type::Nullable(Type type) {
  const bool has_null = type.is(Kind::kDynamic) || type.is(Kind::kNull);
  type.nullable_ = !has_null && !type.is(Kind::kRecord) && !type.is(Kind::kError);
  return type;
}

Type Type::non_null() const {
  Type type = *this;
  type.nullable_ = false;
  return type;
}

const Type& Type::element() const {
  static const Type kDynamic;
  return element_ != nullptr ? *element_ : kDynamic;
}

const Type& Type::key() const {
  static const Type kDynamic;
  return key_ != nullptr ? *key_ : kDynamic;
}

const std::string& Type::name() const {
  static const std::string kEmpty;
  return name_ != nullptr ? *name_ : kEmpty;
}

std::string Type::ToString() const {
  const std::string prefix = nullable_ ? "nullable " : "";
  switch (kind_) {
    case Kind::kDynamic:
      return "dyn";
    case Kind::kNull:
      return "null";
    case Kind::kBool:
      return prefix + "bool";
    case Kind::kInt:
      return prefix + "int";
    case Kind::kUint:
      return prefix + "uint";
    case Kind::kDouble:
      return prefix + "double";
    case Kind::kString:
      return prefix + "string";
    case Kind::kList:
      return prefix + "list(" + element().ToString() + ")";
    case Kind::kBytes:
      return prefix + "bytes";
    case Kind::kMap:
      return prefix + "map(" + key().ToString() + ", " + element().ToString() + ")";
    case Kind::kTimestamp:
      return prefix + "timestamp";
    case Kind::kDuration:
      return prefix + "duration";
    case Kind::kType:
      return prefix + "type";
    case Kind::kOpaque:
    case Kind::kRecord:
      return prefix + name();
    case Kind::kError:
      break;
  }
  return "error";
}

bool operator==(const Type& a, const Type& b) {
  return a.kind_ == b.kind_ && a.nullable_ == b.nullable_ && a.opaque_id_ == b.opaque_id_ &&
         a.name() == b.name() && (a.element_ == nullptr || a.element() == b.element()) &&
         (a.key_ == nullptr || a.key() == b.key());
}

namespace {

bool AllFit(std::span<const Value> elements, const Type& type) {
  if (type.is(Type::Kind::kDynamic)) return true;
  return std::all_of(elements.begin(), elements.end(),
                     [&](const Value& element) { return Fits(element, type); });
}

bool EntriesFit(std::span<const Value> entries, const Type& map) {
  if (map.key().is(Type::Kind::kDynamic) && map.element().is(Type::Kind::kDynamic)) return true;
  for (size_t i = 0; i < entries.size(); ++i) {
    if (!Fits(entries[i], i % 2 == 0 ? map.key() : map.element())) return false;
  }
  return true;
}

}  // namespace

bool Fits(const Value& value, const Type& type) {
  using Kind = Type::Kind;
  if (value.is_absent() || value.is_error()) return false;
  if (type.is(Kind::kDynamic)) return true;
  if (value.is_null()) return type.nullable() || type.is(Kind::kNull);
  switch (type.kind()) {
    case Kind::kBool:
      return value.is_bool();
    case Kind::kInt:
      return value.is_int();
    case Kind::kUint:
      return value.is_uint();
    case Kind::kDouble:
      return value.is_double();
    case Kind::kString:
      return value.is_string();
    case Kind::kBytes:
      return value.is_bytes();
    case Kind::kTimestamp:
      return value.is_timestamp();
    case Kind::kDuration:
      return value.is_duration();
    case Kind::kType:
      return value.is_type();
    case Kind::kOpaque:
      return value.is_opaque(type.opaque_id());
    case Kind::kList:
      return value.is_list() && AllFit(value.list_value(), type.element());
    case Kind::kMap:
      return value.is_map() && EntriesFit(value.map_entries(), type);
    default:
      return false;
  }
}

bool IsAssignable(const Type& from, const Type& to) {
  using Kind = Type::Kind;
  if (from.is(Kind::kError) || to.is(Kind::kError)) return true;
  if (from.is(Kind::kRecord) || to.is(Kind::kRecord)) return false;
  if (from.is(Kind::kDynamic) || to.is(Kind::kDynamic)) return true;
  if (from.is(Kind::kNull)) return to.is(Kind::kNull) || to.nullable();
  if (from.kind() != to.kind()) return from.nullable() && to.is(Kind::kNull);
  return from.opaque_id() == to.opaque_id() && IsAssignable(from.key(), to.key()) &&
         IsAssignable(from.element(), to.element());
}

namespace {

// The type of "either a or b", bounds aside.
Type JoinKinds(const Type& a, const Type& b) {
  using Kind = Type::Kind;
  if (a.is(Kind::kError) || b.is(Kind::kDynamic)) return b;
  if (b.is(Kind::kError) || a.is(Kind::kDynamic)) return a;
  if (a.is(Kind::kNull) && b.nullable()) return b;
  if (b.is(Kind::kNull) && a.nullable()) return a;
  if (a.kind() != b.kind() || a.opaque_id() != b.opaque_id()) return Type::Error();
  Type joined = a;
  if (a.is(Kind::kList) || a.is(Kind::kMap)) {
    const Type key = Join(a.key(), b.key());
    const Type element = Join(a.element(), b.element());
    if (key.is(Kind::kError) || element.is(Kind::kError)) return Type::Error();
    joined = a.is(Kind::kList) ? Type::List(element) : Type::Map(key, element);
  }
  return a.nullable() || b.nullable() ? Type::Nullable(joined) : joined;
}

}  // namespace

Type Join(const Type& a, const Type& b) {
  if (a.is(Type::Kind::kRecord) || b.is(Type::Kind::kRecord)) return Type::Error();
  return JoinKinds(a, b).AtMost(std::max(a.size_max(), b.size_max()));
}

}  // namespace fundgate::expression
