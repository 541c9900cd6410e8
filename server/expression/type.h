// Static types of expressions: what the checker knows before anything runs.
#ifndef SERVER_EXPRESSION_TYPE_H_
#define SERVER_EXPRESSION_TYPE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "server/expression/value.h"

namespace fundgate::expression {

// An immutable value, cheap to copy.
class Type {
 public:
  enum class Kind : uint8_t {
    kDynamic,  // known only when it runs: operators are checked then
    kNull,
    kBool,
    kInt,
    kUint,
    kDouble,
    kString,
    kBytes,
    kList,
    kMap,
    kTimestamp,
    kDuration,
    kType,  // a type as a value
    kOpaque,
    kRecord,
    kError,  // inside the checker only: something already reported
  };

  Type() = default;  // Dynamic

  static Type Dynamic() { return Type(Kind::kDynamic); }
  static Type Null() { return Type(Kind::kNull); }
  static Type Bool() { return Type(Kind::kBool); }
  static Type Int() { return Type(Kind::kInt); }
  static Type Uint() { return Type(Kind::kUint); }
  static Type Double() { return Type(Kind::kDouble); }
  static Type String() { return Type(Kind::kString); }
  static Type Bytes() { return Type(Kind::kBytes); }
  static Type Timestamp() { return Type(Kind::kTimestamp); }
  static Type Duration() { return Type(Kind::kDuration); }
  // Of values that are types themselves, such as int and type(x).
  static Type TypeValue() { return Type(Kind::kType); }
  static Type Error() { return Type(Kind::kError); }
  static Type List(Type element);
  // Keys are bool, int, uint, string or Dynamic.
  static Type Map(Type key, Type value);
  // A host's type, which the environment must know (Environment::AddOpaque).
  static Type Opaque(std::string name, OpaqueId id);
  // A record that the environment knows by this name (Environment::AddRecord). Only its fields are
  // values; a record as a whole can't be compared, passed or returned.
  static Type Record(std::string name);
  // `type` or null: it may be compared with null, and where an operator or function wants `type`,
  // a null met when it runs is the error kNoSuchOverload. Dynamic, null and records stay
  // themselves.
  static Type Nullable(Type type);

  Kind kind() const { return kind_; }
  bool nullable() const { return nullable_; }
  bool is(Kind kind) const { return kind_ == kind; }
  // The same type without null.
  Type non_null() const;
  // Of lists the elements' type, of maps the values'; Dynamic for everything else.
  const Type& element() const;
  // Of maps; Dynamic for everything else.
  const Type& key() const;

  // The same type, declared to have at most `size` elements (lists and maps, also where they are
  // Dynamic) or bytes (strings and bytes). It is what the cost of an expression is bounded by at
  // load; macros run only over what has a bound. It makes no other type: two that differ in their
  // bounds are equal, and a longer value is no error in itself.
  Type AtMost(uint64_t size) const;
  // The declared bound, or kUnbounded; 0 for types whose values have no size.
  uint64_t size_max() const;
  static constexpr uint64_t kUnbounded = UINT64_MAX;
  // Of opaque types and records; empty for everything else.
  const std::string& name() const;
  OpaqueId opaque_id() const { return opaque_id_; }

  // "int", "list(string)", "map(string, int)", "money", "nullable int", "dyn".
  std::string ToString() const;

  friend bool operator==(const Type& a, const Type& b);

 private:
  explicit Type(Kind kind) : kind_(kind) {}

  Kind kind_ = Kind::kDynamic;
  bool nullable_ = false;
  OpaqueId opaque_id_ = 0;
  std::shared_ptr<const std::string> name_;
  std::shared_ptr<const Type> element_;
  std::shared_ptr<const Type> key_;
  uint64_t size_max_ = kUnbounded;
};

// Whether a value that turned up in a run is of the type; an absent or an error never is. Looks
// into lists and maps. Allocates nothing.
bool Fits(const Value& value, const Type& type);

// Whether a value of static type `from` may stand where `to` is wanted, now or, with Dynamic or a
// nullable type on either side, subject to a check when it runs.
bool IsAssignable(const Type& from, const Type& to);

// The type of "either a or b" (branches of a conditional). Returns Error when they have none.
Type Join(const Type& a, const Type& b);

}  // namespace fundgate::expression

#endif  // SERVER_EXPRESSION_TYPE_H_
