// Points in time and spans of it, as CEL reads, writes and reckons with them. Pure arithmetic: no
// clock and no table of time zones; a zone is "UTC" or a fixed offset.
#ifndef SERVER_EXPRESSION_TIME_H_
#define SERVER_EXPRESSION_TIME_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "server/expression/ast.h"
#include "server/expression/scratch.h"
#include "server/expression/value.h"

namespace fundgate::expression {

inline constexpr int64_t kTimestampSecondsMin = -62135596800;  // 0001-01-01T00:00:00Z
inline constexpr int64_t kTimestampSecondsMax = 253402300799;  // 9999-12-31T23:59:59Z

// The timestamp, or kOverflow outside the years 1 to 9999.
Value MakeTimestamp(int64_t seconds, int64_t nanoseconds);

// RFC 3339: "2009-02-13T23:31:30.5Z", "2009-02-13T23:31:30+02:00"; up to nine digits of fraction.
// kBadConversion for all else (days that a month does not have too), kOverflow past the years.
Value ReadTimestamp(std::string_view source);

// "1h45m", "-1.5s", "300ms", "0": numbers with the units h, m, s, ms, us, ns, after one sign.
// kBadConversion for all else, kOverflow past 292 years. What is finer than a nanosecond is cut.
Value ReadDuration(std::string_view source);

// "2009-02-13T23:31:30.5Z"; "5400s", "-1.5s". Fractions without zeros at their end.
void AppendTimestamp(const Value& timestamp, TextBuilder* text);
void AppendDuration(const Value& duration, TextBuilder* text);

// Seconds east of UTC that "UTC", "+02:00", "-02:30" or "02:00" say; nothing for all else.
std::optional<int64_t> ReadOffset(std::string_view zone);

// The fields of a timestamp, read at a place `offset` seconds east of UTC.
struct CivilTime {
  int64_t year = 0;
  int month = 0;         // from 0
  int day_of_month = 0;  // from 0
  int day_of_week = 0;   // from 0, Sunday
  int day_of_year = 0;   // from 0
  int hour = 0;
  int minute = 0;
  int second = 0;
  int millisecond = 0;
};
CivilTime ToCivil(const Value& timestamp, int64_t offset);

// + and - of timestamps and durations where CEL has them; kNoSuchOverload for all else.
Value TimeArithmetic(Operator op, const Value& a, const Value& b);

}  // namespace fundgate::expression

#endif  // SERVER_EXPRESSION_TIME_H_
