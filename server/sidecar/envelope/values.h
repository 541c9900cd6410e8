// From what JSON says to what a column holds. No I/O.
#ifndef SERVER_SIDECAR_ENVELOPE_VALUES_H_
#define SERVER_SIDECAR_ENVELOPE_VALUES_H_

#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/sidecar/binlog/arena.h"
#include "server/sidecar/binlog/value.h"
#include "server/sidecar/envelope/json.h"

namespace fundgate::envelope {

binlog::Value NullValue();
binlog::Value TextValue(std::string_view text);

// A number as it is written: whole ones are kInt, or kUint above 2^63-1; all others kDecimal with
// all their digits, an exponent worked in exactly. INVALID_ARGUMENT if that would take more than
// 128 digits.
absl::StatusOr<binlog::Value> NumberValue(std::string_view text, binlog::Arena& arena);

// What a member says by itself: true and false are 1 and 0, as in the columns of a database.
// INVALID_ARGUMENT for objects and arrays.
absl::StatusOr<binlog::Value> PlainValue(const Json& json, binlog::Arena& arena);

// A FLOAT or DOUBLE, which never is money. INVALID_ARGUMENT if it is no finite number.
absl::StatusOr<binlog::Value> DoubleValue(std::string_view text);

// The whole number that `base64` holds as two's complement, most significant byte first, with a
// point `scale` digits from the right. INVALID_ARGUMENT if it is no base64, has more than 32 bytes
// or another scale than 0 to 64.
absl::StatusOr<binlog::Value> DecimalValue(std::string_view base64, int64_t scale,
                                           binlog::Arena& arena);

// "2026-11-20" of days since 1970; INVALID_ARGUMENT outside of the years 0 to 9999.
absl::StatusOr<binlog::Value> DateValue(int64_t days, binlog::Arena& arena);
// "2026-11-20 10:00:00.123", with `digits` after the point (0, 3, 6, 9), of so many units of
// 10^-digits seconds since 1970. INVALID_ARGUMENT likewise.
absl::StatusOr<binlog::Value> DateTimeValue(int64_t units, int digits, binlog::Arena& arena);

}  // namespace fundgate::envelope

#endif  // SERVER_SIDECAR_ENVELOPE_VALUES_H_
