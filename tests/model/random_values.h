// What random inputs are made of: names, amounts and pauses from a small universe.
#ifndef TESTS_MODEL_RANDOM_VALUES_H_
#define TESTS_MODEL_RANDOM_VALUES_H_

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "fundgate/types/ids.h"
#include "fundgate/types/money.h"
#include "fundgate/types/position.h"
#include "server/core/movement.h"
#include "tests/model/model.h"

namespace fundgate::model {

// Numbers from a seed, the same on every machine: the standard's distributions are not.
class Dice {
 public:
  explicit Dice(uint64_t seed) : engine_(seed) {}

  // 0 ... sides - 1.
  uint64_t Roll(uint64_t sides) { return engine_() % sides; }
  bool Percent(uint64_t percent) { return Roll(100) < percent; }
  template <typename T>
  const T& Pick(const std::vector<T>& from) {
    return from[Roll(from.size())];
  }
  const core::Line& Pick(const core::Lines& from) { return from[Roll(from.size())]; }

 private:
  std::mt19937_64 engine_;
};

extern const std::vector<std::string> kCheckpoints;  // those asked most often stand there twice
extern const std::vector<std::string> kSources;      // likewise

Currency RandomCurrency(Dice& dice);
AccountId RandomAccount(Dice& dice);
OrderId RandomOrder(Dice& dice);
IdempotencyKey RandomKey(Dice& dice);
int64_t RandomAmount(Dice& dice);
core::Line RandomLine(Dice& dice, const std::string& kind, const OrderId& order, int64_t amount);
Position PositionAt(const std::string& source, uint64_t number);

// Mostly a moment; sometimes past what is fresh, valid, overdue or remembered.
absl::Duration RandomPause(Dice& dice);

// A key of the model that `fits`, or nothing.
template <typename Fits>
std::optional<core::KeyId> PickKey(Dice& dice, const Model& model, const Fits& fits) {
  std::vector<core::KeyId> keys;
  for (const auto& [id, key] : model.keys()) {
    if (fits(id, key)) keys.push_back(id);
  }
  if (keys.empty()) return std::nullopt;
  return dice.Pick(keys);
}

}  // namespace fundgate::model

#endif  // TESTS_MODEL_RANDOM_VALUES_H_
