// Numbers that properties are tried with.
#ifndef TESTS_PROPERTIES_NUMBERS_H_
#define TESTS_PROPERTIES_NUMBERS_H_

#include <cstdint>
#include <limits>
#include <random>
#include <vector>

namespace fundgate::testing {

inline constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
inline constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();

using Random = std::mt19937_64;

// All that lie at an edge of what 64 bits, 32 bits or a decimal digit hold, give or take two.
inline std::vector<int64_t> Edges() {
  std::vector<int64_t> edges;
  const auto around = [&edges](int64_t number) {
    for (int64_t by = -2; by <= 2; ++by) {
      int64_t near = 0;
      if (!__builtin_add_overflow(number, by, &near)) edges.push_back(near);
    }
  };
  for (const int64_t number : {int64_t{0}, kMost, kLeast, kMost / 2, kLeast / 2, kMost / 10,
                               kMost / 100, int64_t{1} << 31, -(int64_t{1} << 31)}) {
    around(number);
  }
  for (int64_t ten = 10; ten < kMost / 10; ten *= 10) around(ten);
  return edges;
}

// Any number, or one at an edge, or a small one: as often each.
inline int64_t AnyNumber(Random& random) {
  static const std::vector<int64_t> kEdges = Edges();
  switch (random() % 3) {
    case 0:
      return static_cast<int64_t>(random());
    case 1:
      return kEdges[random() % kEdges.size()];
    default:
      return static_cast<int64_t>(random() % 2001) - 1000;
  }
}

}  // namespace fundgate::testing

#endif  // TESTS_PROPERTIES_NUMBERS_H_
