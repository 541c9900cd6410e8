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
  kBytes,
  kList,
  kMap,
  kTimestamp,
  kDuration,
  kType,    // a type as a value: int, type(x)
  kOpaque,  // a host's type: two words that only the host reads
  kError,   // evaluation failed; an answer like any other, never an absl::Status
};

// Why an evaluation failed.
enum class ErrorCode : uint16_t {
  kNone = 0,
  kOverflow,        // a result does not fit: an integer in 64 bits, a time in its range
  kDivisionByZero,  // integer division or remainder by zero
  kNoSuchOverload,  // the operator or function has no meaning for the values it met (null included)
  kNoSuchField,     // the slot is absent, or was not given; or the map has no such key
  kOutOfRange,      // an index outside the list or string
  kBadConversion,   // int(), timestamp() and so on of something that does not say such a value
  kNotSupported,    // CEL defines it, this implementation does not do it when it runs
  kWrongResult,     // the expression ended with another type than was asked for at load
  kHost,            // a host function or comparison failed; error_text() is the host's sentence
  kBadKey,          // a map's key that is no int, uint, bool or string, or that occurs twice
  kTooManySteps,    // the run would take more steps than Options::cost_max
  kTooMuchMemory,   // the run would build more than the scratch memory may hold
  kNoScratch,       // the result was built by the run, and the caller gave no memory to keep it in
  kBadFormat,       // format() met a clause that means nothing, or an argument that does not fit it
};

// One sentence for a code, without a place.
std::string_view ErrorText(ErrorCode code);

// A host's own number for one of its opaque types; never 0. The same number means the same type in
// every environment of the process, so that values may travel between programs.
using OpaqueId = uint16_t;

// Strings, bytes, lists and maps are views: whoever made the value keeps the bytes or elements
// alive while the value is used. Equality of two Value objects is the language's business: see
// Equals().
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
  static constexpr Value Bytes(std::string_view bytes) {
    return Make(ValueKind::kBytes, {.s = bytes.data()}, bytes.size());
  }
  static constexpr Value List(std::span<const Value> elements) {
    return Make(ValueKind::kList, {.l = elements.data()}, elements.size());
  }
  // Key, value, key, value and so on, sorted by key as SortMap() of map.h does: that is the order
  // in which macros see them, and lookup relies on it.
  static constexpr Value Map(std::span<const Value> entries) {
    return Make(ValueKind::kMap, {.l = entries.data()}, entries.size());
  }
  // Seconds since 1970 and the nanoseconds behind them, 0 to 999999999. Within
  // kTimestampSecondsMin and kTimestampSecondsMax of time.h.
  static constexpr Value Timestamp(int64_t seconds, uint64_t nanoseconds) {
    return Make(ValueKind::kTimestamp, {.i = seconds}, nanoseconds);
  }
  // In nanoseconds: up to 292 years, either way.
  static constexpr Value Duration(int64_t nanoseconds) {
    return Make(ValueKind::kDuration, {.i = nanoseconds}, 0);
  }
  // The type of all values of a kind; of opaque ones also its number.
  static constexpr Value TypeOf(ValueKind kind, uint16_t opaque_type = 0) {
    Value value = Make(ValueKind::kType, {.i = static_cast<int64_t>(kind)}, 0);
    value.tag_ = opaque_type;
    return value;
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

  // The same error, said of another place.
  constexpr Value AtOffset(uint32_t offset) const {
    Value value = *this;
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
  constexpr bool is_bytes() const { return kind_ == ValueKind::kBytes; }
  constexpr bool is_list() const { return kind_ == ValueKind::kList; }
  constexpr bool is_map() const { return kind_ == ValueKind::kMap; }
  constexpr bool is_timestamp() const { return kind_ == ValueKind::kTimestamp; }
  constexpr bool is_duration() const { return kind_ == ValueKind::kDuration; }
  constexpr bool is_type() const { return kind_ == ValueKind::kType; }
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
  constexpr std::string_view bytes_value() const { return {first_.s, second_}; }
  constexpr std::span<const Value> list_value() const { return {first_.l, second_}; }
  // Keys at even places, their values behind them.
  constexpr std::span<const Value> map_entries() const { return {first_.l, second_}; }
  constexpr size_t map_size() const { return second_ / 2; }
  constexpr int64_t timestamp_seconds() const { return first_.i; }
  constexpr uint64_t timestamp_nanoseconds() const { return second_; }
  constexpr int64_t duration_nanoseconds() const { return first_.i; }
  constexpr ValueKind type_kind() const { return static_cast<ValueKind>(first_.i); }
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
  uint64_t second_;  // size of strings and lists, nanoseconds, second word of opaque values
};

static_assert(sizeof(Value) == 24, "values travel in registers and arrays; keep them small");
static_assert(std::is_trivially_copyable_v<Value>);

// CEL's `==` for two values that are no errors: numbers compare across int, uint and double, other
// kinds are equal only to their own kind, NaN equals nothing, lists element by element, maps entry
// by entry, opaque values word by word.
bool Equals(const Value& a, const Value& b);

// The same, taking from `steps` what the comparison costs: one for each pair of elements, and one
// for each kStringBytesPerStep. Once `steps` is below 0 it stops, and its answer means nothing.
bool EqualsWithin(const Value& a, const Value& b, int64_t* steps);

// Bytes of text that count as one step of a run.
inline constexpr size_t kStringBytesPerStep = 64;

// "int", "list", "google.protobuf.Timestamp": as type(x) is called in CEL. Of opaque types, absent
// and error values a word for messages.
std::string_view KindName(ValueKind kind);

// For messages and tests: `12`, `12u`, `1.5`, `"text"`, `b"\x01"`, `[1, 2]`, `{"a": 1}`,
// `timestamp("2009-02-13T23:31:30Z")`, `duration("90s")`, `int`, `null`, `error: overflow ...`.
std::string ToString(const Value& value);

}  // namespace fundgate::expression

#endif  // SERVER_EXPRESSION_VALUE_H_
