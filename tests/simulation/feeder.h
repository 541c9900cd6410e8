// Reads a database's log and tells the gate, as the contract wants it from a sidecar.
#ifndef TESTS_SIMULATION_FEEDER_H_
#define TESTS_SIMULATION_FEEDER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "tests/simulation/scene.h"

namespace fundgate::simulation {

// Asks for an epoch, sends batches that follow on each other, a few ahead of their
// acknowledgements, and begins anew from what is applied whenever something is odd.
class Feeder {
 public:
  Feeder(Scene& scene, std::string source) : scene_(scene), source_(std::move(source)) {}

  // Does the next thing there is to do.
  void Turn();
  // Its connection breaks, or its process starts again: what it knew is gone.
  void Disconnect();
  // Everything that is in the log is applied, and a head read at or after `since` proves it.
  bool HasTold(absl::Time since) const;

 private:
  struct Connection {
    std::shared_ptr<Scene::Stream> stream = std::make_shared<Scene::Stream>();
    bool is_open = false;
    uint64_t epoch = 0;
    uint64_t sent = 0;
    uint64_t acknowledged = 0;
    uint64_t under_way = 0;
    absl::Time heard_at;                          // true time
    absl::Time gate_time;                         // of the newest acknowledgement
    absl::Time earlier_gate_time;                 // of the one before
    absl::Time proven_at = absl::InfinitePast();  // true time of a head that is applied
  };

  Database& database() const { return scene_.databases().at(source_); }
  uint64_t MappingVersion() const;
  void Connect();
  void Send(uint64_t count, bool probes);

  Scene& scene_;
  const std::string source_;
  std::shared_ptr<Connection> connection_;  // who replies to another one replies to nobody
  absl::Time connect_at_ = absl::InfinitePast();
};

}  // namespace fundgate::simulation

#endif  // TESTS_SIMULATION_FEEDER_H_
