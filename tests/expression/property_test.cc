// Random trees, printed, compiled and run, must give what a slow and obvious evaluator over the
// same trees gives. The evaluator shares no code with the language: it reckons in 128 bits.
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/expression/helpers.h"

namespace fundgate::expression {
namespace {

constexpr uint64_t kSeed = 77001;
constexpr int kTrees = 30000;
constexpr int kVariables = 3;

__extension__ typedef __int128 Wide;  // wide enough for every product of two ints

enum class Form { kInt, kVariable, kBool, kUnary, kBinary, kConditional, kIn };

// A tree of ints and bools. Unary and binary ones carry their operator as text.
struct Tree {
  Form form = Form::kInt;
  std::string text{};
  Wide number = 0;
  std::vector<std::unique_ptr<Tree>> parts{};
};

using TreePtr = std::unique_ptr<Tree>;

// What a tree gives: a number (bools are 0 and 1), or one of two errors.
struct Answer {
  enum class Kind { kNumber, kOverflow, kDivision } kind = Kind::kNumber;
  Wide number = 0;

  bool is_error() const { return kind != Kind::kNumber; }
};

class Maker {
 public:
  explicit Maker(uint64_t seed) : random_(seed) {}

  TreePtr Int(int depth) {
    const uint64_t choice = depth == 0 ? Below(2) : Below(8);
    if (choice == 0) return Make(Form::kVariable, std::string(1, "xyz"[Below(kVariables)]));
    if (choice == 1) return Number();
    if (choice == 2) return With(Form::kUnary, "-", Int(depth - 1));
    if (choice == 3) {
      return With(Form::kConditional, "?:", Bool(depth - 1), Int(depth - 1), Int(depth - 1));
    }
    static constexpr const char* kOperators[] = {"+", "-", "*", "/", "%"};
    return With(Form::kBinary, kOperators[Below(5)], Int(depth - 1), Int(depth - 1));
  }

  TreePtr Bool(int depth) {
    const uint64_t choice = depth == 0 ? 0 : Below(7);
    if (choice == 0) return Make(Form::kBool, Below(2) == 0 ? "false" : "true");
    if (choice == 1) return With(Form::kUnary, "!", Bool(depth - 1));
    if (choice == 2) return With(Form::kBinary, "&&", Bool(depth - 1), Bool(depth - 1));
    if (choice == 3) return With(Form::kBinary, "||", Bool(depth - 1), Bool(depth - 1));
    if (choice == 4) {
      return With(Form::kIn, "in", Int(depth - 1), Int(depth - 1), Int(depth - 1));
    }
    static constexpr const char* kOperators[] = {"<", "<=", ">", ">=", "==", "!="};
    return With(Form::kBinary, kOperators[Below(6)], Int(depth - 1), Int(depth - 1));
  }

  int64_t Edge() {
    static constexpr int64_t kEdges[] = {0, 1, 2, 3, 7, -1, -2, -5, INT64_MAX, INT64_MIN, 1 << 30};
    return kEdges[Below(std::size(kEdges))];
  }

  uint64_t Below(uint64_t bound) { return random_() % bound; }

 private:
  static TreePtr Make(Form form, std::string text) {
    auto tree = std::make_unique<Tree>();
    tree->form = form;
    tree->text = std::move(text);
    return tree;
  }

  template <typename... Parts>
  static TreePtr With(Form form, std::string text, Parts... parts) {
    TreePtr tree = Make(form, std::move(text));
    (tree->parts.push_back(std::move(parts)), ...);
    return tree;
  }

  TreePtr Number() {
    TreePtr tree = Make(Form::kInt, "");
    tree->number = Edge();
    tree->text = std::to_string(static_cast<int64_t>(tree->number));
    return tree;
  }

  std::mt19937_64 random_;
};

// Brackets only where the grammar needs them, so that precedence is tested too. `level` is the
// tightness that the place asks for: 0 ?:, 1 ||, 2 &&, 3 relation, 4 + -, 5 * / %, 6 unary.
int Level(const Tree& tree) {
  if (tree.form == Form::kConditional) return 0;
  if (tree.form == Form::kIn) return 3;
  if (tree.form == Form::kUnary) return 6;
  if (tree.form == Form::kInt) return tree.number < 0 ? 6 : 7;
  if (tree.form != Form::kBinary) return 7;
  if (tree.text == "||") return 1;
  if (tree.text == "&&") return 2;
  if (tree.text == "+" || tree.text == "-") return 4;
  return std::string("*/%").find(tree.text) != std::string::npos ? 5 : 3;
}

std::string Print(const Tree& tree, int level) {
  const auto part = [&](size_t i, int least) { return Print(*tree.parts[i], least); };
  const int own = Level(tree);
  std::string text = tree.text;
  if (tree.form == Form::kUnary) text = tree.text + part(0, 7);
  if (tree.form == Form::kBinary) text = part(0, own) + " " + tree.text + " " + part(1, own + 1);
  if (tree.form == Form::kIn) text = part(0, 3) + " in [" + part(1, 0) + ", " + part(2, 0) + "]";
  if (tree.form == Form::kConditional) text = part(0, 1) + " ? " + part(1, 1) + " : " + part(2, 0);
  return own < level ? "(" + text + ")" : text;
}

Answer Bounded(Wide number) {
  if (number > INT64_MAX || number < INT64_MIN) return {Answer::Kind::kOverflow, 0};
  return {Answer::Kind::kNumber, number};
}

Answer Reckon(const std::string& op, Wide a, Wide b) {
  if (op == "+") return Bounded(a + b);
  if (op == "-") return Bounded(a - b);
  if (op == "*") return Bounded(a * b);
  if (op == "/") return b == 0 ? Answer{Answer::Kind::kDivision, 0} : Bounded(a / b);
  if (op == "%") {
    if (b == 0) return {Answer::Kind::kDivision, 0};
    if (Bounded(a / b).is_error()) return Bounded(a / b);
    return Bounded(a % b);
  }
  if (op == "<") return {Answer::Kind::kNumber, a < b};
  if (op == "<=") return {Answer::Kind::kNumber, a <= b};
  if (op == ">") return {Answer::Kind::kNumber, a > b};
  if (op == ">=") return {Answer::Kind::kNumber, a >= b};
  return {Answer::Kind::kNumber, (a == b) == (op == "==")};
}

Answer Obvious(const Tree& tree, const int64_t* variables) {
  const auto part = [&](size_t i) { return Obvious(*tree.parts[i], variables); };
  switch (tree.form) {
    case Form::kInt:
      return {Answer::Kind::kNumber, tree.number};
    case Form::kVariable:
      return {Answer::Kind::kNumber, variables[tree.text[0] - 'x']};
    case Form::kBool:
      return {Answer::Kind::kNumber, tree.text == "true"};
    case Form::kUnary: {
      const Answer a = part(0);
      if (a.is_error()) return a;
      return tree.text == "!" ? Answer{Answer::Kind::kNumber, a.number == 0} : Bounded(-a.number);
    }
    case Form::kConditional: {
      const Answer condition = part(0);
      return condition.is_error() ? condition : part(condition.number != 0 ? 1 : 2);
    }
    case Form::kIn: {
      const Answer a = part(0), b = part(1), c = part(2);
      if (a.is_error()) return a;
      if (b.is_error()) return b;
      if (c.is_error()) return c;
      return {Answer::Kind::kNumber, a.number == b.number || a.number == c.number};
    }
    case Form::kBinary:
      break;
  }
  const Answer a = part(0), b = part(1);
  if (tree.text == "&&" || tree.text == "||") {
    const Wide absorbing = tree.text == "||" ? 1 : 0;
    if (!a.is_error() && a.number == absorbing) return a;
    if (!b.is_error() && b.number == absorbing) return b;
    return a.is_error() ? a : b;
  }
  if (a.is_error()) return a;
  return b.is_error() ? b : Reckon(tree.text, a.number, b.number);
}

std::string ToString(const Answer& answer, bool is_bool) {
  if (answer.kind == Answer::Kind::kOverflow) {
    return "error: " + std::string(ErrorText(ErrorCode::kOverflow));
  }
  if (answer.kind == Answer::Kind::kDivision) {
    return "error: " + std::string(ErrorText(ErrorCode::kDivisionByZero));
  }
  if (is_bool) return answer.number != 0 ? "true" : "false";
  return std::to_string(static_cast<int64_t>(answer.number));
}

TEST(Property, CompiledProgramsAgreeWithAnObviousEvaluator) {
  Maker maker(kSeed);
  int errors = 0;
  for (int i = 0; i < kTrees; ++i) {
    const bool is_bool = i % 2 == 0;
    const int depth = static_cast<int>(1 + maker.Below(5));
    const TreePtr tree = is_bool ? maker.Bool(depth) : maker.Int(depth);
    const std::string source = Print(*tree, 0);
    Environment environment;
    for (const char* name : {"x", "y", "z"}) {
      ASSERT_TRUE(environment.AddVariable(name, Type::Int()).ok());
    }
    const Compiled compiled = Compile(environment, source, is_bool ? Type::Bool() : Type::Int());
    ASSERT_TRUE(compiled.ok()) << Render(source, compiled.issues);
    for (int run = 0; run < 4; ++run) {
      int64_t variables[kVariables];
      Value frame[kVariables];
      for (int v = 0; v < kVariables; ++v) frame[v] = Value::Int(variables[v] = maker.Edge());
      const Answer wanted = Obvious(*tree, variables);
      errors += wanted.is_error() ? 1 : 0;
      ASSERT_EQ(ToString(compiled.program->Evaluate(frame)), ToString(wanted, is_bool))
          << source << " with " << variables[0] << " " << variables[1] << " " << variables[2];
    }
  }
  EXPECT_GT(errors, kTrees / 10) << "errors must occur, or their absorption is not tested";
}

}  // namespace
}  // namespace fundgate::expression
