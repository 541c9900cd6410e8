// The values that many messages share, between the contract and the core: money, times, attributes,
// positions. Towards the core, each function adds what is wrong to `problems` under the field's
// name and returns a harmless value; the caller looks at `problems` before it uses any.
#ifndef SERVER_GATE_CONVERT_VALUES_H_
#define SERVER_GATE_CONVERT_VALUES_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "fundgate/types/money.h"
#include "fundgate/types/position.h"
#include "fundgate/v1/money.pb.h"
#include "fundgate/v1/value.pb.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/map.h"
#include "google/protobuf/timestamp.pb.h"
#include "server/core/movement.h"
#include "server/gate/problems.h"

namespace fundgate::gate {

using ValueMap = google::protobuf::Map<std::string, v1::Value>;

// ---- To the core ----

Currency ToCurrency(const std::string& code, const std::string& field, Problems& problems);

// An amount of at least `minimum` minor units.
Money ToMoney(const v1::Money& money, int64_t minimum, const std::string& field,
              Problems& problems);

// Within the years 1 to 9999, as google.protobuf.Timestamp says.
absl::Time ToTime(const google::protobuf::Timestamp& time, const std::string& field,
                  Problems& problems);

// Within 10000 years either way, as google.protobuf.Duration says.
absl::Duration ToDuration(const google::protobuf::Duration& duration, const std::string& field,
                          Problems& problems);

// At most `max_bytes` of text; empty is the position before everything.
Position ToPosition(const std::string& text, size_t max_bytes, const std::string& field,
                    Problems& problems);

core::Attributes ToAttributes(const ValueMap& values, const std::string& field, Problems& problems);

// ---- To the contract ----

v1::Money ToProto(const Money& money);
google::protobuf::Timestamp ToProto(absl::Time time);  // finite
google::protobuf::Duration ToProto(absl::Duration duration);
v1::Value ToProto(const core::AttributeValue& value);
void FillAttributes(const core::Attributes& attributes, ValueMap& values);

}  // namespace fundgate::gate

#endif  // SERVER_GATE_CONVERT_VALUES_H_
