// What expressions may name: variables, records with fields, functions, and the host's own types.
#ifndef SERVER_EXPRESSION_ENVIRONMENT_H_
#define SERVER_EXPRESSION_ENVIRONMENT_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/expression/accessor.h"
#include "server/expression/options.h"
#include "server/expression/scratch.h"
#include "server/expression/type.h"
#include "server/expression/value.h"

namespace fundgate::expression {

// A type that the language carries and compares but does not read. `==` and `!=` compare both
// words.
struct OpaqueType {
  std::string name;  // as in messages: "money"
  OpaqueId id = 0;   // the host's choice, not 0; see Value::Opaque

  // For <, <=, >, >=. Returns Int below, at or above 0, or an Error (two currencies). Null: this
  // type has no order, and ordering it is a load error. Must not allocate, throw or depend on
  // anything but its arguments.
  Value (*compare)(const Value& a, const Value& b) = nullptr;

  // Not null: the second word is a unit (a currency), and this sentence is the load error where two
  // values are compared, ordered, added or subtracted whose units are known then and differ.
  const char* two_units = nullptr;
};

// A named set of fields. `event.price` selects; a field may be a record itself.
struct RecordType {
  struct Field {
    std::string name;
    Type type;
  };
  std::string name;
  std::vector<Field> fields;
  // Fields that are not declared exist too, with type Dynamic; for rows whose columns nobody knows
  // when the expression is loaded. Otherwise selecting one is a load error with the nearest name.
  bool open = false;
};

// Found by a function's load hook.
struct LoadIssue {
  size_t argument = 0;  // whose place is reported; of a method, 0 is the receiver
  std::string message;  // a sentence
};

// One overload of a function, method or operator. Overloads share the name and differ in the count
// or types of their parameters; two that could take the same values are refused.
struct Function {
  // An identifier (qualified names are allowed, "math.least"), or for the host's own types one of
  // the operators as CEL names them: "_+_", "_-_", "_*_", "_/_", "_%_", "-_". An operator needs
  // a parameter of an opaque type, so that the language's own meaning can't be changed.
  std::string name;
  // x.name(y): the first parameter is the receiver. False: name(x, y).
  bool method = false;
  std::vector<Type> parameters;
  Type result;

  // Called with as many values as there are parameters, each of its parameter's type and none an
  // error or absent. Must be pure: the result depends on the arguments alone. Must not allocate or
  // throw. Failure is Value::Error(ErrorCode::kHost, "a sentence"). Strings and lists in the result
  // must be views of constants or of what the arguments view. It also runs at load when all
  // arguments are constant: the result replaces the call, and an error becomes a load error at the
  // call.
  Value (*evaluate)(std::span<const Value> arguments) = nullptr;

  // Optional. Called at load for each call that resolves to this overload: one entry a parameter,
  // null where the argument is not constant. For literals that must make sense: money('CNY 10.00').
  std::optional<LoadIssue> (*check)(std::span<const Value* const> arguments) = nullptr;

  // Optional, for a result of an opaque type with units: called as `check` is, returns the unit
  // that the result has whatever the other arguments turn out to be, if that can be told.
  std::optional<uint64_t> (*unit)(std::span<const Value* const> arguments) = nullptr;

  // In place of `evaluate`, for functions whose result is built: what it views may lie in the
  // scratch as well. kTooMuchMemory when the scratch gives none.
  Value (*build)(std::span<const Value> arguments, Scratch& scratch) = nullptr;

  // Optional. The type of a call with arguments of these static types, in place of `result`: for
  // functions that pass their arguments on, and to say how large a result can be (Type::AtMost).
  // Type::Error says that the overload does not take them after all.
  Type (*result_of)(std::span<const Type> arguments) = nullptr;

  // It takes the same time however long its arguments are: their length counts for no steps.
  bool constant_time = false;

  // The last parameter may be given any number of times, at least once.
  bool variadic = false;
};

// Whether the overload takes so many arguments.
bool TakesCount(const Function& function, size_t arguments);
// The type of argument `i`, of a count that it takes.
const Type& ParameterAt(const Function& function, size_t i);

// Where a value comes from when a program runs.
struct Slot {
  std::string path;  // "refunded", "row.status", "event.buyer.country"
  Type type;
};

// The declarations, and the table of slots. Slots are numbered densely from 0 in the order in which
// they arise: a variable that is no record gets its slot when it is declared; a record's field when
// it is first asked for by SlotOf() or named by a compiled expression. So all programs of one
// environment read one frame: fill it once per row or book, run them all.
//
// Programs stay valid when the environment is gone. Not thread-safe: Compile() may add slots.
class Environment {
 public:
  explicit Environment(Options options = {});

  // All: INVALID_ARGUMENT for a name that is no identifier or that the language keeps for itself
  // (reserved words; functions of CEL, also those that are not here yet), ALREADY_EXISTS for a
  // second declaration, NOT_FOUND for a type that was not added before; nothing is changed then.
  absl::Status AddOpaque(OpaqueType type);
  absl::Status AddRecord(RecordType record);
  //
  // A variable's name may be qualified ("limits.daily"): a.b.c means the variable with the longest
  // name that fits, and then its fields.
  absl::Status AddVariable(std::string name, Type type);
  absl::Status AddFunction(Function function);
  absl::Status AddAccessor(Accessor accessor);

  // The slot of a declared variable or of a record variable's field, by its path; added to the
  // table if it is new. NOT_FOUND with the nearest name; INVALID_ARGUMENT for a whole record.
  absl::StatusOr<uint32_t> SlotOf(std::string_view path);

  // In order of their numbers.
  const std::vector<Slot>& slots() const { return slots_; }
  const Options& options() const { return options_; }

  // The type of a field of `operand`, which is called `path` in messages. NOT_FOUND with the
  // nearest name if its record has no such field, INVALID_ARGUMENT if it is no record.
  absl::StatusOr<Type> FieldOf(const Type& operand, std::string_view path,
                               std::string_view field) const;

  // For the checker. Null when there is none.
  const Type* FindVariable(std::string_view name) const;
  // Whether a qualified variable begins with `name` and a dot.
  bool HasVariablesUnder(std::string_view name) const;
  const RecordType* FindRecord(std::string_view name) const;
  const OpaqueType* FindOpaque(OpaqueId id) const;
  std::vector<OpaqueType> Opaques() const;
  // All overloads of the name in that style, in order of declaration.
  std::vector<std::shared_ptr<const Function>> FindFunctions(std::string_view name,
                                                             bool method) const;
  std::vector<std::string> VariableNames() const;
  std::vector<std::string> FunctionNames(bool method) const;
  const Accessor* FindAccessor(std::string_view name) const;
  // The variable that a call of an accessor stands for; whatever its name is.
  void AddResolved(const std::string& call, const Type& type) { variables_.emplace(call, type); }
  // The slot of a path that the checker has resolved, added if new.
  uint32_t InternSlot(std::string_view path, const Type& type);

 private:
  absl::Status CheckType(const Type& type) const;
  absl::Status CheckValueType(const Type& type) const;

  Options options_;
  std::map<std::string, Type, std::less<>> variables_;
  std::map<std::string, RecordType, std::less<>> records_;
  std::map<OpaqueId, OpaqueType> opaques_;
  std::vector<std::shared_ptr<const Function>> functions_;
  std::map<std::string, Accessor, std::less<>> accessors_;
  std::vector<Slot> slots_;
  std::map<std::string, uint32_t, std::less<>> slot_of_path_;
};

}  // namespace fundgate::expression

#endif  // SERVER_EXPRESSION_ENVIRONMENT_H_
