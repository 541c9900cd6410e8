#include "client/fundctl/arguments.h"

#include <cstdint>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "fundgate/types/money.h"
#include "fundgate/types/status_macros.h"
#include "google/protobuf/util/time_util.h"

namespace fundgate::fundctl {
namespace {

constexpr std::string_view kStringPrefix = "string:";

}  // namespace

absl::StatusOr<v1::Money> ParseMoney(const std::string& text) {
  FUNDGATE_ASSIGN_OR_RETURN(const Money money, Money::Parse(text));
  v1::Money message;
  message.set_currency_code(std::string(money.currency.code()));
  message.set_minor_units(money.minor_units);
  return message;
}

absl::StatusOr<std::pair<std::string, std::string>> ParsePair(const std::string& text) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    return absl::InvalidArgumentError(absl::StrCat("\"", text, "\": expected NAME=VALUE"));
  }
  return std::make_pair(text.substr(0, equals), text.substr(equals + 1));
}

absl::StatusOr<google::protobuf::Duration> ParseDuration(const std::string& text) {
  absl::Duration duration;
  if (!absl::ParseDuration(text, &duration) || duration < absl::ZeroDuration()) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", text, "\": expected a duration like 500ms, 30s or 2m"));
  }
  google::protobuf::Duration message;
  message.set_seconds(absl::IDivDuration(duration, absl::Seconds(1), &duration));
  message.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(duration)));
  return message;
}

absl::StatusOr<google::protobuf::Timestamp> ParseTime(const std::string& text) {
  google::protobuf::Timestamp time;
  if (google::protobuf::util::TimeUtil::FromString(text, &time)) return time;
  absl::Duration ago;
  if (absl::ParseDuration(text, &ago) && ago >= absl::ZeroDuration()) {
    return google::protobuf::util::TimeUtil::NanosecondsToTimestamp(
        absl::ToUnixNanos(absl::Now() - ago));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("\"", text,
                   "\": expected a time like 2026-11-20T14:00:00Z, or 30m for half an "
                   "hour ago"));
}

absl::StatusOr<v1::Line> ParseLine(const std::string& text) {
  v1::Line line;
  const std::vector<std::string> words = absl::StrSplit(text, ',');
  for (const std::string& word : words) {
    FUNDGATE_ASSIGN_OR_RETURN(const auto pair, ParsePair(word));
    if (pair.first == "order") {
      line.set_order_id(pair.second);
      continue;
    }
    FUNDGATE_ASSIGN_OR_RETURN(const v1::Money money, ParseMoney(pair.second));
    if (pair.first == "amount") {
      *line.mutable_amount() = money;
    } else {
      (*line.mutable_parts())[pair.first] = money;
    }
  }
  return line;
}

v1::Value ParseValue(const std::string& text) {
  v1::Value value;
  int64_t number = 0;
  if (text.rfind(kStringPrefix, 0) == 0) {
    value.set_string_value(text.substr(kStringPrefix.size()));
  } else if (text == "true" || text == "false") {
    value.set_bool_value(text == "true");
  } else if (absl::SimpleAtoi(text, &number)) {
    value.set_int_value(number);
  } else if (const absl::StatusOr<v1::Money> money = ParseMoney(text); money.ok()) {
    *value.mutable_money_value() = *money;
  } else {
    value.set_string_value(text);
  }
  return value;
}

}  // namespace fundgate::fundctl
