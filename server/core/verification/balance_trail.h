// Puts rows of a running balance in order when nothing but their balances says which came first.
#ifndef SERVER_CORE_VERIFICATION_BALANCE_TRAIL_H_
#define SERVER_CORE_VERIFICATION_BALANCE_TRAIL_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace fundgate::core {

// One row: it takes the balance from `from` to `to`.
struct BalanceStep {
  int64_t from = 0;
  int64_t to = 0;
};

// An order, as indexes, in which steps link up from `start` on: all of them if there is such an
// order, else as many as a walk finds. Steps are the edges of a graph whose nodes are balances, and
// the order is a trail through it (Hierholzer, 1873). Deterministic.
std::vector<size_t> TrailFrom(std::span<const BalanceStep> steps, int64_t start);

// Where a trail over the steps must begin: a balance that is left more often than it is reached, of
// the earliest such step; else where the first step begins. There must be a step.
int64_t HeadOf(std::span<const BalanceStep> steps);

}  // namespace fundgate::core

#endif  // SERVER_CORE_VERIFICATION_BALANCE_TRAIL_H_
