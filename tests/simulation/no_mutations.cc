// The build whose code is as it is delivered.
#include "tests/simulation/mutation.h"

namespace fundgate::simulation {

const std::vector<Mutation>& Mutations() {
  static const std::vector<Mutation> kNone;
  return kNone;
}

void Plant(int /*number*/) {}

}  // namespace fundgate::simulation
