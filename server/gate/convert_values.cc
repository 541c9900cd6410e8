#include "server/gate/convert_values.h"

#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"

namespace fundgate::gate {
namespace {

// The bounds of google.protobuf.Timestamp and Duration.
constexpr int64_t kFirstSecond = -62'135'596'800;  // 0001-01-01T00:00:00Z
constexpr int64_t kLastSecond = 253'402'300'799;   // 9999-12-31T23:59:59Z
constexpr int64_t kMaxDurationSeconds = 315'576'000'000;
constexpr int32_t kNanosPerSecond = 1'000'000'000;

core::AttributeValue ToAttribute(const v1::Value& value, const std::string& field,
                                 Problems& problems) {
  switch (value.kind_case()) {
    case v1::Value::kStringValue:
      problems.Text(field, value.string_value(), 0, core::kMaxTextBytes);
      return value.string_value();
    case v1::Value::kIntValue:
      return value.int_value();
    case v1::Value::kBoolValue:
      return value.bool_value();
    case v1::Value::kMoneyValue:
      return ToMoney(value.money_value(), INT64_MIN, field + ".money_value", problems);
    case v1::Value::KIND_NOT_SET:
      break;
  }
  problems.Add(field, "has no value: set one of string_value, int_value, bool_value, money_value");
  return false;
}

}  // namespace

Currency ToCurrency(const std::string& code, const std::string& field, Problems& problems) {
  if (code.empty()) {
    problems.Add(field, "is required: an ISO 4217 code in capitals, like CNY");
    return {};
  }
  absl::StatusOr<Currency> currency = Currency::FromCode(code);
  if (currency.ok()) return *currency;
  problems.Add(field, std::string(currency.status().message()));
  return {};
}

Money ToMoney(const v1::Money& money, int64_t minimum, const std::string& field,
              Problems& problems) {
  // Without the fields' names, which only problems need.
  const absl::StatusOr<Currency> known = Currency::FromCode(money.currency_code());
  if (known.ok() && money.minor_units() >= minimum) return {*known, money.minor_units()};
  const Currency currency = ToCurrency(money.currency_code(), field + ".currency_code", problems);
  if (money.minor_units() < minimum) {
    problems.Add(field + ".minor_units",
                 absl::StrCat("is ", money.minor_units(), "; it must be at least ", minimum));
  }
  return {currency, money.minor_units()};
}

absl::Time ToTime(const google::protobuf::Timestamp& time, const std::string& field,
                  Problems& problems) {
  if (time.seconds() < kFirstSecond || time.seconds() > kLastSecond) {
    problems.Add(field, "lies outside the years 1 to 9999");
    return absl::UnixEpoch();
  }
  if (time.nanos() < 0 || time.nanos() >= kNanosPerSecond) {
    problems.Add(field, "has nanos outside 0 to 999999999");
    return absl::UnixEpoch();
  }
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

absl::Duration ToDuration(const google::protobuf::Duration& duration, const std::string& field,
                          Problems& problems) {
  const bool opposite = (duration.seconds() > 0 && duration.nanos() < 0) ||
                        (duration.seconds() < 0 && duration.nanos() > 0);
  if (duration.seconds() < -kMaxDurationSeconds || duration.seconds() > kMaxDurationSeconds ||
      duration.nanos() <= -kNanosPerSecond || duration.nanos() >= kNanosPerSecond || opposite) {
    problems.Add(field,
                 "is no valid duration: seconds and nanos must have one sign, and at most "
                 "10000 years are allowed");
    return absl::ZeroDuration();
  }
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

Position ToPosition(const std::string& text, size_t max_bytes, const std::string& field,
                    Problems& problems) {
  problems.Text(field, text, 0, max_bytes);
  if (text.size() > max_bytes) return {};
  absl::StatusOr<Position> position = Position::Parse(text);
  if (position.ok()) return *std::move(position);
  problems.Add(field, std::string(position.status().message()));
  return {};
}

core::Attributes ToAttributes(const ValueMap& values, const std::string& field,
                              Problems& problems) {
  core::Attributes attributes;
  if (values.size() > core::kMaxAttributes) {
    problems.Add(field, absl::StrCat("has ", values.size(), " entries; at most ",
                                     core::kMaxAttributes, " are allowed"));
    return attributes;
  }
  for (const auto& [name, value] : values) {
    if (name.empty() || name.size() > kMaxFieldNameBytes) {
      problems.Add(field, absl::StrCat("has a name of ", name.size(), " bytes; names have 1 to ",
                                       kMaxFieldNameBytes));
      continue;
    }
    attributes.emplace(name, ToAttribute(value, absl::StrCat(field, "[", name, "]"), problems));
  }
  return attributes;
}

v1::Money ToProto(const Money& money) {
  v1::Money proto;
  proto.set_currency_code(std::string(money.currency.code()));
  proto.set_minor_units(money.minor_units);
  return proto;
}

google::protobuf::Timestamp ToProto(absl::Time time) {
  google::protobuf::Timestamp proto;
  const int64_t seconds = absl::ToUnixSeconds(time);
  proto.set_seconds(seconds);
  proto.set_nanos(
      static_cast<int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
  return proto;
}

google::protobuf::Duration ToProto(absl::Duration duration) {
  google::protobuf::Duration proto;
  absl::Duration rest;
  proto.set_seconds(absl::IDivDuration(duration, absl::Seconds(1), &rest));
  proto.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(rest)));
  return proto;
}

v1::Value ToProto(const core::AttributeValue& value) {
  v1::Value proto;
  if (const auto* text = std::get_if<std::string>(&value)) {
    proto.set_string_value(*text);
  } else if (const auto* number = std::get_if<int64_t>(&value)) {
    proto.set_int_value(*number);
  } else if (const auto* flag = std::get_if<bool>(&value)) {
    proto.set_bool_value(*flag);
  } else {
    *proto.mutable_money_value() = ToProto(std::get<Money>(value));
  }
  return proto;
}

void FillAttributes(const core::Attributes& attributes, ValueMap& values) {
  for (const auto& [name, value] : attributes) values[name] = ToProto(value);
}

}  // namespace fundgate::gate
