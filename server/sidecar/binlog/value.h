// What one column of a row image holds.
#ifndef SERVER_SIDECAR_BINLOG_VALUE_H_
#define SERVER_SIDECAR_BINLOG_VALUE_H_

#include <cstdint>
#include <string_view>

namespace fundgate::binlog {

// A column's value, exactly as the database holds it. Owns nothing: `text` points into the row that
// it came with.
struct Value {
  enum class Kind : uint8_t {
    kAbsent,     // the image doesn't have this column (row image MINIMAL or NOBLOB)
    kNull,       // SQL NULL
    kInt,        // `integer`: TINYINT to BIGINT, signed
    kUint,       // `integer` as uint64_t: the unsigned ones, YEAR, BIT; ENUM and SET without labels
    kFloat,      // `real`, of which the column holds 24 bits: FLOAT
    kDouble,     // `real`: DOUBLE
    kDecimal,    // `text`: all digits of the scale, no exponent: "-12.3400"
    kText,       // `text`: characters as UTF-8; CHAR, VARCHAR, TEXT, JSON
    kBytes,      // `text`: bytes; BINARY (padded to its length), VARBINARY, BLOB, GEOMETRY; UUID,
                 // INET4 and INET6, which a binlog calls BINARY; text whose character set isn't
                 // logged or known, or that isn't valid in it
    kEnum,       // `text`: the label, UTF-8; `integer`: its number from 1, 0 for the invalid ""
    kSet,        // `text`: labels joined by commas; `integer`: the bits
    kDate,       // `text`: "2026-11-20"; zero dates as the server prints them
    kTime,       // `text`: "-838:59:59.000000", as many digits of a fraction as the column has
    kDateTime,   // `text`: "2026-11-20 10:00:00.123", which knows no zone
    kTimestamp,  // `text`: the same in UTC; `integer`: seconds since 1970, 0 for a zero timestamp
    // `text`: why, with a zero byte behind it; a message says it in a way that isn't understood
    kUnreadable
  };

  Kind kind = Kind::kAbsent;
  int64_t integer = 0;
  double real = 0;
  std::string_view text;
};

}  // namespace fundgate::binlog

#endif  // SERVER_SIDECAR_BINLOG_VALUE_H_
