#include "server/expression/map.h"

#include <algorithm>
#include <compare>
#include <cstddef>
#include <utility>

#include "server/expression/numbers.h"

namespace fundgate::expression {
namespace {

int RankOf(const Value& key) {
  if (key.is_bool()) return 0;
  return IsNumber(key) ? 1 : 2;
}

// Keys are bools, numbers and strings. Unordered only for NaN, which no map has as its key.
std::partial_ordering CompareKeys(const Value& a, const Value& b) {
  if (RankOf(a) != RankOf(b)) return RankOf(a) <=> RankOf(b);
  if (a.is_bool()) return a.bool_value() <=> b.bool_value();
  if (IsNumber(a)) return CompareNumbers(a, b);
  return a.string_value() <=> b.string_value();
}

}  // namespace

bool IsMapKey(const Value& key) {
  return key.is_bool() || key.is_int() || key.is_uint() || key.is_string();
}

bool SortMap(std::span<Value> entries) {
  const size_t count = entries.size() / 2;
  for (size_t i = 0; i < count; ++i) {
    if (!IsMapKey(entries[2 * i])) return false;
  }
  // A heap: sorted in place whatever the order, with no memory.
  const auto less = [&](size_t i, size_t j) {
    return CompareKeys(entries[2 * i], entries[2 * j]) < 0;
  };
  const auto swap = [&](size_t i, size_t j) {
    std::swap(entries[2 * i], entries[2 * j]);
    std::swap(entries[2 * i + 1], entries[2 * j + 1]);
  };
  const auto sink = [&](size_t root, size_t end) {
    for (size_t child = 2 * root + 1; child < end; child = 2 * root + 1) {
      if (child + 1 < end && less(child, child + 1)) ++child;
      if (!less(root, child)) return;
      swap(root, child);
      root = child;
    }
  };
  for (size_t i = count / 2; i > 0; --i) sink(i - 1, count);
  for (size_t end = count; end > 1; --end) {
    swap(0, end - 1);
    sink(0, end - 1);
  }
  for (size_t i = 1; i < count; ++i) {
    if (CompareKeys(entries[2 * i - 2], entries[2 * i]) == 0) return false;
  }
  return true;
}

const Value* FindInMap(const Value& map, const Value& key) {
  if (!IsMapKey(key) && !key.is_double()) return nullptr;
  const std::span<const Value> entries = map.map_entries();
  size_t low = 0;
  size_t high = map.map_size();
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    const std::partial_ordering order = CompareKeys(entries[2 * middle], key);
    if (order == 0) return &entries[2 * middle + 1];
    if (order == std::partial_ordering::unordered) return nullptr;
    (order < 0 ? low : high) = order < 0 ? middle + 1 : middle;
  }
  return nullptr;
}

}  // namespace fundgate::expression
