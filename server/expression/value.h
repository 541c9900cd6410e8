// The values an expression reads and yields: 24 bytes, copied freely, owning nothing.
#ifndef SERVER_EXPRESSION_VALUE_H_
#define SERVER_EXPRESSION_VALUE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace fundgate::expression {

enum class ValueKind : uint8_t {
  kAbsent,  // only in a slot: nothing is there (a column that the row does not have)
  kNull,
  kBool,
  kInt,
  kUint,
  kDouble,
  kString,
  kList,
  kOpaque,  // a host's type: two words that only the host reads
  kError,   // evaluation failed; an answer like any other, never an absl::Status
};

// Why an evaluation failed.
enum class ErrorCode : uint16_t {
  kNone = 0,
  kOverflow,        // an integer result does not fit in 64 bits
  kDivisionByZero,  // integer division or remainder by zero
  kNoSuchOverload,  // the operator or function has no meaning for the values it met (null included)
  kNoSuchField,     // the slot is absent, or was not given
  kOutOfRange,      // list index outside the list
  kBadConversion,   // int(), uint() or double() of something that does not say such a number
  kNotSupported,    // CEL defines it, this implementation does not do it when it runs
  kWrongResult,     // the expression ended with another type than was asked for at load
  kHost,            // a host function or comparison failed; error_text() is the host's sentence
};

// One sentence for a code, without a place.
std::string_view ErrorText(ErrorCode code);

// A host's own number for one of its opaque types; never 0. The same number means the same type in
// every environment of the process, so that values may travel between programs.
using OpaqueId = uint16_t;

// Strings and lists are views: whoever made the value keeps the bytes or elements alive while the
// value is used. Equality of two Value objects is the language's business: see Equals().
class Value {
 public:
  constexpr Value() : kind_(ValueKind::kAbsent), tag_(0), offset_(0), first_{.i = 0}, second_(0) {}

  static constexpr Value Absent() { return Value(); }
  static constexpr Value Null() { return Make(ValueKind::kNull, {.i = 0}, 0); }
  static constexpr Value Bool(bool b) { return Make(ValueKind::kBool, {.i = b ? 1 : 0}, 0); }
  static constexpr Value Int(int64_t i) { return Make(ValueKind::kInt, {.i = i}, 0); }
  static constexpr Value Uint(uint64_t u) { return Make(ValueKind::kUint, {.u = u}, 0); }
  static constexpr Value Double(double d) { return Make(ValueKind::kDouble, {.d = d}, 0); }
  static constexpr Value String(std::string_view text) {
    return Make(ValueKind::kString, {.s = text.data()}, text.size());
  }
  static constexpr Value List(std::span<const Value> elements) {
    return Make(ValueKind::kList, {.l = elements.data()}, elements.size());
  }
  // `type` as declared by Environment::AddOpaque; the two words are the host's.
  static constexpr Value Opaque(OpaqueId type, int64_t first, uint64_t second) {
    Value value = Make(ValueKind::kOpaque, {.i = first}, second);
    value.tag_ = type;
    return value;
  }
  // `text` adds the host's own sentence and must live as long as the process (a string literal), or
  // be null: then ErrorText(code) speaks. The place is filled in by the evaluator.
  static constexpr Value Error(ErrorCode code, const char* text = nullptr, uint32_t offset = 0) {
    Value value = Make(ValueKind::kError, {.s = text}, 0);
    value.tag_ = static_cast<uint16_t>(code);
    value.offset_ = offset;
    return value;
  }

  constexpr ValueKind kind() const { return kind_; }
  constexpr bool is_absent() const { return kind_ == ValueKind::kAbsent; }
  constexpr bool is_null() const { return kind_ == ValueKind::kNull; }
  constexpr bool is_bool() const { return kind_ == ValueKind::kBool; }
  constexpr bool is_int() const { return kind_ == ValueKind::kInt; }
  constexpr bool is_uint() const { return kind_ == ValueKind::kUint; }
  constexpr bool is_double() const { return kind_ == ValueKind::kDouble; }
  constexpr bool is_string() const { return kind_ == ValueKind::kString; }
  constexpr bool is_list() const { return kind_ == ValueKind::kList; }
  constexpr bool is_opaque(OpaqueId type) const {
    return kind_ == ValueKind::kOpaque && tag_ == type;
  }
  constexpr bool is_error() const { return kind_ == ValueKind::kError; }
  // The two questions a host asks of a boolean expression; a third answer is is_error().
  constexpr bool is_true() const { return kind_ == ValueKind::kBool && first_.i != 0; }
  constexpr bool is_false() const { return kind_ == ValueKind::kBool && first_.i == 0; }

  // Each may be called only for its own kind.
  constexpr bool bool_value() const { return first_.i != 0; }
  constexpr int64_t int_value() const { return first_.i; }
  constexpr uint64_t uint_value() const { return first_.u; }
  constexpr double double_value() const { return first_.d; }
  constexpr std::string_view string_value() const { return {first_.s, second_}; }
  constexpr std::span<const Value> list_value() const { return {first_.l, second_}; }
  constexpr OpaqueId opaque_type() const { return tag_; }
  constexpr int64_t opaque_first() const { return first_.i; }
  constexpr uint64_t opaque_second() const { return second_; }
  constexpr ErrorCode error_code() const { return static_cast<ErrorCode>(tag_); }
  // Byte offset into the program's source of what failed; Locate() turns it into line and column.
  constexpr uint32_t error_offset() const { return offset_; }
  // The host's sentence if there is one, else that of the code.
  std::string_view error_text() const {
    return first_.s != nullptr ? std::string_view(first_.s) : ErrorText(error_code());
  }

 private:
  union Word {
    int64_t i;
    uint64_t u;
    double d;
    const char* s;
    const Value* l;
  };

  static constexpr Value Make(ValueKind kind, Word first, uint64_t second) {
    Value value;
    value.kind_ = kind;
    value.first_ = first;
    value.second_ = second;
    return value;
  }

  ValueKind kind_;
  uint16_t tag_;     // opaque type, or error code
  uint32_t offset_;  // of errors
  Word first_;
  uint64_t second_;  // size of strings and lists, second word of opaque values
};

static_assert(sizeof(Value) == 24, "values travel in registers and arrays; keep them small");
static_assert(std::is_trivially_copyable_v<Value>);

// CEL's `==` for two values that are no errors: numbers compare across int, uint and double, other
// kinds are equal only to their own kind, NaN equals nothing, lists element by element, opaque
// values word by word.
bool Equals(const Value& a, const Value& b);

// For messages and tests: `12`, `12u`, `1.5`, `"text"`, `[1, 2]`, `null`, `error: overflow ...`.
std::string ToString(const Value& value);

}  // namespace fundgate::expression

#endif  // SERVER_EXPRESSION_VALUE_H_
