// Help for people who mistype a name.
#ifndef SERVER_EXPRESSION_NAMES_H_
#define SERVER_EXPRESSION_NAMES_H_

#include <span>
#include <string>
#include <string_view>

namespace fundgate::expression {

// The candidate with the fewest edits (insert, delete, replace, swap neighbours), the first of
// several; empty if even it differs in more than a third of the name's letters (always one is
// allowed).
std::string_view NearestName(std::string_view name, std::span<const std::string> candidates);

// "; did you mean 'paid'?", or with no near name "; there are paid, refunded", or nothing.
std::string NameHint(std::string_view name, std::span<const std::string> candidates);

}  // namespace fundgate::expression

#endif  // SERVER_EXPRESSION_NAMES_H_
