// Expressions against a second evaluator: an input is a tree of integers and booleans, which is
// printed, compiled and run, and evaluated here step by step in 128 bits.
#include <optional>

#include "absl/strings/str_cat.h"
#include "fundgate/types/text.h"
#include "server/expression/program.h"
#include "tests/fuzz/fuzzer.h"

namespace fundgate::fuzz {
namespace {

using expression::Environment;
using expression::Type;
using expression::Value;

__extension__ typedef __int128 Wide;

constexpr int kDepthMax = 6;
constexpr int64_t kVariables[] = {7, INT64_MAX, INT64_MIN};

// What a tree gives (booleans are 0 and 1); nothing is an error.
using Result = std::optional<Wide>;

struct Node {
  std::string text;
  Result result;
};

Result Fits(Wide number) {
  return number >= INT64_MIN && number <= INT64_MAX ? Result(number) : std::nullopt;
}

// Makes trees as the input's bytes say; where they end, everything is the number 0 or false.
class Maker {
 public:
  explicit Maker(Choices& in) : in_(in) {}

  Node Int(int depth) {
    const uint8_t choice = in_.Byte();
    if (depth == 0 || choice < 0x40) return Number(choice);
    if (choice < 0x50) return Negated(depth);
    if (choice < 0x60) return Conditional(depth);
    return Arithmetic(choice, depth);
  }

  Node Bool(int depth) {
    const uint8_t choice = in_.Byte();
    if (depth == 0 || choice < 0x20) {
      const bool truth = (choice & 1) != 0;
      return {truth ? "true" : "false", Result(truth ? 1 : 0)};
    }
    if (choice < 0x40) {
      const Node part = Bool(depth - 1);
      return {absl::StrCat("!(", part.text, ")"),
              part.result ? Result(*part.result == 0 ? 1 : 0) : std::nullopt};
    }
    return choice < 0x80 ? Logic(choice, depth) : Relation(choice, depth);
  }

 private:
  Node Number(uint8_t choice) {
    if (choice < 3) return {std::string(1, "xyz"[choice]), Result(kVariables[choice])};
    int64_t number = choice - 0x20;
    if (choice % 8 == 7) number = static_cast<int64_t>(uint64_t{in_.Short()} << (choice & 0x30));
    return {absl::StrCat("(", number, ")"), Result(number)};
  }

  Node Negated(int depth) {
    const Node part = Int(depth - 1);
    return {absl::StrCat("-(", part.text, ")"), part.result ? Fits(-*part.result) : std::nullopt};
  }

  Node Conditional(int depth) {
    const Node condition = Bool(depth - 1);
    const Node yes = Int(depth - 1);
    const Node no = Int(depth - 1);
    Result result;
    if (condition.result) result = *condition.result != 0 ? yes.result : no.result;
    return {absl::StrCat("(", condition.text, " ? ", yes.text, " : ", no.text, ")"), result};
  }

  Node Arithmetic(uint8_t choice, int depth) {
    const char sign = "+-*/%"[choice % 5];
    const Node a = Int(depth - 1);
    const Node b = Int(depth - 1);
    return {absl::StrCat("(", a.text, " ", std::string(1, sign), " ", b.text, ")"),
            a.result && b.result ? Reckon(sign, *a.result, *b.result) : std::nullopt};
  }

  static Result Reckon(char sign, Wide a, Wide b) {
    switch (sign) {
      case '+':
        return Fits(a + b);
      case '-':
        return Fits(a - b);
      case '*':
        return Fits(a * b);
      default:
        if (b == 0) return std::nullopt;
        // The quotient of the least number by -1 doesn't fit, and its remainder isn't taken.
        if (!Fits(a / b)) return std::nullopt;
        return Fits(sign == '/' ? a / b : a % b);
    }
  }

  // One side that decides alone hides an error of the other.
  Node Logic(uint8_t choice, int depth) {
    const bool conjunction = (choice & 1) != 0;
    const Node a = Bool(depth - 1);
    const Node b = Bool(depth - 1);
    const Wide deciding = conjunction ? 0 : 1;
    Result result;
    if (a.result == deciding || b.result == deciding) {
      result = deciding;
    } else if (a.result && b.result) {
      result = 1 - deciding;
    }
    return {absl::StrCat("(", a.text, conjunction ? " && " : " || ", b.text, ")"), result};
  }

  Node Relation(uint8_t choice, int depth) {
    static constexpr const char* kSigns[] = {"<", "<=", ">", ">=", "==", "!="};
    const size_t which = choice % 6;
    const Node a = Int(depth - 1);
    const Node b = Int(depth - 1);
    Node node = {absl::StrCat("(", a.text, " ", kSigns[which], " ", b.text, ")"), std::nullopt};
    if (!a.result || !b.result) return node;
    const bool answers[] = {*a.result<*b.result, *a.result <= *b.result, *a.result> * b.result,
                            *a.result >= *b.result, *a.result == *b.result, *a.result != *b.result};
    node.result = answers[which] ? 1 : 0;
    return node;
  }

  Choices& in_;
};

Environment Declared() {
  Environment environment;
  for (const char* name : {"x", "y", "z"})
    Expect(environment.AddVariable(name, Type::Int()).ok(), "a variable can be declared");
  return environment;
}

}  // namespace

const size_t kInputMax = 64;

void Run(Input input) {
  Choices in(input);
  const bool number = (in.Byte() & 1) != 0;
  Maker maker(in);
  const Node tree = number ? maker.Int(kDepthMax) : maker.Bool(kDepthMax);
  Environment environment = Declared();
  const expression::Compiled compiled =
      expression::Compile(environment, tree.text, number ? Type::Int() : Type::Bool());
  if (!compiled.ok()) {
    // Constants are reckoned at load, and a program has a bound.
    Expect(!compiled.issues.empty(), "what is refused has a reason");
    return;
  }
  const Value frame[] = {Value::Int(kVariables[0]), Value::Int(kVariables[1]),
                         Value::Int(kVariables[2])};
  const std::string given = expression::ToString(compiled.program->Evaluate(frame));
  if (!tree.result) {
    Expect(given.starts_with("error"), "what can't be reckoned is an error");
    return;
  }
  const auto expected = static_cast<int64_t>(*tree.result);
  const std::string truth = expected != 0 ? "true" : "false";
  Expect(given == (number ? ToStd(absl::StrCat(expected)) : std::string_view(truth)),
         "both evaluators agree");
}

std::vector<std::string> Seeds() {
  return {std::string("\x01\x60\x25\x26", 4), std::string("\x01\x62\x00\x64\x01\x02", 6),
          std::string("\x00\x41\x80\x63\x02\x1f\x25\x81\x64\x00\x20\x26", 12),
          std::string("\x01\x55\x84\x00\x01\x27\xff\xff\x37\x01\x80", 11),
          std::string("\x00\x42\x30\x90\x40\x02\x01\x44\xa0\x61\x03\x04\x70\x05\x06", 15)};
}

}  // namespace fundgate::fuzz
