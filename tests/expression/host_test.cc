// What a host adds: opaque types, functions, operators, load hooks; and what it may not add.
#include <charconv>
#include <optional>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/expression/helpers.h"

namespace fundgate::expression {
namespace {

using ::testing::StartsWith;

// A toy of weights: an amount and a unit ('g' or 'l'), which don't mix.
constexpr OpaqueId kWeight = 7;

Value Weight(int64_t amount, char unit) {
  return Value::Opaque(kWeight, amount, static_cast<uint64_t>(unit));
}

Value CompareWeights(const Value& a, const Value& b) {
  if (a.opaque_second() != b.opaque_second()) {
    return Value::Error(ErrorCode::kHost, "two units can't be compared");
  }
  const int64_t x = a.opaque_first();
  const int64_t y = b.opaque_first();
  return Value::Int(x < y ? -1 : x > y ? 1 : 0);
}

Value AddWeights(std::span<const Value> weights) {
  if (weights[0].opaque_second() != weights[1].opaque_second()) {
    return Value::Error(ErrorCode::kHost, "two units can't be added");
  }
  return Weight(weights[0].opaque_first() + weights[1].opaque_first(),
                static_cast<char>(weights[0].opaque_second()));
}

Value ScaleWeight(std::span<const Value> arguments) {
  return Weight(arguments[0].opaque_first() * arguments[1].int_value(),
                static_cast<char>(arguments[0].opaque_second()));
}

Value NegateWeight(std::span<const Value> arguments) {
  return Weight(-arguments[0].opaque_first(), static_cast<char>(arguments[0].opaque_second()));
}

// "12g"
Value ReadWeight(std::span<const Value> arguments) {
  const std::string_view text = arguments[0].string_value();
  int64_t amount = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), amount);
  if (error != std::errc() || end + 1 != text.data() + text.size()) {
    return Value::Error(ErrorCode::kHost, "this is no weight");
  }
  return Weight(amount, *end);
}

std::optional<LoadIssue> CheckWeight(std::span<const Value* const> arguments) {
  if (arguments[0] == nullptr) return std::nullopt;
  const Value constant[] = {*arguments[0]};
  if (!ReadWeight(constant).is_error()) return std::nullopt;
  return LoadIssue{0, "'" + std::string(arguments[0]->string_value()) + "' is no weight"};
}

Value Double(std::span<const Value> arguments) { return Value::Int(arguments[0].int_value() * 2); }
Value Length(std::span<const Value> arguments) {
  return Value::Int(static_cast<int64_t>(arguments[0].string_value().size()));
}
Value UnitOf(std::span<const Value> arguments) {
  return Value::Int(static_cast<int64_t>(arguments[0].opaque_second()));
}
Value AlwaysFails(std::span<const Value>) {
  return Value::Error(ErrorCode::kHost, "it never works");
}
Value First(std::span<const Value> arguments) {
  return arguments[0].list_value().empty() ? Value::Null() : arguments[0].list_value()[0];
}

class Host : public ::testing::Test {
 protected:
  Host() {
    const Type weight = Type::Opaque("weight", kWeight);
    EXPECT_TRUE(
        environment_.AddOpaque({.name = "weight", .id = kWeight, .compare = CompareWeights}).ok());
    EXPECT_TRUE(environment_.AddOpaque({.name = "token", .id = 8}).ok());
    Add({.name = "weight",
         .parameters = {Type::String()},
         .result = weight,
         .evaluate = ReadWeight,
         .check = CheckWeight});
    Add({.name = "_+_", .parameters = {weight, weight}, .result = weight, .evaluate = AddWeights});
    Add({.name = "_*_",
         .parameters = {weight, Type::Int()},
         .result = weight,
         .evaluate = ScaleWeight});
    Add({.name = "-_", .parameters = {weight}, .result = weight, .evaluate = NegateWeight});
    Add({.name = "twice", .parameters = {Type::Int()}, .result = Type::Int(), .evaluate = Double});
    Add({.name = "twice",
         .parameters = {Type::String()},
         .result = Type::Int(),
         .evaluate = Length});
    Add({.name = "unit",
         .method = true,
         .parameters = {weight},
         .result = Type::Int(),
         .evaluate = UnitOf});
    Add({.name = "scales.twice",
         .parameters = {Type::Int()},
         .result = Type::Int(),
         .evaluate = Double});
    Add({.name = "fails",
         .parameters = {Type::Int()},
         .result = Type::Bool(),
         .evaluate = AlwaysFails});
    Add({.name = "first",
         .parameters = {Type::List(Type::Dynamic())},
         .result = Type::Dynamic(),
         .evaluate = First});
    EXPECT_TRUE(environment_.AddVariable("w", weight).ok());
    EXPECT_TRUE(environment_.AddVariable("n", Type::Int()).ok());
    EXPECT_TRUE(environment_.AddVariable("any", Type::Dynamic()).ok());
    EXPECT_TRUE(environment_.AddVariable("t", Type::Opaque("token", 8)).ok());
  }

  void Add(Function function) {
    const absl::Status status = environment_.AddFunction(std::move(function));
    EXPECT_TRUE(status.ok()) << status;
  }

  std::string Try(std::string_view source, Value any = Value::Absent()) {
    const Value frame[] = {Weight(5, 'g'), Value::Int(3), any, Value::Opaque(8, 1, 1)};
    return Result(environment_, source, frame);
  }

  Environment environment_;
};

TEST_F(Host, OpaqueValuesAreComparedAndOrderedByTheHost) {
  EXPECT_EQ(Try("w == weight('5g')"), "true");
  EXPECT_EQ(Try("w == weight('5l')"), "false");
  EXPECT_EQ(Try("w < weight('6g') && w >= weight('5g')"), "true");
  EXPECT_EQ(Try("w < weight('6l')"), "error: two units can't be compared");
  EXPECT_EQ(Try("w < weight('6l') || true"), "true");
  EXPECT_EQ(Try("w in [weight('4g'), weight('5g')]"), "true");
  EXPECT_EQ(Try("w < any", Weight(6, 'g')), "true");
  EXPECT_THAT(Try("w < any", Value::Int(6)), StartsWith("error: no such overload"));
  EXPECT_EQ(Try("w == any", Value::Int(6)), "false");
  EXPECT_EQ(Try("t == t"), "true");
  EXPECT_EQ(Try("t < t"),
            "refused: 1:3: values of type token have no order; only == and != compare them");
  EXPECT_EQ(Try("w == 1"), "refused: 1:3: '==' can't compare weight with int");
}

TEST_F(Host, OperatorsAreChosenByTypes) {
  EXPECT_EQ(Try("w + weight('2g') * 2 == weight('9g')"), "true");
  EXPECT_EQ(Try("-w == weight('-5g')"), "true");
  EXPECT_EQ(Try("w + weight('2l') == w"), "error: two units can't be added");
  EXPECT_EQ(Try("any + any == weight('4g')", Weight(2, 'g')), "true");
  EXPECT_EQ(Try("any + 1 == 3", Value::Int(2)), "true");
  EXPECT_THAT(Try("w + any == w", Value::Int(2)), StartsWith("error: no such overload"));
  EXPECT_EQ(Try("w - w"), "refused: 1:3: '-' has no meaning for weight and weight");
  EXPECT_EQ(Try("2 * w"), "refused: 1:3: '*' has no meaning for int and weight");
}

TEST_F(Host, OverloadsAreChosenByTypesAtLoadOrWhenTheyRun) {
  EXPECT_EQ(Try("twice(n)"), "6");
  EXPECT_EQ(Try("twice('abc')"), "3");
  EXPECT_EQ(Try("twice(any)", Value::Int(4)), "8");
  EXPECT_EQ(Try("twice(any)", Value::String("abc")), "3");
  EXPECT_THAT(Try("twice(any)", Value::Bool(true)), StartsWith("error: no such overload"));
  EXPECT_EQ(Try("twice(1.5)"),
            "refused: 1:1: twice(double) does not exist; there is twice(int), twice(string)");
  EXPECT_EQ(Try("twice(1 / 0)"), "error: division by zero");
}

TEST_F(Host, MethodsAndQualifiedNames) {
  EXPECT_EQ(Try("w.unit()"), "103");
  EXPECT_EQ(Try("unit(w)"), "refused: 1:1: 'unit' is a method: write x.unit(...)");
  EXPECT_EQ(Try("n.twice()"), "refused: 1:3: 'twice' is a function: write twice(x)");
  EXPECT_EQ(Try("scales.twice(4)"), "8");
}

TEST_F(Host, BadLiteralsAreLoadErrorsAtTheirColumn) {
  EXPECT_EQ(Try("w <= weight('5 g')"), "refused: 1:13: '5 g' is no weight");
  EXPECT_EQ(Try("w <= weight('5' + ' g')"), "refused: 1:17: '5 g' is no weight");
  EXPECT_EQ(Try("w == weight(any)", Value::String("5g")), "true");
  EXPECT_EQ(Try("w == weight(any)", Value::String("x")), "error: this is no weight");
  EXPECT_EQ(Try("fails(1)"), "refused: 1:1: this call always fails: it never works");
  EXPECT_EQ(Try("fails(n)"), "error: it never works");
}

TEST_F(Host, CallsOfConstantsAreFolded) {
  const Compiled compiled = Compile(environment_, "weight('5g') + weight('1g')", Type::Dynamic());
  ASSERT_TRUE(compiled.ok());
  EXPECT_EQ(ToString(compiled.program->Evaluate(std::span<const Value>())), "opaque7(6, 103)");
}

TEST_F(Host, AComputedListLeavesTheRunOnlyInMemoryOfTheCaller) {
  EXPECT_EQ(Try("first([n, 2]) == 3"), "true");
  EXPECT_EQ(Try("[[n], [2]][0][0]"), "3");
  EXPECT_EQ(Try("[n, 2][0]"), "3");
  for (const char* source :
       {"first([[n], [2]])", "true ? [n] : [1]", "dyn([n])", "[[n], [2]][0]", "'a' + string(n)",
        "{'a': n}", "bytes(string(n))", "[[n, 1]].map(x, x)[0]"}) {
    const Compiled compiled = Compile(environment_, source, Type::Dynamic());
    ASSERT_TRUE(compiled.ok()) << Render(source, compiled.issues);
    const Value frame[] = {Weight(5, 'g'), Value::Int(3)};
    EXPECT_EQ(compiled.program->Evaluate(frame).error_code(), ErrorCode::kNoScratch) << source;
    Scratch scratch;
    EXPECT_FALSE(compiled.program->Evaluate(frame, scratch).is_error()) << source;
  }
}

TEST_F(Host, ErrorsSayWhereTheyHappened) {
  const std::string source = "n > 0 &&\n  w < weight('6l')";
  const Compiled compiled = Compile(environment_, source, Type::Bool());
  ASSERT_TRUE(compiled.ok());
  const Value frame[] = {Weight(5, 'g'), Value::Int(3)};
  const Value value = compiled.program->Evaluate(frame);
  ASSERT_TRUE(value.is_error());
  EXPECT_EQ(value.error_code(), ErrorCode::kHost);
  EXPECT_EQ(Locate(source, value.error_offset()), (Location{2, 5}));
}

TEST(Declarations, ThatCantStandAreRefusedAndChangeNothing) {
  Environment environment;
  const auto code = [](const absl::Status& status) { return status.code(); };
  using enum absl::StatusCode;
  EXPECT_EQ(code(environment.AddVariable("1a", Type::Int())), kInvalidArgument);
  EXPECT_EQ(code(environment.AddVariable("in", Type::Int())), kInvalidArgument);
  EXPECT_EQ(code(environment.AddVariable("package", Type::Int())), kInvalidArgument);
  EXPECT_EQ(code(environment.AddVariable("a", Type::Record("R"))), kNotFound);
  EXPECT_EQ(code(environment.AddVariable("a", Type::Opaque("o", 1))), kNotFound);
  EXPECT_EQ(code(environment.AddVariable("a", Type::Int())), kOk);
  EXPECT_EQ(code(environment.AddVariable("a", Type::Int())), kAlreadyExists);
  EXPECT_EQ(code(environment.AddOpaque({.name = "o", .id = 0})), kInvalidArgument);
  EXPECT_EQ(code(environment.AddOpaque({.name = "o", .id = 1})), kOk);
  EXPECT_EQ(code(environment.AddOpaque({.name = "p", .id = 1})), kAlreadyExists);
  EXPECT_EQ(code(environment.AddRecord(
                {.name = "R", .fields = {{"x", Type::Int()}, {"x", Type::Int()}}})),
            kAlreadyExists);
  const Type o = Type::Opaque("o", 1);
  const auto function = [&](std::string name, std::vector<Type> parameters) {
    return environment.AddFunction({.name = std::move(name),
                                    .parameters = std::move(parameters),
                                    .result = Type::Int(),
                                    .evaluate = Double});
  };
  EXPECT_EQ(code(function("size", {o})), kInvalidArgument);
  EXPECT_EQ(code(function("timestamp", {o})), kInvalidArgument);
  EXPECT_EQ(code(function("_+_", {Type::Int(), Type::Int()})), kInvalidArgument);
  EXPECT_EQ(code(function("_<_", {o, o})), kInvalidArgument);
  EXPECT_EQ(code(function("f", {Type::Int()})), kOk);
  EXPECT_EQ(code(function("f", {Type::Dynamic()})), kAlreadyExists);
  EXPECT_EQ(code(function("f", {Type::Int(), Type::Int()})), kOk);
  EXPECT_EQ(environment.slots().size(), 1u);
}

}  // namespace
}  // namespace fundgate::expression
