// What clients of a gate and of its database saw, told by their own clocks.
#ifndef TESTS_TORTURE_HISTORY_H_
#define TESTS_TORTURE_HISTORY_H_

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace fundgate::torture {

// Of a steady clock, in nanoseconds.
using Instant = int64_t;
inline constexpr Instant kNever = std::numeric_limits<Instant>::max();

enum class What : uint8_t {
  // Calls of the gate.
  kCheck,
  kConfirm,
  kRelease,
  kRead,  // of the order's book
  // Rows of the database, which a sidecar tells the gate of at some time after.
  kPaid,      // a payment
  kRefunded,  // a refund that was made
  kFailed,    // a refund that wasn't
};

enum class Heard : uint8_t {
  kNothing,       // no answer, or an error: it may have been done, it may be done yet, or never
  kDone,          // a row: it is committed. Confirm, Release: taken. Read: the numbers below
  kRefused,       // Confirm, Release: FAILED_PRECONDITION
  kAllow,         //
  kHold,          //
  kOverdrawn,     // BLOCK: an invariant would not hold
  kAlreadyMoved,  // BLOCK
  kConflict,      // BLOCK: the key is another movement's
  kStrange,       // what no gate may say, e.g. that it never heard of what it has allowed
};

// One call of a client. All of one order; keys never are of two.
struct Operation {
  What what = What::kCheck;
  int client = 0;
  Instant invoked = 0;
  Instant returned = kNever;  // kNever: nothing was heard of it
  std::string key;            // of the refund or of the payment
  int64_t amount = 0;         // minor units
  Heard heard = Heard::kNothing;
  std::string decision;   // that was heard, or that is confirmed or released
  bool replayed = false;  // an earlier decision, said again
  std::string strange;    // kStrange: what was heard
  // kRead: what the book says.
  int64_t paid = 0;
  int64_t refunded = 0;
  int64_t pending = 0;
};

// All that was done about one order.
struct History {
  std::string order;
  std::vector<Operation> operations;
};

// For people: "client 3, 12.345 s to 12.350 s: Check r7 of 300 -> ALLOW d12".
std::string ToString(const Operation& operation);

}  // namespace fundgate::torture

#endif  // TESTS_TORTURE_HISTORY_H_
