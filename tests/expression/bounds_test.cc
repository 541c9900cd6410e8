// What an expression may cost: proven when it loads, and held to when it runs.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/expression/allocations.h"
#include "tests/expression/helpers.h"

namespace fundgate::expression {
namespace {

using ::testing::HasSubstr;

std::string Failure(ErrorCode code) { return "error: " + std::string(ErrorText(code)); }

class Bounds : public ::testing::Test {
 protected:
  explicit Bounds(const Options& options = {}) : environment_(options) {
    EXPECT_TRUE(environment_.AddVariable("items", Type::List(Type::Int()).AtMost(100)).ok());
    EXPECT_TRUE(environment_.AddVariable("more", Type::List(Type::Int())).ok());
    EXPECT_TRUE(environment_.AddVariable("text", Type::String()).ok());
  }

  Program Load(std::string_view source) {
    Compiled compiled = Compile(environment_, source, Type::Dynamic());
    EXPECT_TRUE(compiled.ok()) << Render(source, compiled.issues);
    return *std::move(compiled.program);
  }

  std::vector<Value> Numbers(size_t count) {
    std::vector<Value> numbers;
    for (size_t i = 0; i < count; ++i) numbers.push_back(Value::Int(static_cast<int64_t>(i)));
    return numbers;
  }

  Environment environment_;
};

TEST_F(Bounds, CostGrowsWithWhatIsDeclared) {
  const uint64_t one = Load("items.all(x, x > 0)").cost();
  EXPECT_GE(one, 100u * 3);
  EXPECT_LE(one, 100u * 5);
  const uint64_t two = Load("items.all(x, items.exists(y, x == y))").cost();
  EXPECT_GE(two, 100u * 100 * 3);
}

TEST_F(Bounds, WhatCanNotBeBoundedIsRefused) {
  for (const char* source :
       {"more.all(x, x > 0)", "(items + more).map(x, x) == []",
        "(true ? items : more).all(x, x > 0)", "[items, more].all(l, l.all(x, x > 0))",
        "text.split(',').exists(t, t == 'a')", "dyn(more).exists(x, x == 1)",
        "cel.bind(m, more, m.exists(x, x == 1))"}) {
    EXPECT_THAT(Problems(environment_, source), HasSubstr("can't be bounded")) << source;
  }
  for (const char* source :
       {"items.map(x, [x, x]).all(l, l.all(x, x > 0))", "(items + items).all(x, x > 0)",
        "'a,b'.split(',').exists(t, t == 'a')", "dyn(items).exists(x, x == 1)",
        "items.transformMap(i, x, x).all(k, k > 0)", "[items, items][0].all(x, x > 0)"}) {
    EXPECT_EQ(Problems(environment_, source), "") << source;
  }
}

TEST_F(Bounds, WhatMayTakeTooLongIsRefusedWhereItLoops) {
  EXPECT_THAT(Problems(environment_, "1 > 2 ||\n items.all(x, items.all(y, items.all(z, z > x)))"),
              HasSubstr("2:8: the expression may take too long: "));
  EXPECT_EQ(Problems(environment_, "items.all(x, items.all(y, x > y))"), "");
}

TEST_F(Bounds, AListLongerThanDeclaredEndsTheRun) {
  const std::vector<Value> declared = Numbers(100);
  const std::vector<Value> longer = Numbers(3000);
  std::vector<Value> frame = {Value::List(declared)};
  const Program program = Load("items.all(x, items.exists(y, y == x))");
  EXPECT_EQ(ToString(program.Evaluate(frame)), "true");
  frame[0] = Value::List(longer);
  EXPECT_EQ(ToString(program.Evaluate(frame)), Failure(ErrorCode::kTooManySteps));
  EXPECT_EQ(ToString(Load("items.exists(x, x == 2000)").Evaluate(frame)), "true");
}

TEST_F(Bounds, LongTextIsCountedAsItIs) {
  const std::string text(1 << 20, 'a');
  const Value frame[] = {Value::List({}), Value::List({}), Value::String(text)};
  EXPECT_EQ(ToString(Load("text.contains('b')").Evaluate(frame)), "false");
  EXPECT_EQ(ToString(Load("[1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5, 6].exists(x, "
                          "text.contains('b'))")
                         .Evaluate(frame)),
            Failure(ErrorCode::kTooManySteps));
  EXPECT_EQ(ToString(Load("(text + text).size() > 0").Evaluate(frame)),
            Failure(ErrorCode::kTooMuchMemory));
}

TEST_F(Bounds, SharedListsCanNotBeUnfoldedForEver) {
  // Each level holds the one below ten times: 10^9 elements in a few hundred values.
  const char* source =
      "cel.bind(a, items, cel.bind(b, [a,a,a,a,a,a,a,a,a,a], cel.bind(c, [b,b,b,b,b,b,b,b,b,b], "
      "cel.bind(d, [c,c,c,c,c,c,c,c,c,c], cel.bind(e, [d,d,d,d,d,d,d,d,d,d], "
      "dyn(e) == dyn([d,d,d,d,d,d,d,d,d,d]))))))";
  const std::vector<Value> numbers = Numbers(100);
  const Value frame[] = {Value::List(numbers)};
  EXPECT_EQ(ToString(Load(source).Evaluate(frame)), Failure(ErrorCode::kTooManySteps));
}

TEST_F(Bounds, TextThatDoublesEndsTheRun) {
  std::string source = "size(t)";
  for (int i = 0; i < 25; ++i) source = absl::StrCat("cel.bind(t, t + t, ", source, ")");
  source = "cel.bind(t, text, " + source + ")";
  const Value frame[] = {Value::List({}), Value::List({}), Value::String("0123456789")};
  EXPECT_EQ(ToString(Load(source).Evaluate(frame)), Failure(ErrorCode::kTooMuchMemory));
}

TEST_F(Bounds, VariablesOfMacrosAreCounted) {
  std::string source = "true";
  for (size_t i = 0; i < kVariablesLimit; ++i) {
    source = absl::StrCat("[1].all(x", i, ", ", source, ")");
  }
  EXPECT_EQ(Problems(environment_, source), "");
  EXPECT_THAT(Problems(environment_, "[1].all(y, " + source + ")"),
              HasSubstr("macros are nested too deep: 32 variables may be known at one place"));
}

TEST_F(Bounds, AScratchIsReusedWithoutAllocating) {
  const Program program = Load("items.map(x, string(x) + '!').filter(s, s != '3!').join(' ')");
  EXPECT_TRUE(program.builds());
  const std::vector<Value> numbers = Numbers(50);
  const Value frame[] = {Value::List(numbers)};
  Scratch scratch;
  const std::string first(program.Evaluate(frame, scratch).string_value());
  EXPECT_THAT(first, HasSubstr("0! 1! 2! 4! 5!"));
  const long before = Allocations();
  for (int i = 0; i < 10; ++i) {
    scratch.Clear();
    EXPECT_EQ(program.Evaluate(frame, scratch).string_value(), first);
  }
  EXPECT_EQ(Allocations() - before, 0);
}

TEST_F(Bounds, SmallListsNeedNoMemoryOfTheCaller) {
  const std::vector<Value> numbers = Numbers(20);
  const Value frame[] = {Value::List(numbers), Value::List({}), Value::String("b")};
  for (const char* source :
       {"items.map(x, x * 2).exists(x, x == 38)", "text in ['a', text + text, 'b']",
        "items.filter(x, x > 17).size() == 2 && {'k': text}.k == 'b'",
        "items.all(x, [x, x + 1].exists(y, y == x + 1))"}) {
    const Program program = Load(source);
    const long before = Allocations();
    EXPECT_TRUE(program.Evaluate(frame).is_true()) << source;
    EXPECT_EQ(Allocations() - before, 0) << source;
  }
}

TEST_F(Bounds, ResultsOfAScratchStayUntilItIsCleared) {
  const Program program = Load("text + '!'");
  Scratch scratch;
  std::vector<Value> results;
  for (const char* text : {"a", "b", "a rather long text that fills some of the memory"}) {
    const Value frame[] = {Value::List({}), Value::List({}), Value::String(text)};
    results.push_back(program.Evaluate(frame, scratch));
  }
  EXPECT_EQ(ToString(results[0]) + ToString(results[1]), "\"a!\"\"b!\"");
}

}  // namespace
}  // namespace fundgate::expression
