// What a gate may do about one order, one operation after another: slow and obvious, and nothing of
// the gate's own code in it.
#ifndef TESTS_TORTURE_ORDER_MODEL_H_
#define TESTS_TORTURE_ORDER_MODEL_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/torture/history.h"

namespace fundgate::torture {

// How a refund stands.
enum class Stand : uint8_t { kOpen, kPending, kConfirmed, kPosted };

struct Refund {
  Stand stand = Stand::kOpen;
  int64_t bound = 0;  // the amount that the key stands for; 0: it was never recorded
  int64_t reserved = 0;
  int64_t posted = 0;
  // That allows it now. Somebody's whose answer nobody heard: kUnheard, until it is heard again.
  std::string allowed_by;
  std::vector<std::string> released;  // decisions that allowed it before
};

inline constexpr char kUnheard[] = "?";

struct Order {
  int64_t paid = 0;
  std::map<std::string, Refund> refunds;

  // What refunds take of it at their worst.
  int64_t Taken() const;
  // The same text for the same order.
  std::string Text() const;
};

// The orders that there may be after the operation: several where its answer was not heard. None,
// and why not in `why`, if a gate that holds its promises could not have answered so. An operation
// that wasn't heard of may always have been nothing; that is left to the caller.
std::vector<Order> After(const Order& order, const Operation& operation, std::string* why);

}  // namespace fundgate::torture

#endif  // TESTS_TORTURE_ORDER_MODEL_H_
