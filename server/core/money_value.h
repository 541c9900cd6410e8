// Money as a value of expressions: how amounts of movements and events come into them.
#ifndef SERVER_CORE_MONEY_VALUE_H_
#define SERVER_CORE_MONEY_VALUE_H_

#include "fundgate/types/money.h"
#include "server/expression/type.h"
#include "server/expression/value.h"

namespace fundgate::core {

inline constexpr expression::OpaqueId kMoneyId = 1;

expression::Type MoneyType();

expression::Value ToValue(const Money& money);

// `value` must be money (value.is_opaque(kMoneyId)).
Money ToMoney(const expression::Value& value);

}  // namespace fundgate::core

#endif  // SERVER_CORE_MONEY_VALUE_H_
