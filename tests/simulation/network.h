// The simulated network: messages that come late, twice, in another order or never.
#ifndef TESTS_SIMULATION_NETWORK_H_
#define TESTS_SIMULATION_NETWORK_H_

#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "absl/time/time.h"
#include "tests/model/random_values.h"

namespace fundgate::simulation {

// A message is what happens when it arrives. Time is true time.
class Network {
 public:
  using Message = std::function<void()>;

  // How likely each fate is, in percent.
  struct Weather {
    uint64_t dropped = 3;
    uint64_t doubled = 5;
    uint64_t delayed = 15;  // by much more than usual
  };

  explicit Network(Weather weather) : weather_(weather) {}

  // A call or its answer, each on its own: nothing keeps their order.
  void Send(model::Dice& dice, absl::Time now, const Message& message) {
    if (dice.Percent(weather_.dropped)) return;
    Arrive(now + Delay(dice, weather_.delayed), message);
    if (dice.Percent(weather_.doubled)) Arrive(now + Delay(dice, weather_.delayed), message);
  }

  // One of a stream, whose messages arrive in order and once. Not behind `latest`, which moves on:
  // each that is late makes all behind it late, so few of them are.
  void SendInOrder(model::Dice& dice, absl::Time now, absl::Time& latest, const Message& message) {
    latest = std::max(latest, now + Delay(dice, weather_.delayed / 5));
    Arrive(latest, message);
  }

  // What arrives by `now`, oldest first; what it sends meanwhile counts too.
  void Deliver(absl::Time now) {
    while (!on_their_way_.empty() && on_their_way_.begin()->first.first <= now) {
      const Message message = std::move(on_their_way_.begin()->second);
      on_their_way_.erase(on_their_way_.begin());
      message();
    }
  }

  void SetWeather(Weather weather) { weather_ = weather; }
  bool is_quiet() const { return on_their_way_.empty(); }

 private:
  void Arrive(absl::Time at, Message message) {
    on_their_way_.emplace(std::pair(at, ++sent_), std::move(message));
  }

  static absl::Duration Delay(model::Dice& dice, uint64_t delayed) {
    if (dice.Percent(delayed)) return absl::Milliseconds(20 + dice.Roll(1500));
    return absl::Microseconds(50 + dice.Roll(3000));
  }

  Weather weather_;
  std::map<std::pair<absl::Time, uint64_t>, Message> on_their_way_;
  uint64_t sent_ = 0;
};

}  // namespace fundgate::simulation

#endif  // TESTS_SIMULATION_NETWORK_H_
