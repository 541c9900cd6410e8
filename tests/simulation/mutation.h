// Faults that can be planted in the code under test, where the build has them.
#ifndef TESTS_SIMULATION_MUTATION_H_
#define TESTS_SIMULATION_MUTATION_H_

#include <string_view>
#include <vector>

namespace fundgate::simulation {

struct Mutation {
  std::string_view name;
  std::string_view breaks;  // what it breaks
};

// By number, from 1, as mutations/mutations.toml lists them; none in a build without them.
const std::vector<Mutation>& Mutations();
// Plants the fault of that number from here on; 0: none.
void Plant(int number);

}  // namespace fundgate::simulation

#endif  // TESTS_SIMULATION_MUTATION_H_
