// DATE, TIME, DATETIME and TIMESTAMP in all their layouts, to text as the server prints it.
#ifndef SERVER_SIDECAR_BINLOG_TEMPORAL_H_
#define SERVER_SIDECAR_BINLOG_TEMPORAL_H_

#include <cstdint>

#include "server/sidecar/binlog/arena.h"
#include "server/sidecar/binlog/bytes.h"
#include "server/sidecar/binlog/value.h"

namespace fundgate::binlog {

// Bytes of a fraction of so many digits.
constexpr size_t FractionSize(int digits) { return static_cast<size_t>((digits + 1) / 2); }

// Each reads one value. What isn't a time of day or a day of the calendar is printed as it stands,
// as the server does. Nothing sensible once `in` isn't ok.
void ReadDate(Bytes& in, Arena& arena, Value& value);
void ReadTimeOld(Bytes& in, Arena& arena, Value& value);
void ReadDateTimeOld(Bytes& in, Arena& arena, Value& value);
void ReadTimestampOld(Bytes& in, Arena& arena, Value& value);
// Those since MySQL 5.6 and MariaDB 10.1, with 0 to 6 digits of a fraction.
void ReadTime(Bytes& in, int digits, Arena& arena, Value& value);
void ReadDateTime(Bytes& in, int digits, Arena& arena, Value& value);
void ReadTimestamp(Bytes& in, int digits, Arena& arena, Value& value);

}  // namespace fundgate::binlog

#endif  // SERVER_SIDECAR_BINLOG_TEMPORAL_H_
