// Reads an expression by CEL's grammar.
#ifndef SERVER_EXPRESSION_PARSER_H_
#define SERVER_EXPRESSION_PARSER_H_

#include <optional>
#include <string_view>
#include <vector>

#include "server/expression/ast.h"
#include "server/expression/issue.h"
#include "server/expression/options.h"

namespace fundgate::expression {

// The tree of `source`, its macros expanded, or nothing and at least one issue. What CEL's grammar
// has and this implementation has not (messages) becomes nodes of kind kUnsupported. All problems
// of words are reported (bad escapes, bad characters); of the grammar only the first, since what
// follows is guesswork.
//
// The grammar, in which `[x]` is optional and `{x}` repeated:
//   Expr           = Or ["?" Or ":" Expr]
//   Or             = And {"||" And}
//   And            = Relation {"&&" Relation}
//   Relation       = Sum {("<" | "<=" | ">=" | ">" | "==" | "!=" | "in") Sum}
//   Sum            = Product {("+" | "-") Product}
//   Product        = Unary {("*" | "/" | "%") Unary}
//   Unary          = "!" {"!"} Member | "-" {"-"} Member | Member
//   Member         = Primary {"." FIELD ["(" [List] ")"] | "." QUOTED | "[" Expr "]"
//                  | "{" [Entries] [","] "}"}
//   Primary        = ["."] NAME ["(" [List] ")"] | "(" Expr ")" | "[" [List] [","] "]"
//                  | "{" [Entries] [","] "}" | LITERAL
//   List           = Expr {"," Expr}
//   Entries        = Expr ":" Expr {"," Expr ":" Expr}
// A minus directly before a number belongs to it, so that the least int can be written.
std::optional<Ast> Parse(std::string_view source, const Options& options,
                         std::vector<Issue>* issues);

}  // namespace fundgate::expression

#endif  // SERVER_EXPRESSION_PARSER_H_
