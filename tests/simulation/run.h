// Runs of the simulation: from seeds, and what becomes of those that fail.
#ifndef TESTS_SIMULATION_RUN_H_
#define TESTS_SIMULATION_RUN_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tests/simulation/setting.h"

namespace fundgate::simulation {

// What a seed stands for: a kind of world, and a seed for each of its steps.
struct Script {
  Setting setting;
  std::vector<uint64_t> steps;

  static Script Of(uint64_t seed);
};

struct Result {
  uint64_t records = 0;                // of the journal
  std::optional<std::string> failure;  // what is wrong; nothing if all is well
  size_t failed_at = 0;                // the step; as many as there are if it showed in the end
  std::string story;                   // if it was asked for
};

// The same script gives the same result, always. One thread; others may run other scripts
// meanwhile.
Result RunScript(const Script& script, bool tells = false);

// Leaves out steps for as long as what remains still fails, in at most that many runs. `script`
// fails.
Script Shrink(Script script, size_t runs_max);

struct Limits {
  uint64_t seeds = 0;  // none: as many as there is time for
  double seconds = 0;  // none: as many as there are seeds
  unsigned jobs = 1;
  uint64_t first_seed = 1;
};
struct Summary {
  uint64_t runs = 0;
  uint64_t records = 0;
  double seconds = 0;
  double slowest = 0;  // seconds of a run, by the processor's clock
  uint64_t slowest_seed = 0;
  std::optional<uint64_t> failed_seed;  // the first
  std::string failure;                  // what is wrong with it
};

// Runs one seed after the other until one fails or a limit is met. `progress` is called now and
// then, on one thread at a time.
Summary RunMany(const Limits& limits, const std::function<void(const Summary&)>& progress);

}  // namespace fundgate::simulation

#endif  // TESTS_SIMULATION_RUN_H_
