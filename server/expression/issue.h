// What is wrong with an expression, and where.
#ifndef SERVER_EXPRESSION_ISSUE_H_
#define SERVER_EXPRESSION_ISSUE_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fundgate::expression {

// A place in the source. Lines end with '\n'; columns count Unicode code points, so that a caret
// drawn under the line stands where it should.
struct Location {
  uint32_t line = 1;    // from 1
  uint32_t column = 1;  // from 1

  friend bool operator==(const Location&, const Location&) = default;
};

// The place of byte `offset` of `source`; past the end means the end.
Location Locate(std::string_view source, uint32_t offset);

// One problem found at load. The message is a sentence without the place.
struct Issue {
  uint32_t offset = 0;  // in bytes, from 0
  Location location;
  std::string message;

  friend bool operator==(const Issue&, const Issue&) = default;
};

// "1:9: message", the line of the source, and a caret under the column:
//   1:9: there is no variable 'refundd'; did you mean 'refunded'?
//    | paid - refundd
//    |        ^
std::string Render(std::string_view source, const Issue& issue);
std::string Render(std::string_view source, std::span<const Issue> issues);

}  // namespace fundgate::expression

#endif  // SERVER_EXPRESSION_ISSUE_H_
