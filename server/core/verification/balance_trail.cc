#include "server/core/verification/balance_trail.h"

#include <algorithm>
#include <map>
#include <utility>

namespace fundgate::core {
namespace {

// A walk that takes the earliest step it can, until it can't.
std::vector<size_t> Walk(std::span<const BalanceStep> steps, int64_t start) {
  std::vector<size_t> walk;
  std::vector<bool> taken(steps.size(), false);
  int64_t at = start;
  for (bool moved = true; moved;) {
    moved = false;
    for (size_t i = 0; i < steps.size() && !moved; ++i) {
      if (taken[i] || steps[i].from != at) continue;
      taken[i] = true;
      walk.push_back(i);
      at = steps[i].to;
      moved = true;
    }
  }
  return walk;
}

bool LinksUp(std::span<const BalanceStep> steps, const std::vector<size_t>& order, int64_t start) {
  int64_t at = start;
  for (const size_t index : order) {
    if (steps[index].from != at) return false;
    at = steps[index].to;
  }
  return true;
}

}  // namespace

std::vector<size_t> TrailFrom(std::span<const BalanceStep> steps, int64_t start) {
  std::map<int64_t, std::vector<size_t>> leaving;  // the earliest last, so that it is taken first
  for (size_t i = steps.size(); i-- > 0;) leaving[steps[i].from].push_back(i);
  constexpr size_t kNoStep = SIZE_MAX;
  std::vector<std::pair<int64_t, size_t>> stack = {{start, kNoStep}};
  std::vector<size_t> trail;
  while (!stack.empty()) {
    const auto [balance, step] = stack.back();
    const auto next = leaving.find(balance);
    if (next != leaving.end() && !next->second.empty()) {
      const size_t index = next->second.back();
      next->second.pop_back();
      stack.emplace_back(steps[index].to, index);
      continue;
    }
    if (step != kNoStep) trail.push_back(step);
    stack.pop_back();
  }
  std::reverse(trail.begin(), trail.end());
  // Where no order takes every step, what comes out need not link up.
  return LinksUp(steps, trail, start) ? trail : Walk(steps, start);
}

int64_t HeadOf(std::span<const BalanceStep> steps) {
  std::map<int64_t, int> surplus;
  for (const BalanceStep& step : steps) {
    ++surplus[step.from];
    --surplus[step.to];
  }
  const auto head = std::find_if(steps.begin(), steps.end(),
                                 [&](const BalanceStep& step) { return surplus[step.from] > 0; });
  return head == steps.end() ? steps.front().from : head->from;
}

}  // namespace fundgate::core
