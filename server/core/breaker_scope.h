// The scopes that a breaker can switch, as text:
//   *                      everything
//   refund                 a checkpoint
//   refund/account:m-1     a checkpoint, for one value of a field
//   */channel:app          all checkpoints, for one value of a field
// Fields are `account`, `order`, `currency` and the names of attributes. In values every byte but
// letters, digits and - . _ ~ is written %XX in capitals, after RFC 3986.
#ifndef SERVER_CORE_BREAKER_SCOPE_H_
#define SERVER_CORE_BREAKER_SCOPE_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/core/input.h"

namespace fundgate::core {

inline constexpr std::string_view kEverything = "*";

// Scopes are at most this long as text: bounds keys on disk.
inline constexpr size_t kMaxScopeBytes = 512;

struct BreakerScope {
  std::string checkpoint;  // or "*"
  std::string field;       // empty: the whole checkpoint
  std::string value;       // unescaped

  // INVALID_ARGUMENT saying what was expected. Accepts values escaped in any way, and ones that
  // needed no escape; ToString gives the one canonical text.
  static absl::StatusOr<BreakerScope> Parse(std::string_view text);

  std::string ToString() const;

  friend bool operator==(const BreakerScope&, const BreakerScope&) = default;
};

// A scope without its value: "refund/account" of "refund/account:m-1".
std::string KindOfScope(const BreakerScope& scope);

// A value as it stands in a scope's text.
std::string EscapeScopeValue(std::string_view value);

// The values of a field of the check: of its account, its currency, each of its orders, or of an
// attribute. Empty ones are left out.
std::vector<std::string> ValuesOf(const CheckInput& check, const std::string& field);

// The canonical texts of every scope that covers the check, in a fixed order, widest first.
std::vector<std::string> ScopesCovering(const CheckInput& check);

}  // namespace fundgate::core

#endif  // SERVER_CORE_BREAKER_SCOPE_H_
