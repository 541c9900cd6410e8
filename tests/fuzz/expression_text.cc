// Expressions: any bytes as text that a policy may hold; what loads is run with every kind of value
// in every variable.
#include "server/expression/issue.h"
#include "server/expression/program.h"
#include "tests/fuzz/fuzzer.h"

namespace fundgate::fuzz {
namespace {

using expression::Environment;
using expression::Scratch;
using expression::Type;
using expression::Value;
using expression::ValueKind;

Environment Declared() {
  Environment environment;
  for (const auto& [name, type] :
       {std::pair{"a", Type::Int()}, std::pair{"b", Type::Bool()}, std::pair{"s", Type::String()},
        std::pair{"l", Type::List(Type::Int()).AtMost(4)}, std::pair{"t", Type::Timestamp()},
        std::pair{"d", Type::Dynamic()}})
    Expect(environment.AddVariable(name, type).ok(), "a variable can be declared");
  Expect(environment.AddRecord({.name = "Row", .fields = {}, .open = true}).ok() &&
             environment.AddVariable("row", Type::Record("Row")).ok(),
         "a record can be declared");
  return environment;
}

void ExpectIssues(const std::string& source, const std::vector<expression::Issue>& issues) {
  Expect(!issues.empty(), "what is refused has a reason");
  for (const expression::Issue& issue : issues) {
    Expect(issue.offset <= source.size(), "a problem has a place in the text");
    Expect(!issue.message.empty() && !expression::Render(source, issue).empty(),
           "a problem can be shown");
  }
}

}  // namespace

const size_t kInputMax = 128;

void Run(Input input) {
  const std::string source(input.begin(), input.end());
  Environment environment = Declared();
  const expression::Compiled compiled = expression::Compile(environment, source, Type::Dynamic());
  if (!compiled.ok()) return ExpectIssues(source, compiled.issues);
  Scratch scratch;
  const Value inner[] = {Value::Int(1), Value::Int(-7)};
  const Value entries[] = {Value::String("x"), Value::Int(1)};
  for (const Value& value :
       {Value::Absent(), Value::Null(), Value::Bool(true), Value::Int(INT64_MIN),
        Value::Uint(UINT64_MAX), Value::Double(0.5), Value::String("t\xc3\xa4xt"),
        Value::List(inner), Value::Opaque(1, 2, 3), Value::Bytes("\xff"), Value::Map(entries),
        Value::Timestamp(0, 1), Value::Duration(INT64_MIN), Value::TypeOf(ValueKind::kInt)}) {
    const std::vector<Value> frame(environment.slots().size(), value);
    scratch.Clear();
    const std::string first = expression::ToString(compiled.program->Evaluate(frame, scratch));
    scratch.Clear();
    Expect(first == expression::ToString(compiled.program->Evaluate(frame, scratch)),
           "an expression gives the same for the same values");
    // Without memory of the caller it may only lack that.
    const Value bare = compiled.program->Evaluate(frame);
    Expect(compiled.program->builds() || expression::ToString(bare) == first,
           "what builds nothing needs no memory");
  }
}

std::vector<std::string> Seeds() {
  return {"a + 1 <= 2 * a - -3 % 5 && !b || a in [1, 2, l[0]]",
          "b ? s : s + 'x'",
          "s.matches('^(app|web)$') && s.startsWith('a') && s.size() > 2",
          "l.all(x, x > 0) || l.exists_one(x, x == a)",
          "l.map(x, x * 2).filter(y, y > 10).size()",
          "{'a': 1, 'b': 2}['a'] == row.x.y && has(row.x)",
          "t + duration('1h') > timestamp('2026-11-20T10:00:00Z')",
          "cel.bind(x, a * a, x + x) > 9223372036854775807",
          "b'\\xff' + bytes(s) != b\"\"",
          "type(d) == int && int(string(a)) == a && uint(3u) > 1u",
          "math.greatest(a, 3, 4) - math.least(1, 2)",
          "s.split(',').join('-').replace('a', 'b').upperAscii()",
          "[[1, 2], [3]].map(p, p.map(q, q + a))",
          "1.5e3 / 2.0 > double(a) // comment"};
}

}  // namespace fundgate::fuzz
