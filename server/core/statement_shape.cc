// The shape of a statement; see grouping.h.
#include <string>
#include <string_view>

#include "absl/strings/ascii.h"
#include "server/core/grouping.h"

namespace fundgate::core {
namespace {

bool IsWordByte(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_'; }

// The place after a quoted text that begins at `from`; the end if it is cut off.
size_t AfterQuoted(std::string_view text, size_t from) {
  const char quote = text[from];
  for (size_t i = from + 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      if (i + 1 == text.size() || text[i + 1] != quote) return i + 1;
      ++i;  // a doubled quote stands for itself
    }
  }
  return text.size();
}

// Lists of values have one shape, however long they are.
void AppendLiteral(std::string& shape) {
  constexpr std::string_view kListed = "?, ";
  constexpr std::string_view kTight = "?,";
  if (shape.ends_with(kListed)) {
    shape.resize(shape.size() - 2);
  } else if (shape.ends_with(kTight)) {
    shape.resize(shape.size() - 1);
  } else {
    shape.push_back('?');
  }
}

// A text that was cut may end in the first bytes of a UTF-8 character.
void DropHalfCharacter(std::string& text) {
  const auto is_inner = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; };
  size_t first = text.size();
  while (first > 0 && is_inner(text[first - 1])) --first;
  if (first == 0) return;
  const auto lead = static_cast<unsigned char>(text[first - 1]);
  const size_t inner = lead >= 0xF0U ? 3 : lead >= 0xE0U ? 2 : lead >= 0xC0U ? 1 : 0;
  if (text.size() - first < inner) text.resize(first - 1);
}

}  // namespace

std::string ShapeOf(std::string_view statement) {
  std::string shape;
  size_t i = 0;
  while (i < statement.size() && shape.size() < kMaxShapeBytes) {
    const char c = statement[i];
    const bool begins_word = shape.empty() || !IsWordByte(shape.back());
    if (c == '\'' || c == '"') {
      i = AfterQuoted(statement, i);
      AppendLiteral(shape);
    } else if (absl::ascii_isdigit(static_cast<unsigned char>(c)) && begins_word) {
      while (i < statement.size() && (IsWordByte(statement[i]) || statement[i] == '.')) ++i;
      AppendLiteral(shape);
    } else if (absl::ascii_isspace(static_cast<unsigned char>(c))) {
      if (!shape.empty() && shape.back() != ' ') shape.push_back(' ');
      ++i;
    } else {
      shape.push_back(c);
      ++i;
    }
  }
  while (!shape.empty() && (shape.back() == ' ' || shape.back() == ';')) shape.pop_back();
  DropHalfCharacter(shape);
  return shape;
}

}  // namespace fundgate::core
