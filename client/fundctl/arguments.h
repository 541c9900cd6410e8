// Words of the command line as messages of the contract.
#ifndef CLIENT_FUNDCTL_ARGUMENTS_H_
#define CLIENT_FUNDCTL_ARGUMENTS_H_

#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "fundgate/v1/check.pb.h"
#include "fundgate/v1/money.pb.h"
#include "fundgate/v1/value.pb.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"

namespace fundgate::fundctl {

// "CNY 12.34", by ISO 4217's exponents, never through floating point.
absl::StatusOr<v1::Money> ParseMoney(const std::string& text);

// "NAME=VALUE"; the name is not empty.
absl::StatusOr<std::pair<std::string, std::string>> ParsePair(const std::string& text);

// "500ms", "2m", "1h30m".
absl::StatusOr<google::protobuf::Duration> ParseDuration(const std::string& text);

// "2026-11-20T14:00:00Z", or how long before now: "30m".
absl::StatusOr<google::protobuf::Timestamp> ParseTime(const std::string& text);

// "order=o1,amount=CNY 1.00,net=CNY 0.90,fee=CNY 0.10": every other name is a part.
absl::StatusOr<v1::Line> ParseLine(const std::string& text);

// true and false, whole numbers, money and everything else as text. "string:5" is the text 5.
v1::Value ParseValue(const std::string& text);

}  // namespace fundgate::fundctl

#endif  // CLIENT_FUNDCTL_ARGUMENTS_H_
