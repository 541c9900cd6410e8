// A movement as checks and events name it: amounts by order, and attributes.
#ifndef SERVER_CORE_MOVEMENT_H_
#define SERVER_CORE_MOVEMENT_H_

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/inlined_vector.h"
#include "fundgate/types/ids.h"
#include "fundgate/types/money.h"

namespace fundgate::core {

// One order's share of a movement. All amounts of one movement are in one currency.
struct Line {
  OrderId order;
  int64_t amount = 0;                                  // minor units, > 0
  std::vector<std::pair<std::string, int64_t>> parts;  // by name, sorted; each >= 0

  friend bool operator==(const Line&, const Line&) = default;
};

// Most movements are of one order.
using Lines = absl::InlinedVector<Line, 1>;

// The named part of the line; null if it has none of that name.
const int64_t* FindPart(const Line& line, const std::string& name);

using AttributeValue = std::variant<std::string, int64_t, bool, Money>;
using Attributes = absl::btree_map<std::string, AttributeValue>;

// The value as text: strings as they are, true/false, "CNY 12.34".
std::string ToString(const AttributeValue& value);

// The name of one movement across the whole gate.
struct KeyId {
  MovementKind kind;
  IdempotencyKey key;

  friend auto operator<=>(const KeyId&, const KeyId&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const KeyId& id) {
    return H::combine(std::move(h), id.kind, id.key);
  }
};

}  // namespace fundgate::core

#endif  // SERVER_CORE_MOVEMENT_H_
