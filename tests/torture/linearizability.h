// Whether a gate that does one thing after another could have answered as clients heard it.
#ifndef TESTS_TORTURE_LINEARIZABILITY_H_
#define TESTS_TORTURE_LINEARIZABILITY_H_

#include <cstdint>
#include <string>

#include "tests/torture/history.h"

namespace fundgate::torture {

struct Judgement {
  bool linearizable = false;
  // Steps that were tried. A search that takes more than kMaxSteps is given up: not linearizable,
  // and said so.
  int64_t steps = 0;
  // If it is not: how far an order of all calls can be found, the state there, and what stands
  // against each call that would have to come next.
  std::string why;
};

inline constexpr int64_t kMaxSteps = 1'000'000;

// Looks for one order of all that happened about an order of the shop such that
// - each call of the gate lies between its invocation and its return, and what nobody heard of lies
//   after its invocation or nowhere;
// - rows reach the gate in the order of their commits, not before they were written, at any time
//   after; but a BLOCK for an overdrawn order is certain: every row that was committed before it
//   was asked for has reached the gate;
// - each answer is what order_model.h says.
// The search is Wing and Gong's, with Lowe's memory of what was seen.
Judgement JudgeHistory(const History& history);

}  // namespace fundgate::torture

#endif  // TESTS_TORTURE_LINEARIZABILITY_H_
