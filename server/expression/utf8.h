// The little of UTF-8 that expressions need.
#ifndef SERVER_EXPRESSION_UTF8_H_
#define SERVER_EXPRESSION_UTF8_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace fundgate::expression {

// Offset of the first byte that is not part of a well-formed code point (overlong forms, surrogates
// and numbers past U+10FFFF are not); npos if there is none.
size_t InvalidUtf8At(std::string_view text);

// False if the byte continues a code point of valid UTF-8.
bool BeginsCodePoint(char c);

// Count of code points. In text that is not UTF-8, of bytes that don't continue another.
int64_t CountCodePoints(std::string_view text);

// Bytes of the code point that begins at `offset` (below the size) of valid UTF-8; never past the
// end.
size_t CodePointSize(std::string_view text, size_t offset);

// False, and nothing appended, for surrogates and numbers past U+10FFFF.
bool AppendUtf8(uint32_t code_point, std::string* text);

}  // namespace fundgate::expression

#endif  // SERVER_EXPRESSION_UTF8_H_
