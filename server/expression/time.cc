#include "server/expression/time.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "absl/time/civil_time.h"

namespace fundgate::expression {
namespace {

constexpr int64_t kNanosPerSecond = 1'000'000'000;
constexpr int64_t kSecondsPerDay = 86400;
constexpr int kFractionDigits = 9;
// Of an hour, which has 3.6e12 nanoseconds; later digits say less than one.
constexpr size_t kDurationFractionDigits = 15;
// No place on Earth is further from UTC, and RFC 3339 writes two digits of hours.
constexpr int64_t kOffsetHoursMax = 23;

constexpr Value kBad = Value::Error(ErrorCode::kBadConversion);
constexpr Value kOverflow = Value::Error(ErrorCode::kOverflow);

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Cuts a text into its pieces from the front; once something has failed, everything fails.
class Cutter {
 public:
  explicit Cutter(std::string_view text) : rest_(text) {}

  bool ok() const { return ok_; }
  bool done() const { return ok_ && rest_.empty(); }
  char Peek() const { return rest_.empty() ? '\0' : rest_[0]; }

  // Exactly so many digits.
  int64_t Digits(size_t count) {
    int64_t number = 0;
    for (size_t i = 0; i < count; ++i) {
      if (!IsDigit(Peek())) return Fail();
      number = number * 10 + (rest_[0] - '0');
      rest_.remove_prefix(1);
    }
    return number;
  }

  bool TakeIf(std::string_view piece) {
    if (!ok_ || !rest_.starts_with(piece)) return false;
    rest_.remove_prefix(piece.size());
    return true;
  }

  void Expect(std::string_view piece) {
    if (!TakeIf(piece)) Fail();
  }

  // All digits that stand here.
  std::string_view AllDigits() {
    const auto* end = std::find_if_not(rest_.begin(), rest_.end(), IsDigit);
    const std::string_view digits = rest_.substr(0, static_cast<size_t>(end - rest_.begin()));
    rest_.remove_prefix(digits.size());
    return digits;
  }

  int64_t Fail() {
    ok_ = false;
    return 0;
  }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

// The digits behind a point as billionths; those beyond the ninth are cut.
int64_t Billionths(std::string_view digits) {
  int64_t number = 0;
  for (size_t i = 0; i < kFractionDigits; ++i) {
    number = number * 10 + (i < digits.size() ? digits[i] - '0' : 0);
  }
  return number;
}

// "Z", "+02:00": in seconds.
int64_t OffsetOf(Cutter* text) {
  const bool west = text->TakeIf("-");
  if (!west) text->TakeIf("+");
  const int64_t hours = text->Digits(2);
  text->Expect(":");
  const int64_t minutes = text->Digits(2);
  if (hours > kOffsetHoursMax || minutes > 59) text->Fail();
  const int64_t seconds = (hours * 60 + minutes) * 60;
  return west ? -seconds : seconds;
}

struct Unit {
  std::string_view name;
  int64_t nanoseconds;
};
// Longer names first, so that "ms" is not read as "m".
constexpr Unit kUnits[] = {{"ms", 1'000'000},
                           {"us", 1'000},
                           {"\u00b5s", 1'000},
                           {"ns", 1},
                           {"h", 3600 * kNanosPerSecond},
                           {"m", 60 * kNanosPerSecond},
                           {"s", kNanosPerSecond}};

__extension__ typedef __int128 Wide;

// One number with its unit, added to `total` nanoseconds.
bool AddPart(Cutter* text, Wide* total) {
  const std::string_view whole = text->AllDigits();
  std::string_view fraction;
  if (text->TakeIf(".")) fraction = text->AllDigits();
  if (whole.empty() && fraction.empty()) return false;
  for (const Unit& unit : kUnits) {
    if (!text->TakeIf(unit.name)) continue;
    Wide number = 0;
    for (const char digit : whole) {
      number = number * 10 + (digit - '0');
      // Enough to know that it does not fit; more could overflow even here.
      if (number > std::numeric_limits<int64_t>::max()) break;
    }
    *total += number * unit.nanoseconds;
    // Exact: with fifteen digits the numerator stays far below 128 bits.
    Wide numerator = 0;
    Wide denominator = 1;
    for (const char digit : fraction.substr(0, kDurationFractionDigits)) {
      numerator = numerator * 10 + (digit - '0');
      denominator *= 10;
    }
    *total += numerator * unit.nanoseconds / denominator;
    return true;
  }
  return false;
}

void AppendNumber(int64_t number, size_t digits, TextBuilder* text) {
  char written[24];
  char* end = std::to_chars(written, written + sizeof(written), number).ptr;
  const auto size = static_cast<size_t>(end - written);
  for (size_t i = size; i < digits; ++i) text->Append('0');
  text->Append(std::string_view(written, size));
}

void AppendFraction(int64_t nanoseconds, TextBuilder* text) {
  if (nanoseconds == 0) return;
  size_t digits = kFractionDigits;
  while (nanoseconds % 10 == 0) {
    nanoseconds /= 10;
    --digits;
  }
  text->Append('.');
  AppendNumber(nanoseconds, digits, text);
}

Value Difference(const Value& a, const Value& b) {
  const Wide seconds = Wide{a.timestamp_seconds()} - b.timestamp_seconds();
  const Wide nanoseconds = seconds * kNanosPerSecond +
                           static_cast<int64_t>(a.timestamp_nanoseconds()) -
                           static_cast<int64_t>(b.timestamp_nanoseconds());
  const auto narrow = static_cast<int64_t>(nanoseconds);
  return narrow == nanoseconds ? Value::Duration(narrow) : kOverflow;
}

// `sign` is 1 or -1.
Value Moved(const Value& timestamp, const Value& duration, int64_t sign) {
  const int64_t by = duration.duration_nanoseconds();
  return MakeTimestamp(
      timestamp.timestamp_seconds() + sign * (by / kNanosPerSecond),
      static_cast<int64_t>(timestamp.timestamp_nanoseconds()) + sign * (by % kNanosPerSecond));
}

}  // namespace

Value MakeTimestamp(int64_t seconds, int64_t nanoseconds) {
  // Rounds down, so that what remains is not negative.
  const int64_t borrowed = (nanoseconds % kNanosPerSecond < 0) ? 1 : 0;
  const int64_t carried = nanoseconds / kNanosPerSecond - borrowed;
  if (seconds < kTimestampSecondsMin - 1 - carried ||
      seconds > kTimestampSecondsMax + 1 - carried) {
    return kOverflow;
  }
  const int64_t whole = seconds + carried;
  if (whole < kTimestampSecondsMin || whole > kTimestampSecondsMax) return kOverflow;
  return Value::Timestamp(whole, static_cast<uint64_t>(nanoseconds - carried * kNanosPerSecond));
}

Value ReadTimestamp(std::string_view source) {
  Cutter text(source);
  // Five digits of a year are beyond the range, not beyond reading.
  const bool five = source.size() > 4 && IsDigit(source[4]);
  const int64_t year = text.Digits(five ? 5 : 4);
  text.Expect("-");
  const int64_t month = text.Digits(2);
  text.Expect("-");
  const int64_t day = text.Digits(2);
  if (!text.TakeIf("T")) text.Expect("t");
  const int64_t hour = text.Digits(2);
  text.Expect(":");
  const int64_t minute = text.Digits(2);
  text.Expect(":");
  const int64_t second = text.Digits(2);
  int64_t nanoseconds = 0;
  if (text.TakeIf(".")) {
    const std::string_view digits = text.AllDigits();
    if (digits.empty() || digits.size() > kFractionDigits) text.Fail();
    nanoseconds = Billionths(digits);
  }
  const int64_t offset = text.TakeIf("Z") || text.TakeIf("z") ? 0 : OffsetOf(&text);
  if (!text.done()) return kBad;
  // CivilSecond carries what is too large over to the next field; then it reads otherwise.
  const absl::CivilSecond civil(year, month, day, hour, minute, second);
  if (civil.month() != month || civil.day() != day || civil.hour() != hour ||
      civil.minute() != minute || civil.second() != second) {
    return kBad;
  }
  return MakeTimestamp((civil - absl::CivilSecond(1970, 1, 1)) - offset, nanoseconds);
}

Value ReadDuration(std::string_view source) {
  Cutter text(source);
  const bool negative = text.TakeIf("-");
  if (!negative) text.TakeIf("+");
  if (text.TakeIf("0") && text.done()) return Value::Duration(0);
  Cutter parts(source.substr(negative || source.starts_with('+') ? 1 : 0));
  Wide total = 0;
  do {
    if (!AddPart(&parts, &total)) return kBad;
    if (total > Wide{std::numeric_limits<int64_t>::max()} + 1) return kOverflow;
  } while (!parts.done());
  if (negative) total = -total;
  const auto narrow = static_cast<int64_t>(total);
  return narrow == total ? Value::Duration(narrow) : kOverflow;
}

void AppendTimestamp(const Value& timestamp, TextBuilder* text) {
  const CivilTime civil = ToCivil(timestamp, 0);
  AppendNumber(civil.year, 4, text);
  text->Append('-');
  AppendNumber(civil.month + 1, 2, text);
  text->Append('-');
  AppendNumber(civil.day_of_month + 1, 2, text);
  text->Append('T');
  AppendNumber(civil.hour, 2, text);
  text->Append(':');
  AppendNumber(civil.minute, 2, text);
  text->Append(':');
  AppendNumber(civil.second, 2, text);
  AppendFraction(static_cast<int64_t>(timestamp.timestamp_nanoseconds()), text);
  text->Append('Z');
}

void AppendDuration(const Value& duration, TextBuilder* text) {
  const int64_t whole = duration.duration_nanoseconds() / kNanosPerSecond;
  const int64_t rest = duration.duration_nanoseconds() % kNanosPerSecond;
  if (duration.duration_nanoseconds() < 0) text->Append('-');
  AppendNumber(whole < 0 ? -whole : whole, 1, text);
  AppendFraction(rest < 0 ? -rest : rest, text);
  text->Append('s');
}

std::optional<int64_t> ReadOffset(std::string_view zone) {
  if (zone == "UTC") return 0;
  Cutter text(zone);
  const int64_t offset = OffsetOf(&text);
  return text.done() ? std::optional(offset) : std::nullopt;
}

CivilTime ToCivil(const Value& timestamp, int64_t offset) {
  const int64_t seconds = timestamp.timestamp_seconds() + offset;
  const int64_t of_day = (seconds % kSecondsPerDay + kSecondsPerDay) % kSecondsPerDay;
  const absl::CivilDay day = absl::CivilDay(1970, 1, 1) + (seconds - of_day) / kSecondsPerDay;
  CivilTime civil;
  civil.year = day.year();
  civil.month = day.month() - 1;
  civil.day_of_month = day.day() - 1;
  civil.day_of_week =
      (static_cast<int>(absl::GetWeekday(day)) + 1) % 7;  // absl's weeks begin on Monday
  civil.day_of_year = absl::GetYearDay(day) - 1;
  civil.hour = static_cast<int>(of_day / 3600);
  civil.minute = static_cast<int>(of_day / 60 % 60);
  civil.second = static_cast<int>(of_day % 60);
  civil.millisecond = static_cast<int>(timestamp.timestamp_nanoseconds() / 1'000'000);
  return civil;
}

Value TimeArithmetic(Operator op, const Value& a, const Value& b) {
  const bool adds = op == Operator::kAdd;
  if (!adds && op != Operator::kSubtract) return Value::Error(ErrorCode::kNoSuchOverload);
  if (a.is_duration() && b.is_duration()) {
    int64_t sum = 0;
    const bool overflow =
        adds ? __builtin_add_overflow(a.duration_nanoseconds(), b.duration_nanoseconds(), &sum)
             : __builtin_sub_overflow(a.duration_nanoseconds(), b.duration_nanoseconds(), &sum);
    return overflow ? kOverflow : Value::Duration(sum);
  }
  if (a.is_timestamp() && b.is_duration()) return Moved(a, b, adds ? 1 : -1);
  if (adds && a.is_duration() && b.is_timestamp()) return Moved(b, a, 1);
  if (!adds && a.is_timestamp() && b.is_timestamp()) return Difference(a, b);
  return Value::Error(ErrorCode::kNoSuchOverload);
}

}  // namespace fundgate::expression
