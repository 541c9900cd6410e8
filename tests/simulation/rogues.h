// Who writes to the databases without having asked, or otherwise than was allowed.
#ifndef TESTS_SIMULATION_ROGUES_H_
#define TESTS_SIMULATION_ROGUES_H_

#include <cstdint>

#include "tests/simulation/scene.h"
#include "tests/simulation/services.h"

namespace fundgate::simulation {

// Tells the witness whom each deed taints, and what must be found of it in the end.
class Rogues {
 public:
  Rogues(Scene& scene, Services& services) : scene_(scene), services_(services) {}

  // Some deed.
  void Act();
  // A row that the gate's source can't read.
  void WriteUnreadable();

 private:
  void MoveUngated();
  void MoveTwice();
  void MoveOtherwise();
  void MoveWhatWasGivenBack();
  void PayTwice();
  void TakeBack();
  void ChangePayment();
  void DeleteMovement();
  // Nobody honest does anything about it any more.
  core::Contribution Take(Job& job);

  Scene& scene_;
  Services& services_;
  uint64_t made_ = 0;
};

}  // namespace fundgate::simulation

#endif  // TESTS_SIMULATION_ROGUES_H_
