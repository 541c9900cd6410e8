#include "tests/bench/load/movements.h"

#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"

namespace fundgate::bench {
namespace {

constexpr size_t kTurns = size_t{1} << 16;
constexpr double kZipfExponent = 0.99;

std::vector<double> WeightsOf(Spread spread, const Shop& shop) {
  std::vector<double> weights(shop.orders, 1);
  for (size_t order = 0; order < shop.orders; ++order) {
    if (spread == Spread::kZipf) {
      weights[order] = 1 / std::pow(static_cast<double>(order + 1), kZipfExponent);
    }
    if (spread == Spread::kHot && order % shop.accounts != 0) weights[order] = 0;
  }
  return weights;
}

// The same for the same name everywhere: FNV-1a.
uint64_t HashOf(std::string_view name) {
  uint64_t hash = 14'695'981'039'346'656'037U;
  for (const char c : name) hash = (hash ^ static_cast<uint8_t>(c)) * 1'099'511'628'211U;
  return hash;
}

}  // namespace

std::string AccountOf(size_t order, size_t accounts) { return absl::StrCat("m", order % accounts); }
std::string NameOf(size_t order) { return absl::StrCat("o", order); }

Movements::Movements(std::string name, Spread spread, uint64_t seed, const Shop& shop)
    : name_(std::move(name)),
      shop_(shop),
      name_hash_(HashOf(name_)),
      filled_(0, shop.orders, shop.keys_of_order, shop.accounts),
      random_(seed) {
  if (spread == Spread::kUniform) return;
  const std::vector<double> weights = WeightsOf(spread, shop_);
  std::discrete_distribution<uint32_t> pick(weights.begin(), weights.end());
  turns_.reserve(kTurns);
  for (size_t i = 0; i < kTurns; ++i) turns_.push_back(pick(random_));
}

size_t Movements::NextOrder() {
  if (!turns_.empty()) return turns_[count_ % kTurns];
  return std::uniform_int_distribution<size_t>(0, shop_.orders - 1)(random_);
}

const Movement& Movements::Next() {
  size_t order = 0;
  if (shop_.keys == Keys::kOld) {
    std::uniform_int_distribution<uint64_t> pick(0, filled_.refunds() - 1);
    const uint64_t number = filled_.RefundAt(pick(random_));
    order = filled_.OrderOf(number);
    movement_.key = filled_.NameOf(number);
  } else {
    order = NextOrder();
    movement_.key = absl::StrCat(name_, "-", count_);
    if (shop_.keys == Keys::kScattered) {
      // An odd factor: no two counts give the same number. The name makes it one of its own.
      const uint64_t scattered = (count_ + 1) * 0x9E3779B97F4A7C15U + name_hash_;
      movement_.key = absl::StrCat(absl::Hex(scattered, absl::kZeroPad16), "-", name_);
    }
  }
  ++count_;
  movement_.account = AccountOf(order, shop_.accounts);
  movement_.order = NameOf(order);
  return movement_;
}

}  // namespace fundgate::bench
