// A set of numbers as a GTID set has it for one server: intervals.
#ifndef SERVER_SIDECAR_FEED_NUMBERS_H_
#define SERVER_SIDECAR_FEED_NUMBERS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fundgate::feed {

class Numbers {
 public:
  // No server counts further.
  static constexpr uint64_t kMost = INT64_MAX;

  // "1-5:7", up to kMost. Nothing if it isn't that.
  static std::optional<Numbers> Parse(std::string_view text);
  std::string ToString() const;

  bool Contains(uint64_t number) const;
  void Add(uint64_t number);
  void Add(const Numbers& others);
  // Only what is up to `number` stays.
  void CutBehind(uint64_t number);
  bool empty() const { return intervals_.empty(); }

  // The lowest number from `from` on that is here and not in `other`.
  std::optional<uint64_t> FirstBeyond(const Numbers& other, uint64_t from = 1) const;

  friend bool operator==(const Numbers&, const Numbers&) = default;

 private:
  struct Interval {
    uint64_t first = 0;
    uint64_t last = 0;

    friend bool operator==(const Interval&, const Interval&) = default;
  };

  void AddInterval(Interval added);

  std::vector<Interval> intervals_;  // sorted, disjoint, not adjacent
};

}  // namespace fundgate::feed

#endif  // SERVER_SIDECAR_FEED_NUMBERS_H_
