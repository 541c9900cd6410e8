#include "server/gate/position_numbers.h"

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace fundgate::gate {

std::vector<std::pair<std::string, uint64_t>> NumbersOf(const std::string& position, size_t most) {
  std::vector<std::pair<std::string, uint64_t>> numbers;
  for (const absl::string_view entry : absl::StrSplit(position, ',', absl::SkipEmpty())) {
    const size_t colon = entry.find(':');
    const size_t end = colon != absl::string_view::npos ? entry.rfind(':') : entry.find('-');
    if (end == absl::string_view::npos || numbers.size() == most) continue;
    const absl::string_view stream = entry.substr(
        0, colon != absl::string_view::npos && entry.find('-', colon) != absl::string_view::npos
               ? colon
               : end);
    size_t digits = entry.size();
    while (digits > 0 && absl::ascii_isdigit(static_cast<unsigned char>(entry[digits - 1]))) {
      --digits;
    }
    uint64_t number = 0;
    if (absl::SimpleAtoi(entry.substr(digits), &number)) {
      numbers.emplace_back(std::string(stream), number);
    }
  }
  return numbers;
}

}  // namespace fundgate::gate
