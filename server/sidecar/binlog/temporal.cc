#include "server/sidecar/binlog/temporal.h"

namespace fundgate::binlog {
namespace {

constexpr size_t kMaxText = 40;  // of any of them, with room for damaged values

char* PutTwo(char* out, uint64_t value) {
  out[0] = static_cast<char>('0' + value / 10 % 10);
  out[1] = static_cast<char>('0' + value % 10);
  return out + 2;
}

char* PutDate(char* out, uint64_t year, uint64_t month, uint64_t day) {
  out = PutTwo(out, year / 100);
  out = PutTwo(out, year);
  *out++ = '-';
  out = PutTwo(out, month);
  *out++ = '-';
  return PutTwo(out, day);
}

char* PutClock(char* out, uint64_t hour, uint64_t minute, uint64_t second) {
  if (hour >= 100) *out++ = static_cast<char>('0' + hour / 100 % 10);
  out = PutTwo(out, hour);
  *out++ = ':';
  out = PutTwo(out, minute);
  *out++ = ':';
  return PutTwo(out, second);
}

// `fraction` counts the units of its bytes: hundredths, 1/10000 or 1/1000000.
char* PutFraction(char* out, uint64_t fraction, int digits) {
  if (digits == 0) return out;
  if (digits % 2 != 0) fraction /= 10;
  *out++ = '.';
  for (int i = digits - 1; i >= 0; --i) {
    out[i] = static_cast<char>('0' + fraction % 10);
    fraction /= 10;
  }
  return out + digits;
}

char* PutSeconds(char* out, uint32_t seconds) {
  // Days since 1970-01-01 to a date of the Gregorian calendar, in eras of 400 years that begin in
  // March, so that the leap day comes last.
  constexpr uint32_t kDaysToMarchOfYear0 = 719468;
  constexpr uint32_t kEraDays = 146097;
  const uint32_t days = seconds / 86400 + kDaysToMarchOfYear0;
  const uint32_t era = days / kEraDays;
  const uint32_t day_of_era = days % kEraDays;
  const uint32_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const uint32_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const uint32_t shifted_month = (5 * day_of_year + 2) / 153;  // 0: March
  const uint32_t day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
  const uint32_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  const uint32_t year = era * 400 + year_of_era + (month <= 2 ? 1 : 0);
  out = PutDate(out, year, month, day);
  *out++ = ' ';
  const uint32_t second = seconds % 86400;
  return PutClock(out, second / 3600, second / 60 % 60, second % 60);
}

void PutTimestamp(uint32_t seconds, uint64_t fraction, int digits, Arena& arena, Value& value) {
  char* out = arena.Reserve(kMaxText);
  if (seconds == 0 && fraction == 0) {
    // No instant: the first one that a TIMESTAMP can hold is a second later.
    out = PutDate(out, 0, 0, 0);
    *out++ = ' ';
    out = PutClock(out, 0, 0, 0);
  } else {
    out = PutSeconds(out, seconds);
  }
  value.kind = Value::Kind::kTimestamp;
  value.integer = seconds;
  value.text = arena.Finish(PutFraction(out, fraction, digits));
}

}  // namespace

void ReadDate(Bytes& in, Arena& arena, Value& value) {
  const uint64_t packed = in.Little(3);
  char* out = arena.Reserve(kMaxText);
  value.kind = Value::Kind::kDate;
  value.text = arena.Finish(PutDate(out, packed >> 9, packed >> 5 & 15, packed & 31));
}

void ReadTimeOld(Bytes& in, Arena& arena, Value& value) {
  int64_t packed = static_cast<int64_t>(in.Little(3));
  if (packed >= 0x800000) packed -= 0x1000000;
  char* out = arena.Reserve(kMaxText);
  if (packed < 0) *out++ = '-';
  const auto digits = static_cast<uint64_t>(packed < 0 ? -packed : packed);
  value.kind = Value::Kind::kTime;
  value.text = arena.Finish(PutClock(out, digits / 10000, digits / 100 % 100, digits % 100));
}

void ReadDateTimeOld(Bytes& in, Arena& arena, Value& value) {
  const uint64_t packed = in.Little(8);
  const uint64_t date = packed / 1000000;
  const uint64_t time = packed % 1000000;
  char* out = PutDate(arena.Reserve(kMaxText), date / 10000, date / 100 % 100, date % 100);
  *out++ = ' ';
  value.kind = Value::Kind::kDateTime;
  value.text = arena.Finish(PutClock(out, time / 10000, time / 100 % 100, time % 100));
}

void ReadTimestampOld(Bytes& in, Arena& arena, Value& value) {
  PutTimestamp(static_cast<uint32_t>(in.Little(4)), 0, 0, arena, value);
}

void ReadTime(Bytes& in, int digits, Arena& arena, Value& value) {
  // One number with the fraction in its low bytes, lifted so that it is never negative.
  const size_t fraction_bits = FractionSize(digits) * 8;
  const int64_t zero = int64_t{0x800000} << fraction_bits;
  const int64_t packed = static_cast<int64_t>(in.Big(3 + FractionSize(digits))) - zero;
  const auto number = static_cast<uint64_t>(packed < 0 ? -packed : packed);
  const uint64_t clock = number >> fraction_bits;
  const uint64_t fraction = number & ((uint64_t{1} << fraction_bits) - 1);
  char* out = arena.Reserve(kMaxText);
  if (packed < 0) *out++ = '-';
  out = PutClock(out, clock >> 12 & 0x3ff, clock >> 6 & 63, clock & 63);
  value.kind = Value::Kind::kTime;
  value.text = arena.Finish(PutFraction(out, fraction, digits));
}

void ReadDateTime(Bytes& in, int digits, Arena& arena, Value& value) {
  const uint64_t packed = in.Big(5) & 0x7fffffffff;
  const uint64_t fraction = in.Big(FractionSize(digits));
  const uint64_t months = packed >> 22;  // 13 to a year: 0 is none
  char* out = PutDate(arena.Reserve(kMaxText), months / 13, months % 13, packed >> 17 & 31);
  *out++ = ' ';
  out = PutClock(out, packed >> 12 & 31, packed >> 6 & 63, packed & 63);
  value.kind = Value::Kind::kDateTime;
  value.text = arena.Finish(PutFraction(out, fraction, digits));
}

void ReadTimestamp(Bytes& in, int digits, Arena& arena, Value& value) {
  const auto seconds = static_cast<uint32_t>(in.Big(4));
  PutTimestamp(seconds, in.Big(FractionSize(digits)), digits, arena, value);
}

}  // namespace fundgate::binlog
