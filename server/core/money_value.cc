#include "server/core/money_value.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>

#include "fundgate/types/currency.h"

namespace fundgate::core {
namespace {

uint64_t Pack(Currency currency) {
  const std::string_view code = currency.code();
  uint64_t packed = 0;
  for (const char letter : code) packed = packed << 8 | static_cast<unsigned char>(letter);
  return packed;
}

Currency Unpack(uint64_t packed) {
  const char letters[] = {static_cast<char>(packed >> 16 & 0xff),
                          static_cast<char>(packed >> 8 & 0xff), static_cast<char>(packed & 0xff)};
  const std::string_view code(letters, sizeof letters);
  const std::span<const Currency> all = Currency::All();
  // Unlike Currency::FromCode it never allocates.
  const auto found = std::lower_bound(
      all.begin(), all.end(), code,
      [](const Currency& currency, std::string_view wanted) { return currency.code() < wanted; });
  return found != all.end() && found->code() == code ? *found : Currency();
}

}  // namespace

expression::Type MoneyType() { return expression::Type::Opaque("money", kMoneyId); }

expression::Value ToValue(const Money& money) {
  return expression::Value::Opaque(kMoneyId, money.minor_units, Pack(money.currency));
}

Money ToMoney(const expression::Value& value) {
  return Money{Unpack(value.opaque_second()), value.opaque_first()};
}

}  // namespace fundgate::core
