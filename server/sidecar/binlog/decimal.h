// DECIMAL: groups of nine digits in four bytes, to text.
#ifndef SERVER_SIDECAR_BINLOG_DECIMAL_H_
#define SERVER_SIDECAR_BINLOG_DECIMAL_H_

#include <string_view>

#include "server/sidecar/binlog/arena.h"
#include "server/sidecar/binlog/bytes.h"

namespace fundgate::binlog {

// Bytes that a DECIMAL(digits, scale) takes. 1 <= digits <= 81, scale <= digits.
size_t DecimalSize(int digits, int scale);

// Reads one: all digits of the scale, no leading zeros but one before the point. Nothing sensible
// once `in` isn't ok. False if the bytes are no digits.
bool ReadDecimal(Bytes& in, int digits, int scale, Arena& arena, std::string_view& text);

}  // namespace fundgate::binlog

#endif  // SERVER_SIDECAR_BINLOG_DECIMAL_H_
