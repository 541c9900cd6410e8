#include "tests/scenarios/deliveries.h"

#include "absl/strings/str_cat.h"

namespace fundgate::scenarios {

int64_t Deliveries::Within(int64_t least, int64_t most) {
  return least + static_cast<int64_t>(random_() % static_cast<uint64_t>(most - least + 1));
}

void Deliveries::Add(int64_t tick, v1::Event event) {
  // Places are apart, so that an event can come before one that was added earlier.
  uint64_t place = ++added_ * 1000;
  event.set_event_id(absl::StrCat(source_, "-", added_));
  const int64_t luck = Within(0, 99);
  if (luck < 5) {
    tick += Within(1, kLatestTicks);
    ++late_;
  } else if (luck < 10) {
    place = place > 20'000 ? place - 20'000 + 1 : 1;
    ++overtaking_;
  } else if (luck < 12) {
    on_their_way_.emplace(std::pair(tick + Within(0, kLatestTicks), place + 2), event);
    ++repeated_;
  }
  on_their_way_.emplace(std::pair(tick, place), std::move(event));
}

v1::IngestRequest Deliveries::Arrived(int64_t tick) {
  v1::IngestRequest request;
  while (!on_their_way_.empty() && on_their_way_.begin()->first.first <= tick) {
    *request.add_events() = std::move(on_their_way_.begin()->second);
    on_their_way_.erase(on_their_way_.begin());
  }
  return request;
}

}  // namespace fundgate::scenarios
