// Runs the tests that a document carries.
#ifndef SERVER_POLICY_TESTER_H_
#define SERVER_POLICY_TESTER_H_

#include <string>
#include <vector>

#include "server/policy/loader.h"

namespace fundgate::policy {

struct TestResult {
  std::string name;
  int line = 0;  // of the test in the document, from 1
  bool passed = false;
  std::string expected;            // "BLOCK refunds_within_paid"
  std::string got;                 // "ALLOW"; what it asked in shadow and violations behind it
  std::vector<std::string> fired;  // what spoke, by its path: see TestWorld::Fired(); sorted
  std::string message;             // if it failed: what was expected and what came, or why not
};

// Runs each test on a machine of its own with empty books and a fixed clock: nothing outside the
// document has influence, and nothing is changed. In the document's order.
std::vector<TestResult> RunTests(const LoadedPolicy& loaded);

// True if every result passed.
bool AllPassed(const std::vector<TestResult>& results);

}  // namespace fundgate::policy

#endif  // SERVER_POLICY_TESTER_H_
