#include "tests/bench/load/movements.h"

#include <cmath>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"

namespace fundgate::bench {
namespace {

constexpr size_t kTurns = size_t{1} << 16;
constexpr double kZipfExponent = 0.99;

std::vector<double> WeightsOf(Spread spread) {
  std::vector<double> weights(kOrders, 1);
  for (size_t order = 0; order < kOrders; ++order) {
    if (spread == Spread::kZipf) {
      weights[order] = 1 / std::pow(static_cast<double>(order + 1), kZipfExponent);
    }
    if (spread == Spread::kHot && order % kAccounts != 0) weights[order] = 0;
  }
  return weights;
}

}  // namespace

std::string AccountOf(size_t order) { return absl::StrCat("m", order % kAccounts); }
std::string NameOf(size_t order) { return absl::StrCat("o", order); }

Movements::Movements(std::string name, Spread spread, uint64_t seed) : name_(std::move(name)) {
  for (size_t order = 0; order < kOrders; ++order) {
    accounts_.push_back(AccountOf(order));
    orders_.push_back(NameOf(order));
  }
  const std::vector<double> weights = WeightsOf(spread);
  std::discrete_distribution<uint32_t> pick(weights.begin(), weights.end());
  std::mt19937_64 random(seed);
  turns_.reserve(kTurns);
  for (size_t i = 0; i < kTurns; ++i) turns_.push_back(pick(random));
}

const Movement& Movements::Next() {
  const size_t order = turns_[count_ % kTurns];
  movement_.key = absl::StrCat(name_, "-", count_++);
  movement_.account = accounts_[order];
  movement_.order = orders_[order];
  return movement_;
}

}  // namespace fundgate::bench
