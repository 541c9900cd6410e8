// CEL's numbers: comparison across the three kinds, checked arithmetic, conversions. None of these
// allocates; failures are error values without a place.
#ifndef SERVER_EXPRESSION_NUMBERS_H_
#define SERVER_EXPRESSION_NUMBERS_H_

#include <compare>
#include <optional>
#include <string_view>

#include "server/expression/ast.h"
#include "server/expression/value.h"

namespace fundgate::expression {

constexpr bool IsNumber(const Value& value) {
  return value.is_int() || value.is_uint() || value.is_double();
}

// Two numbers, by their mathematical order where 64 bits allow it. An integer beside a double
// within its range is rounded to a double first, as CEL's implementations do.
std::partial_ordering CompareNumbers(const Value& a, const Value& b);

// + - * / % for two numbers of one kind; kNoSuchOverload for all other values.
Value Arithmetic(Operator op, const Value& a, const Value& b);

// Unary minus for int and double.
Value Negate(const Value& a);

// int(), uint(), double() of numbers and strings. Doubles lose their fraction toward zero.
Value ToInt(const Value& value);
Value ToUint(const Value& value);
Value ToDouble(const Value& value);

// The whole text as a double ("1.5", "-2e3", "NaN"); nothing if it is no number or past the
// largest. What is too small for a double is zero.
std::optional<double> ReadDouble(std::string_view text);

}  // namespace fundgate::expression

#endif  // SERVER_EXPRESSION_NUMBERS_H_
