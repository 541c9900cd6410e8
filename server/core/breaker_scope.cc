#include "server/core/breaker_scope.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "fundgate/types/text.h"

namespace fundgate::core {
namespace {

constexpr std::string_view kHexDigits = "0123456789ABCDEF";

bool IsUnreserved(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '.' || c == '_' ||
         c == '~';
}

absl::Status NotAScope(std::string_view text, std::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", ToAbsl(text), "\" is not a breaker scope: ", ToAbsl(why),
                   "; expected *, refund, refund/account:m-1 or */order:o-1"));
}

absl::StatusOr<std::string> Unescape(std::string_view text, std::string_view value) {
  std::string plain;
  for (size_t i = 0; i < value.size(); ++i) {
    if (value[i] != '%') {
      plain.push_back(value[i]);
      continue;
    }
    const bool complete = i + 2 < value.size();
    const size_t high =
        complete ? kHexDigits.find(absl::ascii_toupper(value[i + 1])) : std::string_view::npos;
    const size_t low =
        complete ? kHexDigits.find(absl::ascii_toupper(value[i + 2])) : std::string_view::npos;
    if (high == std::string_view::npos || low == std::string_view::npos) {
      return NotAScope(text, "% must be followed by two hex digits");
    }
    plain.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return plain;
}

bool IsName(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' || c == '.';
  });
}

}  // namespace

std::string EscapeScopeValue(std::string_view value) {
  std::string escaped;
  for (const char c : value) {
    if (IsUnreserved(c)) {
      escaped.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      escaped.append({'%', kHexDigits[byte >> 4U], kHexDigits[byte & 15U]});
    }
  }
  return escaped;
}

absl::StatusOr<BreakerScope> BreakerScope::Parse(std::string_view text) {
  if (text.size() > kMaxScopeBytes) return NotAScope(text.substr(0, 40), "it is too long");
  BreakerScope scope;
  const size_t slash = text.find('/');
  scope.checkpoint = std::string(text.substr(0, slash));
  if (scope.checkpoint != kEverything && !IsName(scope.checkpoint)) {
    return NotAScope(text, "it must begin with * or a checkpoint's name");
  }
  if (slash == std::string_view::npos) return scope;
  const std::string_view rest = text.substr(slash + 1);
  const size_t colon = rest.find(':');
  if (colon == std::string_view::npos || !IsName(rest.substr(0, colon))) {
    return NotAScope(text, "after / it needs FIELD:VALUE");
  }
  scope.field = std::string(rest.substr(0, colon));
  FUNDGATE_ASSIGN_OR_RETURN(scope.value, Unescape(text, rest.substr(colon + 1)));
  if (scope.value.empty()) return NotAScope(text, "the value is missing");
  return scope;
}

std::string BreakerScope::ToString() const {
  return field.empty() ? checkpoint
                       : absl::StrCat(checkpoint, "/", field, ":", EscapeScopeValue(value));
}

std::string KindOfScope(const BreakerScope& scope) {
  return scope.field.empty() ? scope.checkpoint : absl::StrCat(scope.checkpoint, "/", scope.field);
}

std::vector<std::string> ValuesOf(const CheckInput& check, const std::string& field) {
  std::vector<std::string> values;
  if (field == "account") {
    values.push_back(check.account.value());
  } else if (field == "currency") {
    values.emplace_back(check.amount.currency.code());
  } else if (field == "order") {
    for (const Line& line : check.lines) values.push_back(line.order.value());
  } else if (const auto found = check.attributes.find(field); found != check.attributes.end()) {
    values.push_back(ToString(found->second));
  }
  std::erase(values, "");
  return values;
}

std::vector<std::string> ScopesCovering(const CheckInput& check) {
  std::vector<std::string> suffixes = {""};
  const auto add = [&suffixes](std::string_view field, std::string_view value) {
    if (!value.empty())
      suffixes.push_back(absl::StrCat("/", ToAbsl(field), ":", EscapeScopeValue(value)));
  };
  add("account", check.account.value());
  add("currency", check.amount.currency.code());
  for (const Line& line : check.lines) add("order", line.order.value());
  for (const auto& [name, value] : check.attributes) add(name, ToString(value));

  std::vector<std::string> scopes;
  scopes.reserve(2 * suffixes.size());
  for (const std::string& suffix : suffixes) {
    scopes.push_back(absl::StrCat(ToAbsl(kEverything), suffix));
    scopes.push_back(absl::StrCat(check.key.kind.value(), suffix));
  }
  return scopes;
}

}  // namespace fundgate::core
