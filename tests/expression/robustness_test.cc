// Nonsense must be refused, never crash: random bytes, random tokens, truncations, deep nesting.
#include <array>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "tests/expression/helpers.h"

namespace fundgate::expression {
namespace {

constexpr uint64_t kSeed = 20240517;

Environment Declared() {
  Environment environment;
  EXPECT_TRUE(environment.AddVariable("a", Type::Int()).ok());
  EXPECT_TRUE(environment.AddVariable("s", Type::String()).ok());
  EXPECT_TRUE(environment.AddRecord({.name = "Row", .fields = {}, .open = true}).ok());
  EXPECT_TRUE(environment.AddVariable("row", Type::Record("Row")).ok());
  return environment;
}

// Compiles; runs what loads, with every kind of value in every slot. Issues must have places.
void Try(Environment& environment, std::string_view source) {
  const Compiled compiled = Compile(environment, source, Type::Dynamic());
  ASSERT_NE(compiled.ok(), !compiled.issues.empty()) << source;
  for (const Issue& issue : compiled.issues) {
    ASSERT_LE(issue.offset, source.size()) << source;
    ASSERT_FALSE(Render(source, issue).empty());
  }
  if (!compiled.ok()) return;
  Scratch scratch;
  const Value inner[] = {Value::Int(1)};
  const Value entries[] = {Value::String("x"), Value::Int(1)};
  for (const Value& value :
       {Value::Absent(), Value::Null(), Value::Bool(true), Value::Int(INT64_MIN),
        Value::Uint(UINT64_MAX), Value::Double(0.5), Value::String("text"), Value::List(inner),
        Value::Opaque(1, 2, 3), Value::Bytes("\xff"), Value::Map(entries), Value::Timestamp(0, 1),
        Value::Duration(INT64_MIN), Value::TypeOf(ValueKind::kInt)}) {
    const std::vector<Value> frame(environment.slots().size(), value);
    ASSERT_FALSE(ToString(compiled.program->Evaluate(frame)).empty()) << source;
    ASSERT_FALSE(ToString(compiled.program->Evaluate(frame, scratch)).empty()) << source;
  }
}

TEST(Robustness, RandomBytes) {
  std::mt19937_64 random(kSeed);
  Environment environment = Declared();
  for (int i = 0; i < 20000; ++i) {
    std::string source(random() % 24, ' ');
    for (char& c : source) c = static_cast<char>(random());
    Try(environment, source);
  }
}

TEST(Robustness, RandomTokens) {
  static constexpr std::string_view kTokens[] = {"a",
                                                 "s",
                                                 "row",
                                                 ".",
                                                 "x",
                                                 "(",
                                                 ")",
                                                 "[",
                                                 "]",
                                                 "{",
                                                 "}",
                                                 ",",
                                                 ":",
                                                 "?",
                                                 "+",
                                                 "-",
                                                 "*",
                                                 "/",
                                                 "%",
                                                 "!",
                                                 "==",
                                                 "!=",
                                                 "<",
                                                 "<=",
                                                 "&&",
                                                 "||",
                                                 "in",
                                                 "true",
                                                 "null",
                                                 "1",
                                                 "1u",
                                                 "1.5",
                                                 "'t'",
                                                 "size",
                                                 "matches",
                                                 "contains",
                                                 "int",
                                                 "dyn",
                                                 "has",
                                                 "\n",
                                                 "//",
                                                 "b''",
                                                 "0x",
                                                 "'",
                                                 "\"\"\"",
                                                 "\\",
                                                 "`q`",
                                                 "9223372036854775808",
                                                 ".all(x, ",
                                                 ".map(x, ",
                                                 ".exists(i, x, ",
                                                 ".filter(",
                                                 "cel.bind(",
                                                 "has(row.x)",
                                                 "{'k': ",
                                                 "b'\\xff'",
                                                 "timestamp(",
                                                 "duration('1h')",
                                                 ".split(",
                                                 ".format([",
                                                 "math.greatest(",
                                                 "type(",
                                                 ".getHours()",
                                                 "string("};
  std::mt19937_64 random(kSeed);
  for (int i = 0; i < 40000; ++i) {
    Environment environment = Declared();
    std::string source;
    for (size_t n = random() % 14; n > 0; --n) {
      source += kTokens[random() % std::size(kTokens)];
      if (random() % 2 == 0) source += " ";
    }
    Try(environment, source);
  }
}

TEST(Robustness, TruncationsAndChangedBytesOfWholeExpressions) {
  static constexpr std::string_view kWhole[] = {
      "row.status == 'SUCCESS' && a * 2 <= int(row.amount) || !(s in ['x', \"y\", r'\\z'])",
      "a > 0 ? s.matches('^(a|b)+$') : [1, a, -9223372036854775808][2] % 7 != 0x10 // end",
      "'''multi\nline''' == s && 1.5e-3 < dyn(2u) && '\\u00e9\\x41\\101'.size() == 3"};
  std::mt19937_64 random(kSeed);
  for (const std::string_view whole : kWhole) {
    Environment environment = Declared();
    ASSERT_EQ(Problems(environment, whole), "") << whole;
    for (size_t end = 0; end <= whole.size(); ++end) Try(environment, whole.substr(0, end));
    for (int i = 0; i < 4000; ++i) {
      std::string changed(whole);
      changed[random() % changed.size()] = static_cast<char>(random());
      changed.erase(random() % changed.size(), random() % 3);
      Try(environment, changed);
    }
  }
}

// Literals as long as a text may be: they load or are refused, and what loads runs within bounds.
TEST(Robustness, LongLiteralsAndChainsAreBounded) {
  for (const auto& [open, part, close] :
       std::vector<std::array<std::string, 3>>{{"[", "1, ", "1]"},
                                               {"[", "'a' + s, ", "s].join('') == s"},
                                               {"{", "", "}"},
                                               {"'", "x", "'.size()"},
                                               {"b'", "\\xff", "' == b''"},
                                               {"1", "0", ""},
                                               {"1.", "9", "e5"},
                                               {"s", " + s", " == s"},
                                               {"s", ".trim()", ""},
                                               {"[1]", ".map(x, x)", " == []"},
                                               {"'", "%s", "'.format([1, 2])"},
                                               {"duration('", "1h", "')"},
                                               {"'a'.matches('", "(a*)*", "')"}}) {
    for (const size_t bytes : {size_t{50}, size_t{1000}, Options().source_bytes_max - 40}) {
      Environment environment = Declared();
      std::string source = open;
      while (source.size() + part.size() < bytes && !part.empty()) source += part;
      Try(environment, source + close);
    }
  }
}

TEST(Robustness, NestingOfEverythingIsBounded) {
  for (const std::string_view open :
       {"(",      "[",    "{1:",   "!",           "-",           "a ? a : ",     "size(",
        "a[",     "a.b(", "a{b:",  "1 + ",        "a && ",       "a in ",        "s.x.",
        "- -",    "((",   "a ? (", "[1].map(x, ", "[a].all(x, ", "cel.bind(x, ", "cel.bind(x, a, ",
        "{'k': ", "has(", "[[",    "string(",     "math.least(", "'%s'.format(["}) {
    Environment environment = Declared();
    std::string source;
    while (source.size() + open.size() < Options().source_bytes_max) source += open;
    Try(environment, source);
    Try(environment, source + "1");
  }
}

}  // namespace
}  // namespace fundgate::expression
