// The one way from a policy's text to what the machine runs.
#ifndef SERVER_POLICY_LOADER_H_
#define SERVER_POLICY_LOADER_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fundgate/policy/v1/document.pb.h"
#include "server/core/policy.h"
#include "server/policy/problem.h"

namespace fundgate::policy {

struct LoadedPolicy {
  std::string file;
  v1::Document document;
  Places places;  // of the document's fields in its text
  std::shared_ptr<const core::Policy> policy;
};

// Either the policy, or at least one problem.
struct LoadResult {
  std::optional<LoadedPolicy> loaded;
  std::vector<Problem> problems;  // sorted by place, at most kMaxProblems + 1

  bool ok() const { return loaded.has_value(); }
};

// Reads, validates and compiles what somebody means to apply. `file_name` is only for the problems.
// A pure function: the same text gives the same result everywhere. Doesn't run the document's
// tests: see tester.h.
LoadResult LoadPolicy(std::string_view text, std::string_view file_name);

// The same of a text that was applied once: what only new documents are refused for (see
// ValidateAsNew) is no problem of it. A gate that is new serves under the policy that it finds.
LoadResult LoadAppliedPolicy(std::string_view text, std::string_view file_name);

}  // namespace fundgate::policy

#endif  // SERVER_POLICY_LOADER_H_
