// Feeds machine and model the same inputs and compares everything after each one.
#ifndef TESTS_MODEL_COMPARE_H_
#define TESTS_MODEL_COMPARE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/model/model.h"
#include "tests/model/policy_under_test.h"

namespace fundgate::model {

// A run is a list of seeds, one a step. `Steps` makes the list of a run from the run's own seed.
std::vector<uint64_t> Steps(uint64_t run_seed, size_t count);

// Where the two first differ.
struct Mismatch {
  size_t step = 0;
  std::string report;  // the inputs so far, and both sides of what differs
};

// How often each kind of answer was seen: a run that never ALLOWs anything shows nothing.
struct Coverage {
  std::map<std::string, uint64_t> seen;
};

// Runs the steps from an empty state. Nothing if the two agree all along.
std::optional<Mismatch> Compare(const PolicyUnderTest& policy, const std::vector<uint64_t>& steps,
                                Mutation mutation, Coverage* coverage, bool verbose);

// Leaves steps out for as long as what remains still differs.
std::vector<uint64_t> Shrink(const PolicyUnderTest& policy, std::vector<uint64_t> steps,
                             Mutation mutation);

}  // namespace fundgate::model

#endif  // TESTS_MODEL_COMPARE_H_
