#include "server/expression/utf8.h"

#include <algorithm>
#include <cstring>

namespace fundgate::expression {
namespace {

constexpr uint32_t kLast = 0x10FFFF;

bool IsSurrogate(uint32_t code) { return code >= 0xD800 && code <= 0xDFFF; }

// Bytes that a first byte announces; 0 if it can't be one.
size_t Announced(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return 2;
  if (first >= 0xE0 && first <= 0xEF) return 3;
  if (first >= 0xF0 && first <= 0xF4) return 4;
  return 0;
}

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Where ASCII ends that begins at `i`, or some bytes before: most text is nothing else, so eight
// bytes are looked at together.
size_t SkipAscii(std::string_view text, size_t i) {
  constexpr uint64_t kHighBits = 0x8080808080808080;
  uint64_t eight = 0;
  for (; i + sizeof(eight) <= text.size(); i += sizeof(eight)) {
    std::memcpy(&eight, text.data() + i, sizeof(eight));
    if ((eight & kHighBits) != 0) break;
  }
  return i;
}

// Bytes of a well-formed code point at `i`, else 0.
size_t WellFormed(std::string_view text, size_t i) {
  const size_t size = Announced(static_cast<unsigned char>(text[i]));
  if (size <= 1) return size;
  if (i + size > text.size()) return 0;
  uint32_t code = static_cast<unsigned char>(text[i]) & (0x7Fu >> size);
  for (size_t k = 1; k < size; ++k) {
    if (!IsContinuation(text[i + k])) return 0;
    code = code << 6 | (static_cast<unsigned char>(text[i + k]) & 0x3F);
  }
  const uint32_t least = size == 2 ? 0x80 : size == 3 ? 0x800 : 0x10000;
  return code < least || code > kLast || IsSurrogate(code) ? 0 : size;
}

}  // namespace

bool BeginsCodePoint(char c) { return !IsContinuation(c); }

size_t InvalidUtf8At(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    i = SkipAscii(text, i);
    if (i == text.size()) break;
    const size_t size = WellFormed(text, i);
    if (size == 0) return i;
    i += size;
  }
  return std::string_view::npos;
}

int64_t CountCodePoints(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return !IsContinuation(c); });
}

size_t CodePointSize(std::string_view text, size_t offset) {
  const size_t size = Announced(static_cast<unsigned char>(text[offset]));
  return std::clamp<size_t>(size, 1, text.size() - offset);
}

bool AppendUtf8(uint32_t code, std::string* text) {
  if (code > kLast || IsSurrogate(code)) return false;
  const auto tail = [&](int shift) {
    text->push_back(static_cast<char>(0x80 | ((code >> shift) & 0x3F)));
  };
  if (code < 0x80) {
    text->push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    text->push_back(static_cast<char>(0xC0 | code >> 6));
    tail(0);
  } else if (code < 0x10000) {
    text->push_back(static_cast<char>(0xE0 | code >> 12));
    tail(6);
    tail(0);
  } else {
    text->push_back(static_cast<char>(0xF0 | code >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
  return true;
}

}  // namespace fundgate::expression
