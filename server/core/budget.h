// Money and calls that may be spent.
#ifndef SERVER_CORE_BUDGET_H_
#define SERVER_CORE_BUDGET_H_

#include <cstdint>

#include "fundgate/types/money.h"

namespace fundgate::core {

// A budget in calls and in money of one currency.
struct Budget {
  int64_t calls = 0;
  Money amount;

  friend bool operator==(const Budget&, const Budget&) = default;
};

// Whether one more call with this amount fits. An amount in another currency never does.
inline bool Suffices(const Budget& left, const Money& amount) {
  return left.calls > 0 && left.amount.currency == amount.currency &&
         left.amount.minor_units >= amount.minor_units;
}

// Takes one call with this amount out of a budget that suffices for it.
inline void Spend(Budget& left, const Money& amount) {
  left.calls -= 1;
  left.amount.minor_units -= amount.minor_units;
}

}  // namespace fundgate::core

#endif  // SERVER_CORE_BUDGET_H_
