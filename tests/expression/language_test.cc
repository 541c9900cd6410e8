// The meaning of the language, feature by feature.
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/expression/helpers.h"

namespace fundgate::expression {
namespace {

using ::testing::StartsWith;

TEST(Literals, SayWhatTheySay) {
  ExpectAll({{"0", "0"},
             {"-9223372036854775808", "-9223372036854775808"},
             {"- 9223372036854775808", "-9223372036854775808"},
             {"9223372036854775807", "9223372036854775807"},
             {"0xFF", "255"},
             {"-0x8000000000000000", "-9223372036854775808"},
             {"18446744073709551615u", "18446744073709551615u"},
             {"0x1fU", "31u"},
             {"1.5", "1.5"},
             {".5e1", "5"},
             {"1e-400", "0"},
             {"null", "null"},
             {"[1, 2,]", "[1, 2]"},
             {"[,]", "[]"},
             {"'\\x41\\u00e9\\U0001F431\\101'", "\"Aé🐱A\""},
             {"r'\\d'", "\"\\d\""},
             {"'''a'b\nc'''", "\"a'b\nc\""},
             {"\"\"\"\"\"\"", "\"\""}});
}

TEST(Literals, OutOfRangeAreRefused) {
  for (const char* source : {"9223372036854775808", "-9223372036854775809", "18446744073709551616u",
                             "1e999", "0x10000000000000000", "'\\ud800'", "'\\U00110000'"}) {
    EXPECT_THAT(Result(source), StartsWith("refused: 1:")) << source;
  }
}

TEST(Grammar, PrecedenceAndAssociativityAreCels) {
  ExpectAll({{"1 + 2 * 3", "7"},
             {"(1 + 2) * 3", "9"},
             {"7 - 2 - 1", "4"},
             {"100 / 10 / 2", "5"},
             {"1 + 1 == 2 && true", "true"},
             {"1 < 2 == true", "true"},
             {"true || false && false", "true"},
             {"!false == true", "true"},
             {"!!true", "true"},
             {"---1", "-1"},
             {"1 - -1", "2"},
             {"1-1", "0"},
             {"-2 * -3", "6"},
             {"true ? (false ? 1 : 2) : 3", "2"},
             {"false ? 1 : true ? 2 : 3", "2"},
             {"1 in [1, 2] == true", "true"},
             {"[[1, 2], [3]][0][1]", "2"},
             {"1 + // a comment\n 2 // the end", "3"},
             {"'a'.size() + 1", "2"}});
}

TEST(Grammar, WhatCelDoesNotAllowIsRefused) {
  for (const char* source :
       {"",        "1 +",   "+1",       "!-x",   "-!true",   "1 2",
        "(1",      "1)",    "[1, , 2]", "[1,,]", "size(1,)", "a.in",
        "a.true",  "for",   "let(1)",   "1 ? 2", "1 = 2",    "a & b",
        "'a",      "'a\n'", "'\\q'",    "#",     "a..b",     "1 ? 2 ? 3 : 4 : 5 : 6",
        "\"\"\"a", "x.1",   "\v1"}) {
    EXPECT_THAT(Result(source), StartsWith("refused: ")) << source;
  }
}

TEST(Arithmetic, FailsInsteadOfWrapping) {
  const std::string overflow = "error: " + std::string(ErrorText(ErrorCode::kOverflow));
  for (const char* source :
       {"9223372036854775807 + 1", "-9223372036854775808 - 1", "5000000000 * 5000000000",
        "-(-9223372036854775808)", "-9223372036854775808 / -1", "-9223372036854775808 % -1",
        "0u - 1u", "18446744073709551615u + 1u", "uint(-1)", "int(18446744073709551615u)",
        "int(1e19)", "int(double('NaN'))"}) {
    EXPECT_EQ(Result(source), overflow) << source;
  }
  ExpectAll({{"7 / 2", "3"},
             {"-7 / 2", "-3"},
             {"-7 % 2", "-1"},
             {"7 % -2", "1"},
             {"1 / 0", "error: division by zero"},
             {"1 % 0", "error: division by zero"},
             {"1u / 0u", "error: division by zero"},
             {"1.0 / 0.0", "inf"}});
}

TEST(Logic, AbsorbsErrorsOnBothSides) {
  ExpectAll({{"false && 1 / 0 > 0", "false"},
             {"1 / 0 > 0 && false", "false"},
             {"true || 1 / 0 > 0", "true"},
             {"1 / 0 > 0 || true", "true"},
             {"1 / 0 > 0 && true", "error: division by zero"},
             {"false || 1 / 0 > 0", "error: division by zero"},
             {"dyn(1) && false", "false"},
             {"dyn('x') || true", "true"},
             {"true ? 1 : 1 / 0", "1"},
             {"1 / 0 > 0 ? 1 : 2", "error: division by zero"},
             {"[1, 1 / 0][0]", "error: division by zero"}});
  EXPECT_EQ(Result("dyn(1) && true"),
            "error: " + std::string(ErrorText(ErrorCode::kNoSuchOverload)));
}

TEST(Comparison, OrdersAcrossNumbersOnlyWhenAskedTo) {
  ExpectAll({{"dyn(1) < 1.5", "true"},
             {"dyn(1) == 1u", "true"},
             {"dyn(-1) < 0u", "true"},
             {"dyn('1') == 1", "false"},
             {"dyn(null) == 0", "false"},
             {"0.0 / 0.0 == 0.0 / 0.0", "false"},
             {"0.0 / 0.0 < 1.0 || 0.0 / 0.0 >= 1.0", "false"},
             {"'a' < 'b' && 'a' < 'aa' && 'z' < 'é'", "true"},
             {"false < true", "true"},
             {"[1, 2] == [1, 2]", "true"},
             {"[1, 'a'] != [1, 'b']", "true"},
             {"null == null", "true"}});
  EXPECT_THAT(Result("1 == 1u"), StartsWith("refused: 1:3: "));
  EXPECT_THAT(Result("1 < 1.0"), StartsWith("refused: 1:3: "));
  EXPECT_THAT(Result("dyn('a') < 1"),
              "error: " + std::string(ErrorText(ErrorCode::kNoSuchOverload)));
}

TEST(Strings, CountAndSearchCodePoints) {
  ExpectAll({{"size('πέντε')", "5"},
             {"'🐱a'.size()", "2"},
             {"'hello'.contains('ell')", "true"},
             {"'hello'.startsWith('he')", "true"},
             {"'hello'.endsWith('lo')", "true"},
             {"''.contains('')", "true"},
             {"'hubba'.matches('u.b')", "true"},
             {"matches('hubba', '^b')", "false"},
             {"'a' + 'b' + 'c'", "\"abc\""},
             {"'abc'.matches('a' + '.')", "true"}});
}

TEST(Lists, AreSearchedIndexedAndMeasured) {
  ExpectAll({{"2 in [1, 2]", "true"},
             {"3 in []", "false"},
             {"dyn(2.0) in [1, 2]", "true"},
             {"size([1, 2, 3])", "3"},
             {"[7, 8][1]", "8"},
             {"[7, 8][dyn(1u)]", "8"},
             {"[1] + [2] == [1, 2]", "true"},
             {"[7][1]", "error: the index is outside the list or text"},
             {"[7][-1]", "error: the index is outside the list or text"},
             {"[7][dyn(0.5)]", "error: the index is outside the list or text"}});
}

TEST(Conversions, ReadNumbersAndNothingElse) {
  ExpectAll({{"int('-12')", "-12"},
             {"int('+7')", "7"},
             {"int(3.9)", "3"},
             {"int(-3.9)", "-3"},
             {"uint('7')", "7u"},
             {"double('1.5')", "1.5"},
             {"double(2)", "2"},
             {"string('a')", "\"a\""}});
  const std::string bad = "error: " + std::string(ErrorText(ErrorCode::kBadConversion));
  for (const char* source : {"int('')", "int('1.5')", "int(' 1')", "int('+-1')", "uint('-1')",
                             "int('9223372036854775808')", "double('x')", "double('1e999')"}) {
    EXPECT_EQ(Result(source), bad) << source;
  }
}

TEST(Limits, StandAtTheirEdgesAndBeyondThem) {
  const auto repeat = [](const std::string& text, size_t count) {
    std::string all;
    for (size_t i = 0; i < count; ++i) all += text;
    return all;
  };
  const Options limits;
  EXPECT_EQ(Result(repeat("(", 199) + "1" + repeat(")", 199)), "1");
  EXPECT_THAT(Result(repeat("(", 201) + "1" + repeat(")", 201)), StartsWith("refused: 1:201: "));
  EXPECT_EQ(Result("1" + repeat(" + 1", 199)), "200");
  EXPECT_THAT(Result("1" + repeat(" + 1", 200)), StartsWith("refused: "));
  EXPECT_EQ(Result(repeat("!", 198) + "true"), "true");
  EXPECT_THAT(Result(repeat("!", 5000) + "true"), StartsWith("refused: "));
  EXPECT_EQ(Result("size([" + repeat("1,", limits.list_elements_max) + "])"), "500");
  EXPECT_THAT(Result("size([" + repeat("1,", limits.list_elements_max + 1) + "])"),
              StartsWith("refused: 1:6: the list is too long"));
  EXPECT_THAT(Result(std::string(limits.source_bytes_max + 1, ' ')),
              StartsWith("refused: 1:1: the expression is too long"));
  EXPECT_THAT(Result("'x'.matches('(((a{100}){100}){100})')"), StartsWith("refused: 1:13: "));
  EXPECT_THAT(Result(repeat("[1,1,1,1].size() == 4 && ", 100) + repeat("[1].size() == 1 &&", 400)),
              StartsWith("refused: "));
}

TEST(Limits, ThirtyTwoOfEverythingAsCelAsks) {
  const auto chain = [](const std::string& first, const std::string& next) {
    std::string all = first;
    for (int i = 0; i < 32; ++i) all += next;
    return all;
  };
  EXPECT_EQ(Result(chain("false", " || false")), "false");
  EXPECT_EQ(Result(chain("true", " && true")), "true");
  EXPECT_EQ(Result(chain("true", " == true")), "true");
  EXPECT_EQ(Result(chain("true ? 1 : 2", "") + ""), "1");
  EXPECT_EQ(Result(chain("[[[[0]]]][0][0][0][0]", " * 1")), "0");
}

}  // namespace
}  // namespace fundgate::expression
