// Which of a document's rules and checks its own tests make speak.
#ifndef SERVER_POLICY_COVERAGE_H_
#define SERVER_POLICY_COVERAGE_H_

#include <string>
#include <vector>

#include "server/policy/loader.h"
#include "server/policy/tester.h"

namespace fundgate::policy {

// Something that only shows what it does when it speaks: a rule, an invariant, a match, chain,
// transition or guard, a declared reaction to a violation.
struct Covered {
  std::string path;                // "rules.refund_burst"
  int line = 0;                    // of its name in the document, from 1
  std::vector<std::string> tests;  // names of those in which it spoke; empty: nothing shows it
};

// All of a document's, in the order of the sections above and by name. `results` are those of
// RunTests() of the same document; a test that fails covers nothing.
std::vector<Covered> CoverageOf(const LoadedPolicy& loaded, const std::vector<TestResult>& results);

}  // namespace fundgate::policy

#endif  // SERVER_POLICY_COVERAGE_H_
