#include "server/expression/names.h"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace fundgate::expression {
namespace {

// Names listed in a message at most.
constexpr size_t kListedMax = 12;

// Optimal string alignment, row by row.
size_t Edits(std::string_view a, std::string_view b) {
  std::vector<size_t> before_last;
  std::vector<size_t> last(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    std::vector<size_t> row(b.size() + 1);
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replace = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({replace, last[j] + 1, row[j - 1] + 1});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last = std::move(last);
    last = std::move(row);
  }
  return last[b.size()];
}

}  // namespace

std::string_view NearestName(std::string_view name, std::span<const std::string> candidates) {
  std::string_view nearest;
  size_t fewest = std::max<size_t>(1, name.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const size_t edits = Edits(name, candidate);
    if (edits < fewest) {
      fewest = edits;
      nearest = candidate;
    }
  }
  return nearest;
}

std::string NameHint(std::string_view name, std::span<const std::string> candidates) {
  const std::string_view nearest = NearestName(name, candidates);
  if (!nearest.empty()) return "; did you mean '" + std::string(nearest) + "'?";
  if (candidates.empty()) return "";
  std::string hint = "; there ";
  hint += candidates.size() == 1 ? "is " : "are ";
  for (size_t i = 0; i < candidates.size() && i < kListedMax; ++i) {
    hint += (i == 0 ? "" : ", ") + candidates[i];
  }
  return candidates.size() > kListedMax ? hint + " and others" : hint;
}

}  // namespace fundgate::expression
