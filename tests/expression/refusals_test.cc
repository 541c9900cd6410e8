// What is refused at load, with its place and its sentence: a golden table.
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/expression/helpers.h"

namespace fundgate::expression {
namespace {

using ::testing::HasSubstr;

Environment Declared() {
  Environment environment;
  EXPECT_TRUE(environment.AddVariable("paid", Type::Int()).ok());
  EXPECT_TRUE(environment.AddVariable("refunded", Type::Int()).ok());
  EXPECT_TRUE(environment.AddVariable("name", Type::String()).ok());
  EXPECT_TRUE(environment
                  .AddRecord({.name = "Bid",
                              .fields = {{"price", Type::Int()}, {"market_price", Type::Int()}}})
                  .ok());
  EXPECT_TRUE(environment.AddRecord({.name = "Row", .fields = {}, .open = true}).ok());
  EXPECT_TRUE(environment.AddVariable("event", Type::Record("Bid")).ok());
  EXPECT_TRUE(environment.AddVariable("row", Type::Record("Row")).ok());
  return environment;
}

TEST(Refusals, SayWhereAndWhat) {
  struct Row {
    const char* source;
    const char* problems;
  };
  Environment environment = Declared();
  for (
      const Row& row : {
          Row{"refundd <= paid", "1:1: there is no variable 'refundd'; did you mean 'refunded'?\n"},
          Row{"paid <= 1 &&\n  pad > 1", "2:3: there is no variable 'pad'; did you mean 'paid'?\n"},
          Row{"event.prise > 1", "1:7: 'event' has no field 'prise'; did you mean 'price'?\n"},
          Row{"event.zzz > 1", "1:7: 'event' has no field 'zzz'; there are price, market_price\n"},
          Row{"event == event",
              "1:1: 'event' is a record, not a value; select one of its fields, such as "
              "event.price\n"
              "1:10: 'event' is a record, not a value; select one of its fields, such as "
              "event.price\n"},
          Row{"paid.x", "1:6: 'paid' has the type int, which has no fields\n"},
          Row{"paid + name", "1:6: '+' has no meaning for int and string\n"},
          Row{"paid + 1u",
              "1:6: '+' has no meaning for int and uint; convert one with int(), uint() or "
              "double()\n"},
          Row{"paid && true", "1:1: '&&' needs a bool, but this is of type int\n"},
          Row{"!paid", "1:2: '!' needs a bool, but this is of type int\n"},
          Row{"paid < 'x' || nme == 'y'",
              "1:6: '<' can't order int with string\n"
              "1:15: there is no variable 'nme'; did you mean 'name'?\n"},
          Row{"true ? 1 : 'x'",
              "1:6: the branches of ?: must have one type, but are of type int and string; dyn() "
              "on both lets the run decide\n"},
          Row{"1 in 2", "1:3: 'in' needs a list or map on its right, but finds int\n"},
          Row{"'a' in [1]", "1:5: 'in' looks for string among elements of type int\n"},
          Row{"Foo{a: 1} == 1 && Bar{if: 2}.x",
              "1:4: messages (Name{field: value}) are part of CEL, but not of this language\n"
              "1:22: messages (Name{field: value}) are part of CEL, but not of this language\n"},
          Row{"{'a': 1}.a == b''", "1:12: '==' can't compare int with bytes\n"},
          Row{"{'a': 1}[2] == 1",
              "1:10: the keys of this map are of type string, but this is of type int\n"},
          Row{"{1: 1}.a == 1",
              "1:8: 'a' can't be selected: the keys of this map are of type int, not string\n"},
          Row{"{1.5: 1}",
              "1:2: a map's key is a bool, int, uint or string, but this is of type double\n"},
          Row{"has(paid)", "1:5: has() asks for a field: write has(x.field)\n"},
          Row{"has(event.prise)", "1:1: 'event' has no field 'prise'; did you mean 'price'?\n"},
          Row{"[1].exists(x + 1, x > 1)", "1:14: 'exists' needs the name of a new variable here\n"},
          Row{"[1].exists(x, x, true)", "1:15: the two variables of 'exists' need two names\n"},
          Row{"[1].exists(x, x)",
              "1:15: the condition of 'exists' must be a bool, but is of type int\n"},
          Row{"[1].all(x, y > 1)", "1:12: there is no variable 'y'; did you mean 'x'?\n"},
          Row{"[1].exists(x, x > 1) && x",
              "1:25: there is no variable 'x'; there are event, name, paid, refunded, row\n"},
          Row{"paid.all(x, x > 1)",
              "1:1: 'all' runs over a list or map, but this is of type int\n"},
          Row{"row.list.all(x, x > 1)",
              "1:5: 'all' can't be bounded: it runs over a value whose size has no declared "
              "maximum\n"},
          Row{"name.split(',').all(x, x != '')",
              "1:6: 'all' can't be bounded: it runs over a value whose size has no declared "
              "maximum\n"},
          Row{"timestamp('2026-01-01T00:00:00Z').getHours('Asia/Shanghai') == 1",
              "1:44: the zone must be \"UTC\" or a fixed offset like \"+08:00\"; names of zones "
              "are "
              "part of CEL, but not of this language\n"},
          Row{"optional.of(1) == 1",
              "1:10: the function 'optional.of' is part of CEL, but not of this language\n"},
          Row{"row.`a:b` == 1",
              "1:5: a field's name in backticks has letters, digits, '_', '.', '-', '/' and "
              "spaces, "
              "and ends with a backtick on its line\n"},
          Row{"timestamp(name) + 1", "1:17: '+' has no meaning for timestamp and int\n"},
          Row{"math.greatest(paid, name) == 1",
              "1:6: math.greatest(int, string) does not exist; there is math.greatest(list(dyn)), "
              "math.greatest(dyn, ...)\n"},
          Row{"name.size(1)",
              "1:6: string.size(int) does not exist; there is string.size(), bytes.size(), "
              "list(dyn).size(), map(dyn, dyn).size()\n"},
          Row{"contains(name, 'x')", "1:1: 'contains' is a method: write x.contains(...)\n"},
          Row{"name.startWith('x')",
              "1:6: there is no method 'startWith'; did you mean 'startsWith'?\n"},
          Row{"size(paid)",
              "1:1: size(int) does not exist; there is size(string), size(bytes), size(list(dyn)), "
              "size(map(dyn, dyn))\n"},
          Row{"name.matches('(')",
              "1:14: the pattern is no regular expression that RE2 takes: missing ): (\n"},
          Row{"name.matches(name)",
              "1:14: the pattern of 'matches' must be constant; a computed one is part of CEL, but "
              "not of this language\n"},
          Row{"(1", "1:3: expected ')' to close the '(', found the end of the text\n"},
          Row{"1 +", "1:4: expected an expression, found the end of the text\n"},
          Row{"paid = 1", "1:6: the character '=' has no meaning here; equality is written ==\n"},
          Row{"'é' + 'x", "1:7: this string does not end; a closing ' is missing on its line\n"},
          Row{"'\\q' + '\\x4'",
              "1:2: this escape means nothing in a string; to write a backslash double it, or put "
              "r before the string\n"
              "1:9: this escape needs 2 hexadecimal digits\n"},
          Row{"package", "1:1: 'package' is a reserved word and can't be a name\n"},
          Row{"1 2", "1:3: the expression should end here, but '2' follows\n"},
      }) {
    EXPECT_EQ(Problems(environment, row.source), row.problems) << row.source;
  }
}

TEST(Refusals, TheWantedTypeIsChecked) {
  Environment environment = Declared();
  EXPECT_EQ(Problems(environment, "paid + 1", Type::Bool()),
            "1:6: the expression is of type int, but bool is wanted\n");
  EXPECT_EQ(Problems(environment, "row.x", Type::Bool()), "");
}

TEST(Refusals, TooManyProblemsAreCounted) {
  std::string source = "x0";
  for (int i = 1; i < 30; ++i) source += " + x" + std::to_string(i);
  Environment environment = Declared();
  const Compiled compiled = Compile(environment, source, Type::Int());
  ASSERT_EQ(compiled.issues.size(), 21u);
  EXPECT_THAT(compiled.issues.back().message, HasSubstr("10 more problems"));
}

TEST(Refusals, ACaretStandsUnderThePlace) {
  Environment environment = Declared();
  const std::string source = "paid > 0 &&\n\t'é' == nme";
  const Compiled compiled = Compile(environment, source, Type::Bool());
  EXPECT_EQ(Render(source, compiled.issues),
            "2:9: there is no variable 'nme'; did you mean 'name'?\n"
            " |  'é' == nme\n"
            " |         ^\n");
}

TEST(Refusals, TextThatIsNotUtf8) {
  Environment environment;
  for (const char* source :
       {"'\xff'", "'\xc0\x80'", "'\xed\xa0\x80'", "'\xf4\x90\x80\x80'", "'\xe2\x82"}) {
    EXPECT_EQ(Problems(environment, source), "1:2: the text is not valid UTF-8 here\n");
  }
}

}  // namespace
}  // namespace fundgate::expression
