// A small, tolerant reader of protobuf's text format: enough for files of test cases, without
// knowing their schema.
#ifndef TESTS_EXPRESSION_TEXTPROTO_H_
#define TESTS_EXPRESSION_TEXTPROTO_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fundgate::expression {

struct TextMessage;

// One field: a scalar as written (strings with their escapes resolved), or a message.
struct TextField {
  std::string name;
  std::string scalar;
  std::shared_ptr<TextMessage> message;
};

struct TextMessage {
  std::vector<TextField> fields;

  // The first field of the name, or null.
  const TextField* Find(std::string_view name) const;
  // The first message field of the name, or null.
  const TextMessage* Message(std::string_view name) const;
  // The first scalar of the name, or empty.
  std::string Scalar(std::string_view name) const;
  std::vector<const TextMessage*> All(std::string_view name) const;
};

// Nothing if the text can't be read.
std::optional<TextMessage> ReadTextproto(std::string_view text);

}  // namespace fundgate::expression

#endif  // TESTS_EXPRESSION_TEXTPROTO_H_
