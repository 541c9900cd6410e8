#include "server/sidecar/binlog/shadow.h"

#include <algorithm>
#include <cstddef>
#include <initializer_list>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "fundgate/types/text.h"

namespace fundgate::binlog {
namespace {

constexpr size_t kUnderscoresMax = 10;
constexpr size_t kTimeDigits = 14;  // 20261120100000

bool EndsWith(std::string_view text, std::string_view end) {
  return absl::EndsWithIgnoreCase(ToAbsl(text), ToAbsl(end));
}

// What stands between the underscores in front, of which the table's name may have some of its own,
// and the end.
bool IsFor(std::string_view shadow, std::string_view table, std::string_view end) {
  if (!EndsWith(shadow, end)) return false;
  std::string_view middle = shadow.substr(0, shadow.size() - end.size());
  for (size_t i = 0; i < kUnderscoresMax && middle.starts_with('_'); ++i) {
    middle.remove_prefix(1);
    if (absl::EqualsIgnoreCase(ToAbsl(middle), ToAbsl(table))) return true;
  }
  return false;
}

std::string_view WithoutTime(std::string_view name) {
  if (name.size() <= kTimeDigits + 1 || name[name.size() - kTimeDigits - 1] != '_') return name;
  const std::string_view digits = name.substr(name.size() - kTimeDigits);
  const bool is_time =
      std::all_of(digits.begin(), digits.end(), [](char c) { return absl::ascii_isdigit(c); });
  return is_time ? name.substr(0, name.size() - kTimeDigits - 1) : name;
}

}  // namespace

bool BecomesTable(std::string_view shadow, std::string_view table) {
  return IsFor(shadow, table, "_gho") || IsFor(shadow, table, "_new");
}

bool IsShadowOf(std::string_view shadow, std::string_view table) {
  for (const std::string_view end : {"_gho", "_new", "_ghc", "_del", "_old"}) {
    if (IsFor(shadow, table, end)) return true;
  }
  if (!EndsWith(shadow, "_del")) return false;
  return IsFor(WithoutTime(shadow.substr(0, shadow.size() - 4)), table, "");
}

}  // namespace fundgate::binlog
