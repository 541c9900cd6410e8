#include "server/sidecar/envelope/values.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/civil_time.h"
#include "fundgate/types/text.h"

namespace fundgate::envelope {
namespace {

using Kind = binlog::Value::Kind;

constexpr int64_t kMaxDigits = 128;
constexpr size_t kMaxDecimalBytes = 32;
constexpr int64_t kMaxScale = 64;

std::string_view Keep(std::string_view text, binlog::Arena& arena) {
  char* const room = arena.Reserve(text.size());
  return arena.Finish(std::copy(text.begin(), text.end(), room));
}

binlog::Value Kept(Kind kind, std::string_view text, binlog::Arena& arena) {
  binlog::Value value;
  value.kind = kind;
  value.text = Keep(text, arena);
  return value;
}

// Digits with a point `scale` from the right: "5", 2 is "0.05".
std::string Pointed(std::string digits, size_t scale) {
  if (digits.size() <= scale) digits.insert(0, scale + 1 - digits.size(), '0');
  if (scale > 0) digits.insert(digits.size() - scale, 1, '.');
  return digits;
}

// The decimal digits of a number of 8-bit digits, most significant first.
std::string ToDecimal(std::string bytes) {
  std::string digits;
  while (std::any_of(bytes.begin(), bytes.end(), [](char byte) { return byte != 0; })) {
    unsigned rest = 0;
    for (char& byte : bytes) {
      const unsigned now = rest << 8 | static_cast<unsigned char>(byte);
      byte = static_cast<char>(now / 10);
      rest = now % 10;
    }
    digits += static_cast<char>('0' + rest);
  }
  std::reverse(digits.begin(), digits.end());
  return digits.empty() ? "0" : digits;
}

// Turns two's complement into its magnitude; true if it was negative.
bool TakeSign(std::string& bytes) {
  if (bytes.empty() || static_cast<unsigned char>(bytes.front()) < 0x80) return false;
  unsigned carry = 1;
  for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte) {
    const unsigned now = (~static_cast<unsigned char>(*byte) & 0xffU) + carry;
    *byte = static_cast<char>(now & 0xffU);
    carry = now >> 8;
  }
  return true;
}

absl::Status OutOfYears() {
  return absl::InvalidArgumentError("is no date between the years 0 and 9999");
}

int64_t FloorDivide(int64_t number, int64_t by) {
  const int64_t quotient = number / by;
  return number % by < 0 ? quotient - 1 : quotient;
}

}  // namespace

binlog::Value NullValue() {
  binlog::Value value;
  value.kind = Kind::kNull;
  return value;
}

binlog::Value TextValue(std::string_view text) {
  binlog::Value value;
  value.kind = Kind::kText;
  value.text = text;
  return value;
}

absl::StatusOr<binlog::Value> NumberValue(std::string_view text, binlog::Arena& arena) {
  binlog::Value value;
  if (absl::SimpleAtoi(ToAbsl(text), &value.integer)) {
    value.kind = Kind::kInt;
    return value;
  }
  uint64_t number = 0;
  if (absl::SimpleAtoi(ToAbsl(text), &number)) {
    value.kind = Kind::kUint;
    value.integer = static_cast<int64_t>(number);
    return value;
  }
  const size_t mark = std::min(text.find_first_of("eE"), text.size());
  int64_t exponent = 0;
  if (mark < text.size() && !absl::SimpleAtoi(ToAbsl(text.substr(mark + 1)), &exponent)) {
    return absl::InvalidArgumentError("is a number with too large an exponent");
  }
  std::string digits(text.substr(0, mark));
  const bool negative = !digits.empty() && digits.front() == '-';
  if (negative) digits.erase(0, 1);
  const size_t point = std::min(digits.find('.'), digits.size());
  const auto fraction = static_cast<int64_t>(digits.size() - std::min(point + 1, digits.size()));
  if (point < digits.size()) digits.erase(point, 1);
  if (exponent < -kMaxDigits || exponent > kMaxDigits ||
      static_cast<int64_t>(digits.size()) + std::abs(exponent) > kMaxDigits) {
    return absl::InvalidArgumentError(
        absl::StrCat("is a number of more than ", kMaxDigits, " digits"));
  }
  const int64_t scale = fraction - exponent;
  if (scale < 0) digits.append(static_cast<size_t>(-scale), '0');
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size() - 1));
  digits = Pointed(std::move(digits), static_cast<size_t>(std::max<int64_t>(scale, 0)));
  return Kept(Kind::kDecimal, negative ? absl::StrCat("-", digits) : digits, arena);
}

absl::StatusOr<binlog::Value> PlainValue(const Json& json, binlog::Arena& arena) {
  switch (json.kind) {
    case Json::Kind::kNull:
      return NullValue();
    case Json::Kind::kBool: {
      binlog::Value value;
      value.kind = Kind::kInt;
      value.integer = json.boolean ? 1 : 0;
      return value;
    }
    case Json::Kind::kNumber:
      return NumberValue(json.text, arena);
    case Json::Kind::kString:
      return TextValue(json.text);
    case Json::Kind::kArray:
    case Json::Kind::kObject:
      break;
  }
  return absl::InvalidArgumentError("is an array or an object, which is no column's value");
}

absl::StatusOr<binlog::Value> DoubleValue(std::string_view text) {
  binlog::Value value;
  value.kind = Kind::kDouble;
  if (!absl::SimpleAtod(ToAbsl(text), &value.real) || !std::isfinite(value.real)) {
    return absl::InvalidArgumentError("is no finite floating number");
  }
  return value;
}

absl::StatusOr<binlog::Value> DecimalValue(std::string_view base64, int64_t scale,
                                           binlog::Arena& arena) {
  std::string bytes;
  if (!absl::Base64Unescape(ToAbsl(base64), &bytes) || bytes.size() > kMaxDecimalBytes) {
    return absl::InvalidArgumentError("is no decimal in base64");
  }
  if (scale < 0 || scale > kMaxScale) {
    return absl::InvalidArgumentError(
        absl::StrCat("has scale ", scale, "; between 0 and ", kMaxScale, " was expected"));
  }
  const bool negative = TakeSign(bytes);
  const std::string digits = Pointed(ToDecimal(std::move(bytes)), static_cast<size_t>(scale));
  return Kept(Kind::kDecimal, negative ? absl::StrCat("-", digits) : digits, arena);
}

absl::StatusOr<binlog::Value> DateValue(int64_t days, binlog::Arena& arena) {
  constexpr int64_t kMaxDays = int64_t{10'000} * 366;
  if (days > kMaxDays || days < -kMaxDays) return OutOfYears();
  const absl::CivilDay day = absl::CivilDay(1970, 1, 1) + days;
  if (day.year() < 0 || day.year() > 9999) return OutOfYears();
  return Kept(Kind::kDate, absl::StrFormat("%04d-%02d-%02d", day.year(), day.month(), day.day()),
              arena);
}

absl::StatusOr<binlog::Value> DateTimeValue(int64_t units, int digits, binlog::Arena& arena) {
  int64_t second_units = 1;
  for (int i = 0; i < digits; ++i) second_units *= 10;
  const int64_t seconds = FloorDivide(units, second_units);
  constexpr int64_t kMaxSeconds = int64_t{10'000} * 366 * 86'400;
  if (seconds > kMaxSeconds || seconds < -kMaxSeconds) return OutOfYears();
  const absl::CivilSecond time = absl::CivilSecond(1970, 1, 1) + seconds;
  if (time.year() < 0 || time.year() > 9999) return OutOfYears();
  std::string text = absl::StrFormat("%04d-%02d-%02d %02d:%02d:%02d", time.year(), time.month(),
                                     time.day(), time.hour(), time.minute(), time.second());
  if (digits > 0) absl::StrAppendFormat(&text, ".%0*d", digits, units - seconds * second_units);
  return Kept(Kind::kDateTime, text, arena);
}

}  // namespace fundgate::envelope
