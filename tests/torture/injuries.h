// What is done to a world, one thing after another, as a seed says.
#ifndef TESTS_TORTURE_INJURIES_H_
#define TESTS_TORTURE_INJURIES_H_

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "tests/torture/run.h"
#include "tests/torture/services.h"
#include "tests/torture/world.h"

namespace fundgate::torture {

class Injuries {
 public:
  // Counts and failures go into the report.
  Injuries(World& world, uint64_t seed, RunReport& report);

  // One injury, after which all members run again. `heard` is what services heard and must be known
  // to every gate. The name of the injury.
  std::string Next(const std::vector<HeardDecision>& heard);

  // Waits as long as the seed says, at most that many milliseconds.
  void Wait(int most_ms);

 private:
  void Fail(std::string what) { report_.failures.push_back(std::move(what)); }
  // The gate serves, or the run has failed.
  void BringBackGate();

  void KillGate();
  void KillGateAsItStarts();
  void KillSidecar();
  void KillDatabase();
  void KillAll();
  void StopGate();
  void StopSidecar();
  void StopDatabase();
  void Stutter();
  void SlowDisk();
  void FillDisk();
  void Damage(const std::vector<HeardDecision>& heard);
  void JudgeDamaged(const std::string& what, const std::string& folder,
                    const std::vector<HeardDecision>& heard);

  World& world_;
  std::mt19937_64 random_;
  RunReport& report_;
};

}  // namespace fundgate::torture

#endif  // TESTS_TORTURE_INJURIES_H_
