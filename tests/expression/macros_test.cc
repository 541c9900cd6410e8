// Maps, the macros over lists and maps, has(), cel.bind and types as values.
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/expression/map.h"
#include "tests/expression/helpers.h"

namespace fundgate::expression {
namespace {

using ::testing::StartsWith;

const std::string kNoSuchOverload = "error: " + std::string(ErrorText(ErrorCode::kNoSuchOverload));
const std::string kNoSuchField = "error: " + std::string(ErrorText(ErrorCode::kNoSuchField));
const std::string kBadKey = "error: " + std::string(ErrorText(ErrorCode::kBadKey));

TEST(Maps, AreLookedUpByEqualKeys) {
  ExpectAll({{"{'a': 1, 'b': 2}['b']", "2"},
             {"{'a': 1}.a", "1"},
             {"{1: 'one', 2u: 'two'}[2]", "\"two\""},
             {"{1: 'one'}[dyn(1.0)]", "\"one\""},
             {"{true: 1}[true]", "1"},
             {"{'b': 1, 'a': 2, 3: 4, true: 5}", "{true: 5, 3: 4, \"a\": 2, \"b\": 1}"},
             {"{'a': 1, 'b': 2} == {'b': 2, 'a': 1}", "true"},
             {"{1: 1} == {1u: 1.0}",
              "refused: 1:8: '==' can't compare map(int, int) with "
              "map(uint, double)"},
             {"dyn({1: 1}) == {1u: 1.0}", "true"},
             {"{'a': 1} == {'a': 1, 'b': 2}", "false"},
             {"'a' in {'a': 1}", "true"},
             {"dyn(1.5) in {1: 1}", "false"},
             {"size({})", "0"},
             {"{}", "{}"},
             {"{'x.y': 1}.`x.y`", "1"}});
  EXPECT_EQ(Result("{'a': 1}['b']"), kNoSuchField);
  EXPECT_EQ(Result("{'a': 1}.b"), kNoSuchField);
  EXPECT_EQ(Result("{'a': 1}[dyn([])]"), kNoSuchOverload);
  EXPECT_EQ(Result("dyn(1).b"), kNoSuchOverload);
  for (const char* twice :
       {"{1: 1, 1u: 2}", "{'a': 1, 'a': 2}", "{dyn(1.5): 1}", "{dyn(null): 1}"}) {
    EXPECT_EQ(Result(twice), kBadKey) << twice;
  }
}

TEST(Maps, AreSortedWhateverTheOrderTheyCameIn) {
  std::vector<Value> entries;
  for (int64_t i = 0; i < 97; ++i) {
    entries.push_back(Value::Int(i * 31 % 97));
    entries.push_back(Value::Int(i));
  }
  ASSERT_TRUE(SortMap(entries));
  const Value map = Value::Map(entries);
  for (int64_t i = 0; i < 97; ++i) {
    EXPECT_EQ(FindInMap(map, Value::Int(i * 31 % 97))->int_value(), i);
    EXPECT_EQ(FindInMap(map, Value::Double(static_cast<double>(i) + 0.5)), nullptr);
  }
  EXPECT_EQ(FindInMap(map, Value::Double(0.0 / 0.0)), nullptr);
  EXPECT_EQ(FindInMap(map, Value::Null()), nullptr);
}

TEST(Quantifiers, AbsorbErrorsBesideAnElementThatSettlesIt) {
  ExpectAll({{"[1, 2, 3].all(x, x > 0)", "true"},
             {"[1, 2, 3].all(x, x > 1)", "false"},
             {"[0, 2].all(x, 4 / x > 3)", "false"},
             {"[0, 1].all(x, 4 / x > 3)", "error: division by zero"},
             {"[0, 1].exists(x, 4 / x > 3)", "true"},
             {"[0, 2].exists(x, 4 / x > 3)", "error: division by zero"},
             {"[].all(x, x)", "true"},
             {"[].exists(x, x)", "false"},
             {"[1, 2, 3].exists_one(x, x > 2)", "true"},
             {"[1, 2, 3].exists_one(x, x > 1)", "false"},
             {"[3, 0].exists_one(x, 4 / x > 0)", "error: division by zero"},
             {"{'a': 1, 'b': 2}.all(k, k < 'c')", "true"},
             {"{'a': 1, 'b': 2}.exists(k, v, k == 'b' && v == 2)", "true"},
             {"[5, 6].all(i, x, x == i + 5)", "true"}});
  EXPECT_EQ(Result("[1].all(x, dyn(x))"), kNoSuchOverload);
  EXPECT_EQ(Result("dyn(1).all(x, true) || false"),
            "refused: 1:1: 'all' can't be bounded: it runs "
            "over a value whose size has no declared "
            "maximum");
}

TEST(Transformations, MakeListsAndMaps) {
  ExpectAll({{"[1, 2, 3].map(x, x * x) == [1, 4, 9]", "true"},
             {"[1, 2, 3].map(x, x > 1, x * x) == [4, 9]", "true"},
             {"[1, 2, 3].filter(x, x != 2) == [1, 3]", "true"},
             {"{'b': 1, 'a': 2}.map(k, k) == ['a', 'b']", "true"},
             {"{'b': 1, 'a': 2}.filter(k, k > 'a') == ['b']", "true"},
             {"[7, 8].transformList(i, x, i * 10 + x) == [7, 18]", "true"},
             {"{'a': 1, 'b': 2}.transformMap(k, v, v > 1, v * 2) == {'b': 4}", "true"},
             {"[[1, 2], [3]].map(l, l.map(x, x + l.size())) == [[3, 4], [4]]", "true"},
             {"[1, 2].map(x, [x, x + 1]) == [[1, 2], [2, 3]]", "true"},
             {"[1, 2].map(x, {'n': x})[1].n", "2"},
             {"['a', 'b'].map(s, s + s).join('-') == 'aa-bb'", "true"},
             {"[1, 0].map(x, 1 / x)", "error: division by zero"}});
}

TEST(Variables, OfMacrosHideThoseAround) {
  Environment environment;
  ASSERT_TRUE(environment.AddVariable("x", Type::Int()).ok());
  const Value frame[] = {Value::Int(7)};
  const auto result = [&](const char* source) { return Result(environment, source, frame); };
  EXPECT_EQ(result("[1, 2].exists(x, x == 7)"), "false");
  EXPECT_EQ(result("[1, 2].exists(y, .x == 7 && y == 2)"), "true");
  EXPECT_EQ(result("[1, 2].all(x, [x].all(x, x < 3)) && x == 7"), "true");
  EXPECT_EQ(result("cel.bind(x, x + 1, x * x)"), "64");
  EXPECT_EQ(result("cel.bind(a, x, cel.bind(b, a + 1, [a, b].map(c, c + a + b)[1]))"), "23");
  EXPECT_EQ(result("cel.bind(a, 1 / 0, true || a == 1)"), "true");
  EXPECT_EQ(result("cel.bind(a, 1 / 0, a == 1)"), "error: division by zero");
}

TEST(Variables, HaveLongestNamesFirst) {
  Environment environment;
  ASSERT_TRUE(environment.AddVariable("limits.daily", Type::Int()).ok());
  ASSERT_TRUE(environment.AddVariable("limits.daily.web", Type::Int()).ok());
  const Value frame[] = {Value::Int(5), Value::Int(6)};
  EXPECT_EQ(Result(environment, "limits.daily * limits.daily.web", frame), "30");
  EXPECT_EQ(environment.SlotOf("limits.daily.web").value(), 1u);
  EXPECT_EQ(Result(environment, "limits.dialy", frame),
            "refused: 1:8: there is no variable 'limits.dialy'; did you mean 'limits.daily'?");
  EXPECT_EQ(environment.SlotOf("limits.weekly").status().code(), absl::StatusCode::kNotFound);
}

TEST(Has, AsksForKeysAndForFieldsThatAreSet) {
  Environment environment;
  ASSERT_TRUE(environment.AddRecord({.name = "Row", .fields = {}, .open = true}).ok());
  ASSERT_TRUE(environment.AddVariable("row", Type::Record("Row")).ok());
  const uint32_t slot = environment.SlotOf("row.note").value();
  ASSERT_EQ(slot, 0u);
  const auto result = [&](const char* source, Value value) {
    return Result(environment, source, std::span<const Value>(&value, 1));
  };
  EXPECT_EQ(result("has(row.note)", Value::String("x")), "true");
  EXPECT_EQ(result("has(row.note)", Value::Null()), "false");
  EXPECT_EQ(result("has(row.note)", Value::Absent()), "false");
  EXPECT_EQ(result("has(row.note)", Value::Error(ErrorCode::kHost, "no")), "error: no");
  const Value entries[] = {Value::String("a"), Value::Null()};
  EXPECT_EQ(result("has(row.note.a)", Value::Map(entries)), "true");
  EXPECT_EQ(result("has(row.note.b)", Value::Map(entries)), "false");
  EXPECT_EQ(result("row.note.a == null", Value::Map(entries)), "true");
  EXPECT_EQ(result("has(row.note.a)", Value::Int(1)), kNoSuchOverload);
}

TEST(Types, AreValues) {
  ExpectAll({{"type(1)", "int"},
             {"type(dyn('a')) == string", "true"},
             {"type([1]) == list && type({}) == map && type(null) == null_type", "true"},
             {"type(type(1)) == type", "true"},
             {"type(duration('1s')) == google.protobuf.Duration", "true"},
             {"type(1) == type(1u)", "false"}});
  EXPECT_THAT(Result("int < uint"), StartsWith("refused: "));
}

}  // namespace
}  // namespace fundgate::expression
