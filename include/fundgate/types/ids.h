// Names that must not be mistaken for each other: each is its own type around a string.
#ifndef FUNDGATE_TYPES_IDS_H_
#define FUNDGATE_TYPES_IDS_H_

#include <compare>
#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>

namespace fundgate {

// A string with a meaning. `Tag` only tells one kind from another.
template <typename Tag>
class Name {
 public:
  Name() = default;
  explicit Name(std::string value) : value_(std::move(value)) {}
  explicit Name(std::string_view value) : value_(value) {}
  explicit Name(const char* value) : value_(value) {}

  const std::string& value() const { return value_; }
  bool empty() const { return value_.empty(); }

  friend auto operator<=>(const Name&, const Name&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const Name& name) {
    return H::combine(std::move(h), name.value_);
  }
  friend std::ostream& operator<<(std::ostream& out, const Name& name) {
    return out << name.value_;
  }

 private:
  std::string value_;
};

using AccountId = Name<struct AccountIdTag>;            // the partition key: a merchant, a customer
using OrderId = Name<struct OrderIdTag>;                // an order within an account
using IdempotencyKey = Name<struct IdempotencyKeyTag>;  // unique per checkpoint across the gate
using MovementKind = Name<struct MovementKindTag>;      // "refund"; also its checkpoint's name
using SourceName = Name<struct SourceNameTag>;          // "pay_db"

// Position in the journal, and so the order of all inputs. The first input is 1; 0 is "none".
using Sequence = uint64_t;

}  // namespace fundgate

#endif  // FUNDGATE_TYPES_IDS_H_
