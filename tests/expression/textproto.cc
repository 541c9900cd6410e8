#include "tests/expression/textproto.h"

#include <algorithm>
#include <cctype>
#include <cstdint>

#include "server/expression/utf8.h"

namespace fundgate::expression {
namespace {

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::optional<TextMessage> Run() {
    std::optional<TextMessage> message = Fields('\0');
    return at_ == text_.size() ? message : std::nullopt;
  }

 private:
  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  void SkipBlanks() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (std::isspace(static_cast<unsigned char>(c)) != 0 || c == ',' || c == ';') {
        ++at_;
      } else {
        return;
      }
    }
  }

  std::optional<TextMessage> Fields(char close) {
    TextMessage message;
    for (SkipBlanks(); Peek() != close; SkipBlanks()) {
      std::optional<TextField> field = Field();
      if (!field) return std::nullopt;
      message.fields.push_back(*std::move(field));
    }
    if (close != '\0') ++at_;
    return message;
  }

  std::optional<TextField> Field() {
    TextField field;
    field.name = Name();
    if (field.name.empty()) return std::nullopt;
    SkipBlanks();
    if (Peek() == ':') ++at_;
    SkipBlanks();
    if (Peek() == '{' || Peek() == '<') {
      const char close = Peek() == '{' ? '}' : '>';
      ++at_;
      std::optional<TextMessage> inner = Fields(close);
      if (!inner) return std::nullopt;
      field.message = std::make_shared<TextMessage>(*std::move(inner));
      return field;
    }
    const bool quoted = Peek() == '"' || Peek() == '\'';
    if (!(quoted ? Strings(&field.scalar) : Word(&field.scalar))) return std::nullopt;
    return field;
  }

  std::string Name() {
    const size_t begin = at_;
    if (Peek() == '[') {
      at_ = std::min(text_.find(']', at_), text_.size() - 1) + 1;
    } else {
      while (std::isalnum(static_cast<unsigned char>(Peek())) != 0 || Peek() == '_') ++at_;
    }
    return std::string(text_.substr(begin, at_ - begin));
  }

  bool Word(std::string* word) {
    const size_t begin = at_;
    while (std::isalnum(static_cast<unsigned char>(Peek())) != 0 ||
           std::string_view("+-._").find(Peek()) != std::string_view::npos) {
      if (Peek() == '\0') break;
      ++at_;
    }
    *word = std::string(text_.substr(begin, at_ - begin));
    return !word->empty();
  }

  // Adjacent strings are one.
  bool Strings(std::string* value) {
    while (Peek() == '"' || Peek() == '\'') {
      const char quote = text_[at_++];
      while (Peek() != quote) {
        if (at_ >= text_.size()) return false;
        if (Peek() == '\\') {
          Escape(value);
        } else {
          value->push_back(text_[at_++]);
        }
      }
      ++at_;
      SkipBlanks();
    }
    return true;
  }

  void Escape(std::string* value) {
    const char c = text_.substr(at_ + 1, 1).empty() ? '\0' : text_[at_ + 1];
    at_ += 2;
    static constexpr std::string_view kLetters = "abfnrtv";
    static constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v";
    if (const size_t i = kLetters.find(c); i != std::string_view::npos) {
      value->push_back(kMeanings[i]);
    } else if (c >= '0' && c <= '7') {
      --at_;
      value->push_back(static_cast<char>(Number(3, 8)));
    } else if (c == 'x' || c == 'X') {
      value->push_back(static_cast<char>(Number(2, 16)));
    } else if (c == 'u' || c == 'U') {
      AppendUtf8(Number(c == 'u' ? 4 : 8, 16), value);
    } else {
      value->push_back(c);
    }
  }

  // Up to that many digits, as many as there are.
  uint32_t Number(int digits, uint32_t base) {
    uint32_t number = 0;
    while (digits-- > 0) {
      const size_t digit = kDigits.find(static_cast<char>(std::tolower(Peek())));
      if (Peek() == '\0' || digit >= base) break;
      number = number * base + static_cast<uint32_t>(digit);
      ++at_;
    }
    return number;
  }

  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

const TextField* TextMessage::Find(std::string_view name) const {
  for (const TextField& field : fields) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

const TextMessage* TextMessage::Message(std::string_view name) const {
  const TextField* field = Find(name);
  return field != nullptr ? field->message.get() : nullptr;
}

std::string TextMessage::Scalar(std::string_view name) const {
  const TextField* field = Find(name);
  return field != nullptr ? field->scalar : "";
}

std::vector<const TextMessage*> TextMessage::All(std::string_view name) const {
  std::vector<const TextMessage*> all;
  for (const TextField& field : fields) {
    if (field.name == name && field.message != nullptr) all.push_back(field.message.get());
  }
  return all;
}

std::optional<TextMessage> ReadTextproto(std::string_view text) { return Reader(text).Run(); }

}  // namespace fundgate::expression
