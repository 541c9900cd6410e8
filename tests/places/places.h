// Where things lie on this machine. Nothing else in the tests knows an absolute path: their objects
// are the same wherever the project lies, so a compiler cache serves each of its clones.
#ifndef TESTS_PLACES_PLACES_H_
#define TESTS_PLACES_PLACES_H_

#include <string>
#include <string_view>

namespace fundgate::places {

// A file or folder of the project by its path from the root: "config/policy.yaml". It need not be
// there. May be called before main, as all functions here, and from any thread.
std::string Source(std::string_view path);

// A program of this build by its name: "fundgated", "fundgate-sidecar", "fundctl". Who calls this
// also has its target built before: add_dependencies(...).
std::string Program(std::string_view name);

// A file or folder of outside test data: "binlog". It lies in the folder that the environment's
// FUNDGATE_TESTDATA names, else in the one that CMake was given as FUNDGATE_TESTDATA_DIR; it may be
// missing.
std::string Testdata(std::string_view path);

}  // namespace fundgate::places

#endif  // TESTS_PLACES_PLACES_H_
