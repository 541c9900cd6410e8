#include "tests/model/random_values.h"

#include <limits>

#include "tests/model/facts.h"

namespace fundgate::model {

const std::vector<std::string> kCheckpoints = {"refund",     "refund",   "refund",   "late_refund",
                                               "settlement", "cash_out", "cash_out", "goodwill"};
const std::vector<std::string> kSources = {"pay_db", "pay_db", "till", "bank"};

Currency RandomCurrency(Dice& dice) {
  static const Currency kCny = *Currency::FromCode("CNY");
  static const Currency kJpy = *Currency::FromCode("JPY");
  return dice.Percent(93) ? kCny : kJpy;
}

AccountId RandomAccount(Dice& dice) { return AccountId(dice.Percent(80) ? "m1" : "m2"); }

OrderId RandomOrder(Dice& dice) { return OrderId("o" + std::to_string(1 + dice.Roll(3))); }

IdempotencyKey RandomKey(Dice& dice) {
  return IdempotencyKey("k" + std::to_string(1 + dice.Roll(6)));
}

int64_t RandomAmount(Dice& dice) {
  static const std::vector<int64_t> kUsual = {1, 5, 10, 10, 10, 20, 50, 100};
  if (!dice.Percent(1)) return dice.Pick(kUsual);
  return std::numeric_limits<int64_t>::max() - static_cast<int64_t>(dice.Roll(3) * 50);
}

core::Line RandomLine(Dice& dice, const std::string& kind, const OrderId& order, int64_t amount) {
  core::Line line;
  if (FindKind(kind)->needs_order) line.order = order;
  line.amount = amount;
  if (kind != "settlement") return line;
  const int64_t fee = dice.Percent(10) ? amount : amount / 10;
  line.parts = {{"fee", fee}, {"net", amount - fee}};
  return line;
}

absl::Duration RandomPause(Dice& dice) {
  const uint64_t roll = dice.Roll(1000);
  if (roll < 200) return absl::ZeroDuration();
  if (roll < 960) return absl::Milliseconds(1 + dice.Roll(150));
  if (roll < 985) return absl::Seconds(1 + dice.Roll(5));
  if (roll < 993) return absl::Minutes(1 + dice.Roll(3));
  if (roll < 997) return absl::Minutes(10 + dice.Roll(60));
  return roll < 999 ? absl::Hours(2) : absl::Hours(24 * 401);
}

Position PositionAt(const std::string& source, uint64_t number) {
  if (number == 0) return Position();
  const std::string prefix = source == "pay_db" ? "0-1-" : source + ":";
  return *Position::Parse(prefix + std::to_string(number));
}

}  // namespace fundgate::model
