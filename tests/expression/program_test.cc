// Running programs: slots, absent and null values, lazily fetched values, and no allocation.
#include "server/expression/program.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/expression/allocations.h"
#include "tests/expression/helpers.h"

namespace fundgate::expression {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;

constexpr OpaqueId kPoint = 3;

Value ComparePoints(const Value& a, const Value& b) {
  return Value::Int(a.opaque_first() < b.opaque_first()   ? -1
                    : a.opaque_first() > b.opaque_first() ? 1
                                                          : 0);
}
Value ShiftPoint(std::span<const Value> arguments) {
  return Value::Opaque(kPoint, arguments[0].opaque_first() + arguments[1].int_value(), 0);
}

class Running : public ::testing::Test {
 protected:
  Running() {
    EXPECT_TRUE(
        environment_.AddOpaque({.name = "point", .id = kPoint, .compare = ComparePoints}).ok());
    const Type point = Type::Opaque("point", kPoint);
    EXPECT_TRUE(environment_
                    .AddFunction({.name = "_+_",
                                  .parameters = {point, Type::Int()},
                                  .result = point,
                                  .evaluate = ShiftPoint})
                    .ok());
    EXPECT_TRUE(environment_.AddVariable("paid", Type::Int()).ok());
    EXPECT_TRUE(environment_.AddVariable("refunded", Type::Int()).ok());
    EXPECT_TRUE(environment_.AddVariable("channel", Type::Nullable(Type::String())).ok());
    EXPECT_TRUE(environment_.AddVariable("limit", Type::Nullable(Type::Int())).ok());
    EXPECT_TRUE(environment_.AddVariable("allowed", Type::List(Type::String())).ok());
    EXPECT_TRUE(environment_.AddVariable("p", point).ok());
    EXPECT_TRUE(environment_.AddRecord({.name = "Row", .fields = {}, .open = true}).ok());
    EXPECT_TRUE(
        environment_.AddRecord({.name = "Address", .fields = {{"city", Type::String()}}}).ok());
    EXPECT_TRUE(
        environment_
            .AddRecord({.name = "Event",
                        .fields = {{"price", Type::Int()}, {"to", Type::Record("Address")}}})
            .ok());
    EXPECT_TRUE(environment_.AddVariable("row", Type::Record("Row")).ok());
    EXPECT_TRUE(environment_.AddVariable("event", Type::Record("Event")).ok());
  }

  Program Load(std::string_view source, const Type& expected = Type::Dynamic()) {
    Compiled compiled = Compile(environment_, source, expected);
    EXPECT_TRUE(compiled.ok()) << Render(source, compiled.issues);
    return *std::move(compiled.program);
  }

  // A frame with one slot set by its path, all others absent.
  std::vector<Value> With(std::string_view path, Value value) {
    const uint32_t slot = environment_.SlotOf(path).value();
    std::vector<Value> frame(environment_.slots().size());
    frame[slot] = value;
    return frame;
  }

  Environment environment_;
};

TEST_F(Running, VariablesHaveTheirSlotsInTheOrderOfDeclaration) {
  const Program program = Load("refunded <= paid", Type::Bool());
  EXPECT_THAT(program.slots_used(), ElementsAre(0u, 1u));
  const Value holds[] = {Value::Int(100), Value::Int(30)};
  const Value fails[] = {Value::Int(29), Value::Int(30)};
  EXPECT_TRUE(program.Evaluate(holds).is_true());
  EXPECT_TRUE(program.Evaluate(fails).is_false());
}

TEST_F(Running, FieldsGetSlotsWhenTheyAreNamedAndAllProgramsShareThem) {
  const size_t before = environment_.slots().size();
  const Program status = Load("row.status == 'SUCCESS'");
  const Program both = Load("row.amount > 1 && row.status != 'x' && event.to.city == 'Kyoto'");
  EXPECT_EQ(environment_.slots().size(), before + 3);
  EXPECT_EQ(environment_.slots()[before].path, "row.status");
  EXPECT_EQ(environment_.SlotOf("row.status").value(), before);
  EXPECT_EQ(environment_.SlotOf("event.to.city").value(), before + 2);
  EXPECT_THAT(both.slots_used(), ElementsAre(before, before + 1, before + 2));
  EXPECT_EQ(environment_.SlotOf("event.to").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(environment_.SlotOf("event.tow").status().message(),
            "'event' has no field 'tow'; did you mean 'to'?");
}

TEST_F(Running, AColumnMayBeAbsentNullOrTyped) {
  const Program program = Load("row.status == 'SUCCESS'", Type::Bool());
  EXPECT_TRUE(program.Evaluate(With("row.status", Value::String("SUCCESS"))).is_true());
  EXPECT_TRUE(program.Evaluate(With("row.status", Value::Null())).is_false());
  EXPECT_TRUE(program.Evaluate(With("row.status", Value::Int(1))).is_false());
  const Value absent = program.Evaluate(With("row.status", Value::Absent()));
  EXPECT_EQ(absent.error_code(), ErrorCode::kNoSuchField);
  EXPECT_EQ(absent.error_offset(), 4u);
  EXPECT_EQ(program.Evaluate(std::span<const Value>()).error_code(), ErrorCode::kNoSuchField);
  EXPECT_EQ(ToString(Load("row.n > 1").Evaluate(With("row.n", Value::Null()))),
            "error: " + std::string(ErrorText(ErrorCode::kNoSuchOverload)));
}

TEST_F(Running, NullIsComparedButNotReckonedWith) {
  EXPECT_EQ(ToString(Load("limit == null").Evaluate(With("limit", Value::Null()))), "true");
  EXPECT_EQ(ToString(Load("limit + 1 == 3").Evaluate(With("limit", Value::Int(2)))), "true");
  EXPECT_EQ(Load("limit + 1 == 3").Evaluate(With("limit", Value::Null())).error_code(),
            ErrorCode::kNoSuchOverload);
  EXPECT_EQ(ToString(Load("limit != null && limit > 1").Evaluate(With("limit", Value::Null()))),
            "false");
  EXPECT_THAT(Result(environment_, "paid == null"), StartsWith("refused: 1:6: "));
}

TEST_F(Running, AWronglyFilledSlotIsAnErrorNotAMisreading) {
  const std::vector<Value> frame = With("paid", Value::String("100"));
  for (const char* source : {"paid + 1", "paid < 1", "-paid", "paid * paid"}) {
    EXPECT_EQ(Load(source).Evaluate(frame).error_code(), ErrorCode::kNoSuchOverload) << source;
  }
  EXPECT_EQ(Load("paid", Type::Int()).Evaluate(With("paid", Value::Int(1))).int_value(), 1);
}

TEST_F(Running, TheWantedTypeIsCheckedWhenOnlyTheRunCanTell) {
  const Program program = Load("row.flag", Type::Bool());
  EXPECT_TRUE(program.Evaluate(With("row.flag", Value::Bool(true))).is_true());
  EXPECT_EQ(program.Evaluate(With("row.flag", Value::Int(1))).error_code(),
            ErrorCode::kWrongResult);
  EXPECT_EQ(Load("limit", Type::Int()).Evaluate(With("limit", Value::Null())).error_code(),
            ErrorCode::kWrongResult);
}

TEST_F(Running, LazyValuesAreFetchedOnlyWhenNeeded) {
  class Columns : public Activation {
   public:
    Value Fetch(uint32_t slot) const override {
      fetched.push_back(slot);
      return Value::Int(static_cast<int64_t>(slot));
    }
    mutable std::vector<uint32_t> fetched;
  };
  const Program program = Load("paid > 0 && row.a > 0 || refunded == 1");
  Columns columns;
  EXPECT_TRUE(program.Evaluate(columns).is_true());
  EXPECT_THAT(columns.fetched, ElementsAre(0u, 1u));
}

TEST_F(Running, ProgramsOutliveTheirEnvironment) {
  auto environment = std::make_unique<Environment>();
  ASSERT_TRUE(environment->AddVariable("s", Type::String()).ok());
  Compiled compiled =
      Compile(*environment, "s in ['a' + 'b', 'c'] || s.matches('^d')", Type::Bool());
  environment.reset();
  const Program moved = *std::move(compiled.program);
  for (const char* text : {"ab", "c", "dd"}) {
    const Value frame[] = {Value::String(text)};
    EXPECT_TRUE(moved.Evaluate(frame).is_true()) << text;
  }
}

TEST_F(Running, AllocatesNothing) {
  const Value allowed[] = {Value::String("app"), Value::String("web")};
  for (const char* source :
       {"refunded + 2 * paid - 1 <= paid / 2 && !(paid % 7 == 3)", "paid + 9223372036854775807 > 0",
        "channel in ['a long text that no small string holds', 'app', 'web']",
        "channel in allowed && size(channel) + size(allowed) == 5",
        "[paid, refunded, 3][1] == refunded && paid in [refunded, paid]",
        "[[paid], [refunded, 2]][1].size() == 2 ? channel : 'another text that is rather long'",
        "channel.startsWith('a') || channel.contains('pp') || channel.endsWith('p')",
        "row.amount + 1 > 2 && dyn(paid) < 2.5 || double(paid) > 1.0 || int(row.text) == 12",
        "p + 2 < p + paid && p != p + 1", "1 / (paid - paid) > 0 || channel == 'x'",
        "limit == null ? row.missing : 1"}) {
    const Program program = Load(source);
    std::vector<Value> frame = With("row.amount", Value::Int(5));
    frame[environment_.SlotOf("paid").value()] = Value::Int(10);
    frame[environment_.SlotOf("refunded").value()] = Value::Int(3);
    frame[environment_.SlotOf("channel").value()] = Value::String("app");
    frame[environment_.SlotOf("limit").value()] = Value::Null();
    frame[environment_.SlotOf("allowed").value()] = Value::List(allowed);
    frame[environment_.SlotOf("p").value()] = Value::Opaque(kPoint, 1, 0);
    const long before = Allocations();
    for (int i = 0; i < 3; ++i) program.Evaluate(frame);
    EXPECT_EQ(Allocations() - before, 0) << source;
  }
  const long before = Allocations();
  std::make_unique<std::string>(100, 'x')->push_back('y');
  EXPECT_GT(Allocations() - before, 0) << "the counter itself must count";
}

}  // namespace
}  // namespace fundgate::expression
