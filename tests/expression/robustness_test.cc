// Nonsense must be refused, never crash: random bytes, random tokens, truncations, deep nesting.
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
  const Value inner[] = {Value::Int(1)};
  for (const Value& value : {Value::Absent(), Value::Null(), Value::Bool(true),
                             Value::Int(INT64_MIN), Value::Uint(UINT64_MAX), Value::Double(0.5),
                             Value::String("text"), Value::List(inner), Value::Opaque(1, 2, 3)}) {
    const std::vector<Value> frame(environment.slots().size(), value);
    ASSERT_FALSE(ToString(compiled.program->Evaluate(frame)).empty()) << source;
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
  static constexpr std::string_view kTokens[] = {
      "a",   "s",    "row",     ".",        "x",      "(",   ")",   "[",
      "]",   "{",    "}",       ",",        ":",      "?",   "+",   "-",
      "*",   "/",    "%",       "!",        "==",     "!=",  "<",   "<=",
      "&&",  "||",   "in",      "true",     "null",   "1",   "1u",  "1.5",
      "'t'", "size", "matches", "contains", "int",    "dyn", "has", "\n",
      "//",  "b''",  "0x",      "'",        "\"\"\"", "\\",  "`q`", "9223372036854775808"};
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

TEST(Robustness, NestingOfEverythingIsBounded) {
  for (const std::string_view open :
       {"(", "[", "{1:", "!", "-", "a ? a : ", "size(", "a[", "a.b(", "a{b:", "1 + ", "a && ",
        "a in ", "s.x.", "- -", "((", "a ? ("}) {
    Environment environment = Declared();
    std::string source;
    while (source.size() + open.size() < Options().source_bytes_max) source += open;
    Try(environment, source);
    Try(environment, source + "1");
  }
}

}  // namespace
}  // namespace fundgate::expression
