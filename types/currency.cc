#include "fundgate/types/currency.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "fundgate/types/text.h"

namespace fundgate {

// ISO 4217 list one: active codes with a minor unit. Precious metals, test codes and "no currency"
// have none ("N.A.") and move no money here.
struct CurrencyTable {
  static constexpr Currency Entry(const char* code, int8_t exponent) { return {code, exponent}; }
};

namespace {

constexpr auto E = &CurrencyTable::Entry;
constexpr Currency kCurrencies[] = {
    E("AED", 2), E("AFN", 2), E("ALL", 2), E("AMD", 2), E("ANG", 2), E("AOA", 2), E("ARS", 2),
    E("AUD", 2), E("AWG", 2), E("AZN", 2), E("BAM", 2), E("BBD", 2), E("BDT", 2), E("BGN", 2),
    E("BHD", 3), E("BIF", 0), E("BMD", 2), E("BND", 2), E("BOB", 2), E("BOV", 2), E("BRL", 2),
    E("BSD", 2), E("BTN", 2), E("BWP", 2), E("BYN", 2), E("BZD", 2), E("CAD", 2), E("CDF", 2),
    E("CHE", 2), E("CHF", 2), E("CHW", 2), E("CLF", 4), E("CLP", 0), E("CNY", 2), E("COP", 2),
    E("COU", 2), E("CRC", 2), E("CUP", 2), E("CVE", 2), E("CZK", 2), E("DJF", 0), E("DKK", 2),
    E("DOP", 2), E("DZD", 2), E("EGP", 2), E("ERN", 2), E("ETB", 2), E("EUR", 2), E("FJD", 2),
    E("FKP", 2), E("GBP", 2), E("GEL", 2), E("GHS", 2), E("GIP", 2), E("GMD", 2), E("GNF", 0),
    E("GTQ", 2), E("GYD", 2), E("HKD", 2), E("HNL", 2), E("HTG", 2), E("HUF", 2), E("IDR", 2),
    E("ILS", 2), E("INR", 2), E("IQD", 3), E("IRR", 2), E("ISK", 0), E("JMD", 2), E("JOD", 3),
    E("JPY", 0), E("KES", 2), E("KGS", 2), E("KHR", 2), E("KMF", 0), E("KPW", 2), E("KRW", 0),
    E("KWD", 3), E("KYD", 2), E("KZT", 2), E("LAK", 2), E("LBP", 2), E("LKR", 2), E("LRD", 2),
    E("LSL", 2), E("LYD", 3), E("MAD", 2), E("MDL", 2), E("MGA", 2), E("MKD", 2), E("MMK", 2),
    E("MNT", 2), E("MOP", 2), E("MRU", 2), E("MUR", 2), E("MVR", 2), E("MWK", 2), E("MXN", 2),
    E("MXV", 2), E("MYR", 2), E("MZN", 2), E("NAD", 2), E("NGN", 2), E("NIO", 2), E("NOK", 2),
    E("NPR", 2), E("NZD", 2), E("OMR", 3), E("PAB", 2), E("PEN", 2), E("PGK", 2), E("PHP", 2),
    E("PKR", 2), E("PLN", 2), E("PYG", 0), E("QAR", 2), E("RON", 2), E("RSD", 2), E("RUB", 2),
    E("RWF", 0), E("SAR", 2), E("SBD", 2), E("SCR", 2), E("SDG", 2), E("SEK", 2), E("SGD", 2),
    E("SHP", 2), E("SLE", 2), E("SOS", 2), E("SRD", 2), E("SSP", 2), E("STN", 2), E("SVC", 2),
    E("SYP", 2), E("SZL", 2), E("THB", 2), E("TJS", 2), E("TMT", 2), E("TND", 3), E("TOP", 2),
    E("TRY", 2), E("TTD", 2), E("TWD", 2), E("TZS", 2), E("UAH", 2), E("UGX", 0), E("USD", 2),
    E("USN", 2), E("UYI", 0), E("UYU", 2), E("UYW", 4), E("UZS", 2), E("VED", 2), E("VES", 2),
    E("VND", 0), E("VUV", 0), E("WST", 2), E("XAF", 0), E("XCD", 2), E("XCG", 2), E("XOF", 0),
    E("XPF", 0), E("YER", 2), E("ZAR", 2), E("ZMW", 2), E("ZWG", 2),
};
static_assert(std::is_sorted(std::begin(kCurrencies), std::end(kCurrencies)));

}  // namespace

absl::StatusOr<Currency> Currency::FromCode(std::string_view code) {
  const auto* found = std::lower_bound(
      std::begin(kCurrencies), std::end(kCurrencies), code,
      [](const Currency& c, std::string_view wanted) { return c.code() < wanted; });
  if (found == std::end(kCurrencies) || found->code() != code) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", ToAbsl(code), "\" is not an ISO 4217 currency code (three capitals, like CNY)"));
  }
  return *found;
}

std::span<const Currency> Currency::All() { return kCurrencies; }

}  // namespace fundgate
