// Short forms for tests of expressions.
#ifndef TESTS_EXPRESSION_HELPERS_H_
#define TESTS_EXPRESSION_HELPERS_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "server/expression/issue.h"
#include "server/expression/program.h"

namespace fundgate::expression {

// What an expression gives, as ToString writes it ("true", "12", "error: division by zero"); if it
// does not load, "refused: 1:3: message" with its first problem.
inline std::string Result(Environment& environment, std::string_view source,
                          std::span<const Value> frame = {}) {
  const Compiled compiled = Compile(environment, source, Type::Dynamic());
  Scratch scratch;
  if (compiled.ok()) return ToString(compiled.program->Evaluate(frame, scratch));
  const Issue& first = compiled.issues.front();
  return "refused: " + std::to_string(first.location.line) + ":" +
         std::to_string(first.location.column) + ": " + first.message;
}

inline std::string Result(std::string_view source) {
  Environment environment;
  return Result(environment, source);
}

// A table of expressions without variables and what each gives.
struct Row {
  const char* source;
  const char* result;
};

inline void ExpectAll(const std::vector<Row>& rows) {
  for (const Row& row : rows) EXPECT_EQ(Result(row.source), row.result) << row.source;
}

// All problems, a line each: "1:3: message".
inline std::string Problems(Environment& environment, std::string_view source,
                            const Type& expected = Type::Dynamic()) {
  std::string all;
  for (const Issue& issue : Compile(environment, source, expected).issues) {
    all += std::to_string(issue.location.line) + ":" + std::to_string(issue.location.column) +
           ": " + issue.message + "\n";
  }
  return all;
}

}  // namespace fundgate::expression

#endif  // TESTS_EXPRESSION_HELPERS_H_
