// Documents and files for tests of the policy's loader.
#ifndef TESTS_POLICY_DOCUMENTS_H_
#define TESTS_POLICY_DOCUMENTS_H_

#include <string>
#include <utility>
#include <vector>

#include "server/policy/loader.h"

namespace fundgate::policy::testing {

// A small valid policy, with each pair's first text replaced by its second. The test fails if a
// text to be replaced is not there.
std::string SmallPolicy(const std::vector<std::pair<std::string, std::string>>& changes = {});

// The file's content by its path below the project's root; the test fails if there is none.
std::string ReadProjectFile(const std::string& path);

// The loaded policy; the test ends with the listing of problems if there are any.
LoadedPolicy MustLoad(const std::string& text);

}  // namespace fundgate::policy::testing

#endif  // TESTS_POLICY_DOCUMENTS_H_
