// The functions of the language, a table a subject. Each overload is a Function like those of
// hosts; `matches` alone is compiled by the generator, because its pattern is.
#ifndef SERVER_EXPRESSION_FUNCTIONS_TABLES_H_
#define SERVER_EXPRESSION_FUNCTIONS_TABLES_H_

#include <vector>

#include "server/expression/environment.h"

namespace fundgate::expression {

std::vector<Function> SizeFunctions();        // size
std::vector<Function> ConversionFunctions();  // int, uint, double, string, bytes, bool, dyn, type
std::vector<Function> StringFunctions();      // contains, matches, split, substring and their like
std::vector<Function> FormatFunctions();      // format, strings.quote
std::vector<Function> MathFunctions();        // math.*
std::vector<Function> TimeFunctions();        // timestamp, duration, getHours and their like

// The text that string() makes of a value, and "null" of what it does not take: shared by
// format().
void AppendPlain(const Value& value, TextBuilder* text);

}  // namespace fundgate::expression

#endif  // SERVER_EXPRESSION_FUNCTIONS_TABLES_H_
