// Text, bytes, time and mathematics: what the functions make, and where they fail.
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/expression/helpers.h"

namespace fundgate::expression {
namespace {

std::string Failure(ErrorCode code) { return "error: " + std::string(ErrorText(code)); }

void ExpectFailures(ErrorCode code, std::initializer_list<const char*> sources) {
  for (const char* source : sources) EXPECT_EQ(Result(source), Failure(code)) << source;
}

TEST(Text, IsCutSearchedAndJoinedByCodePoints) {
  ExpectAll({{"'πέντε'.substring(1, 3)", "\"έν\""},
             {"'πέντε'.charAt(4)", "\"ε\""},
             {"'πέντε'.charAt(5)", "\"\""},
             {"'a,b,,c'.split(',')", "[\"a\", \"b\", \"\", \"c\"]"},
             {"'a,b,c'.split(',', 2)", "[\"a\", \"b,c\"]"},
             {"'añb'.split('')", "[\"a\", \"ñ\", \"b\"]"},
             {"''.split(',')", "[\"\"]"},
             {"''.split('')", "[]"},
             {"'abab'.replace('b', 'xy')", "\"axyaxy\""},
             {"'ab'.replace('', '-')", "\"-a-b-\""},
             {"'abab'.replace('a', '', 1)", "\"bab\""},
             {"'abab'.lastIndexOf('ab', 1)", "0"},
             {"'abab'.indexOf('ab', 1)", "2"},
             {"'a' + 'b' + string(1) + string(true)", "\"ab1true\""},
             {"['a', 'b'].join(', ')", "\"a, b\""},
             {"'%s is %.2f of %d'.format(['x', 0.125, 7])", "\"x is 0.12 of 7\""},
             {"'%s'.format([[1, {'k': null}]])", "\"[1, {k: null}]\""},
             {"strings.quote('a\\n\"')", "\"\"a\\n\\\"\"\""},
             {"'Grüße'.upperAscii().reverse()", "\"EßüRG\""}});
  ExpectFailures(ErrorCode::kOutOfRange, {"'abc'.substring(4)", "'abc'.substring(2, 1)",
                                          "'abc'.charAt(-1)", "'abc'.indexOf('a', 4)"});
  ExpectFailures(ErrorCode::kBadFormat, {"'%d'.format([])", "'%y'.format([1])", "'%'.format([1])",
                                         "'%d'.format(['a'])", "'%.999f'.format([1.0])"});
}

// What takes quadratic time by the plain way is done at once, and right.
TEST(Text, OfManyRepetitionsIsSearchedInLinearTime) {
  Environment environment;
  ASSERT_TRUE(environment.AddVariable("text", Type::String()).ok());
  ASSERT_TRUE(environment.AddVariable("part", Type::String()).ok());
  const std::string text = absl::StrCat("b", std::string(100'000, 'a'), "b");
  const std::string part = absl::StrCat(std::string(50'000, 'a'), "b");
  const std::string other = absl::StrCat("b", std::string(50'000, 'a'));
  const Value frame[] = {Value::String(text), Value::String(part)};
  EXPECT_EQ(Result(environment, "text.contains(part)", frame), "true");
  EXPECT_EQ(Result(environment, "text.indexOf(part)", frame), "50001");
  EXPECT_EQ(Result(environment, "text.split(part).size()", frame), "2");
  const Value last[] = {Value::String(text), Value::String(other)};
  EXPECT_EQ(Result(environment, "text.lastIndexOf(part)", last), "0");
  EXPECT_EQ(Result(environment, "text.lastIndexOf(part, 0)", last), "0");
  EXPECT_EQ(Result(environment, "text.lastIndexOf(text)", last), "0");
  EXPECT_EQ(Result(environment, "text.lastIndexOf('b', 100001)", last), "100001");
}

TEST(Bytes, AreTheirOwnKind) {
  ExpectAll({{"b'a\\xff' + b'b'", "b\"a\\xff\\x62\""},
             {"size(b'\\xff\\x00')", "2"},
             {"bytes('é') == b'\\xc3\\xa9'", "true"},
             {"string(b'abc')", "\"abc\""},
             {"b'a' < b'b'", "true"},
             {"dyn(b'a') == 'a'", "false"}});
  ExpectFailures(ErrorCode::kBadConversion, {"string(b'\\xff')"});
}

TEST(Time, IsReadWrittenAndReckonedExactly) {
  ExpectAll(
      {{"timestamp('2024-02-29T23:59:59.5+01:30')", "timestamp(\"2024-02-29T22:29:59.5Z\")"},
       {"timestamp('1969-12-31T23:59:59.000000001Z')",
        "timestamp(\"1969-12-31T23:59:59.000000001Z\")"},
       {"timestamp(0)", "timestamp(\"1970-01-01T00:00:00Z\")"},
       {"int(timestamp('0001-01-01T00:00:00Z'))", "-62135596800"},
       {"duration('1h30m') + duration('-0.5s')", "duration(\"5399.5s\")"},
       {"duration('-1.000000001s')", "duration(\"-1.000000001s\")"},
       {"duration('0')", "duration(\"0s\")"},
       {"duration('1.5h') == duration('90m') && duration('1ms') == duration('1000us')", "true"},
       {"timestamp('2024-03-01T00:00:00Z') - timestamp('2024-02-28T00:00:00Z')",
        "duration(\"172800s\")"},
       {"timestamp('2024-02-28T12:00:00Z') + duration('24h')",
        "timestamp(\"2024-02-29T12:00:00Z\")"},
       {"timestamp('1970-01-01T00:00:00Z') - duration('1ns')",
        "timestamp(\"1969-12-31T23:59:59.999999999Z\")"},
       {"timestamp('2024-02-29T20:00:00Z').getDate('+08:00')", "1"},
       {"timestamp('2024-02-29T20:00:00Z').getMonth('+08:00')", "2"},
       {"timestamp('1969-12-31T23:00:00Z').getDayOfWeek()", "3"},
       {"timestamp('2024-12-31T00:00:00Z').getDayOfYear()", "365"},
       {"duration('-1.5s').getMilliseconds()", "-500"}});
  ExpectFailures(
      ErrorCode::kBadConversion,
      {"timestamp('2023-02-29T00:00:00Z')", "timestamp('2024-01-01')",
       "timestamp('2024-01-01T24:00:00Z')", "timestamp('2024-01-01T00:00:60Z')",
       "timestamp('2024-01-01T00:00:00')", "timestamp('2024-01-01T00:00:00.Z')", "duration('')",
       "duration('1')", "duration('s')", "duration('1d')", "duration('1s-1s')", "duration('. s')"});
  ExpectFailures(ErrorCode::kOverflow,
                 {"timestamp(253402300800)", "timestamp('10000-01-01T00:00:00Z')",
                  "timestamp(9223372036854775807)", "timestamp(-9223372036854775807)",
                  "duration('9223372037s')", "duration('99999999999999999999999999999999999h')",
                  "duration('9223372036s') + duration('1s')",
                  "timestamp('9999-12-31T23:59:59Z') + duration('9223372036s')"});
}

TEST(Mathematics, KeepsTheKindOfItsNumbers) {
  ExpectAll({{"math.greatest(1, 3, 2) + 1", "4"},
             {"math.least([2u, 1u])", "1u"},
             {"math.greatest(1, dyn(1.5))", "1.5"},
             {"math.round(-2.5)", "-3"},
             {"math.trunc(-2.5)", "-2"},
             {"math.abs(-7)", "7"},
             {"math.sign(-7)", "-1"},
             {"math.bitShiftRight(-1, 63)", "1"},
             {"math.bitAnd(12, 10) + math.bitXor(1, 3)", "10"},
             {"math.sqrt(2.25)", "1.5"}});
  ExpectFailures(ErrorCode::kOverflow, {"math.abs(-9223372036854775807 - 1)"});
  ExpectFailures(ErrorCode::kNoSuchOverload, {"math.least(dyn([]))", "math.least(dyn(['a']))"});
  ExpectFailures(ErrorCode::kOutOfRange, {"math.bitShiftLeft(1, -1)"});
}

TEST(Conversions, WriteTheShortestTextThatReadsBack) {
  ExpectAll({{"string(0.1)", "\"0.1\""},
             {"string(-4.5e-3)", "\"-0.0045\""},
             {"string(1u)", "\"1\""},
             {"string(-9223372036854775807 - 1)", "\"-9223372036854775808\""},
             {"string(timestamp(0))", "\"1970-01-01T00:00:00Z\""},
             {"double(string(0.1 + 0.2)) == 0.1 + 0.2", "true"},
             {"bool('TRUE') && !bool('0')", "true"}});
  ExpectFailures(ErrorCode::kBadConversion, {"bool('yes')", "bool('tRUE')"});
}

}  // namespace
}  // namespace fundgate::expression
