// Money in expressions: a type that they carry, compare and add, and the functions that make it.
//   money('CNY 100.00')                    a literal, checked at load
//   money(row.amount, "CNY", "major")      an amount of a row, in major or "minor" units
// A DECIMAL column arrives as text, an integer column as int; both are read exactly, or the
// expression fails. Two currencies can't be ordered or added.
//
// And exact decimal rates, for fees, commissions and exchange:
//   rate('0.0060')                         a literal, checked at load; of a column read when it
//   runs amount.times(rate('0.0060'), 'half_even')   money in the same currency; the rounding is
//   one of
//                                          rate.h by its name, as a literal
// Rates are compared, added and subtracted with rates; what is exact stays exact, and nothing is
// rounded unsaid.
#ifndef SERVER_POLICY_MONEY_FUNCTIONS_H_
#define SERVER_POLICY_MONEY_FUNCTIONS_H_

#include "absl/status/status.h"
#include "server/core/money_value.h"
#include "server/core/rate.h"
#include "server/expression/environment.h"

namespace fundgate::policy {

using core::kMoneyId;
using core::MoneyType;
using core::RateType;
using core::ToMoney;
using core::ToValue;

// Declares both types, `money(...)`, + and - of each, `rate(...)` and `times`.
absl::Status AddMoney(expression::Environment& environment);

}  // namespace fundgate::policy

#endif  // SERVER_POLICY_MONEY_FUNCTIONS_H_
