// Events of one source on their way to the gate: most arrive in order, some late, some twice, some
// overtake others.
#ifndef TESTS_SCENARIOS_DELIVERIES_H_
#define TESTS_SCENARIOS_DELIVERIES_H_

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <utility>

#include "fundgate/v1/event.pb.h"
#include "fundgate/v1/ingest.pb.h"

namespace fundgate::scenarios {

// How long a late event is on its way at most, in ticks.
inline constexpr int64_t kLatestTicks = 200;

class Deliveries {
 public:
  Deliveries(std::string source, uint64_t seed) : source_(std::move(source)), random_(seed) {}

  // Something happened at that tick. Of all events 5 % come late, 5 % overtake a few others and
  // 2 % come for a second time.
  void Add(int64_t tick, v1::Event event);

  // What arrives until the tick, as one batch.
  v1::IngestRequest Arrived(int64_t tick);
  bool empty() const { return on_their_way_.empty(); }

  uint64_t late() const { return late_; }
  uint64_t repeated() const { return repeated_; }
  uint64_t overtaking() const { return overtaking_; }

 private:
  int64_t Within(int64_t least, int64_t most);

  const std::string source_;
  std::mt19937_64 random_;
  // By the tick and place of arrival.
  std::multimap<std::pair<int64_t, uint64_t>, v1::Event> on_their_way_;
  uint64_t added_ = 0;
  uint64_t late_ = 0;
  uint64_t repeated_ = 0;
  uint64_t overtaking_ = 0;
};

}  // namespace fundgate::scenarios

#endif  // TESTS_SCENARIOS_DELIVERIES_H_
