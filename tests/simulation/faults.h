// What breaks: power, processes, disks, clocks, databases and the network.
#ifndef TESTS_SIMULATION_FAULTS_H_
#define TESTS_SIMULATION_FAULTS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "tests/simulation/feeder.h"
#include "tests/simulation/scene.h"
#include "tests/simulation/setting.h"

namespace fundgate::simulation {

class Faults {
 public:
  Faults(Scene& scene, const Setting& setting, std::map<std::string, Feeder>& feeders)
      : scene_(scene), setting_(setting), feeders_(feeders) {}

  // Something breaks, of what the setting has.
  void Strike();
  // Somebody repairs what can't go on by itself, in time.
  void LookAfter();
  // From here on nothing is broken.
  void EndAll();

 private:
  void StrikeGate();
  void StrikeDisk();
  void StrikeClock();
  void StrikeDatabase();
  // RocksDB merges files once it has been opened that often: its own threads would do so.
  bool may_begin_anew() const;

  Scene& scene_;
  const Setting setting_;
  std::map<std::string, Feeder>& feeders_;
  uint64_t resumes_ = 0;
  std::optional<absl::Time> room_at_;     // the disk has room again
  std::optional<absl::Time> weather_at_;  // the network works again
  std::optional<absl::Time> start_at_;    // the gate is started again
};

}  // namespace fundgate::simulation

#endif  // TESTS_SIMULATION_FAULTS_H_
