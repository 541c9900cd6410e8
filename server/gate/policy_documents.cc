#include "server/gate/policy_documents.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/policy/structure.h"

namespace fundgate::gate {
namespace {

absl::Status FailureOf(const std::vector<policy::TestResult>& results) {
  size_t failed = 0;
  std::string first;
  for (const policy::TestResult& result : results) {
    if (result.passed) continue;
    if (failed++ == 0) {
      first = absl::StrCat("\"", result.name, "\" (line ", result.line, "): ", result.message);
    }
  }
  if (failed == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      failed, " of the policy's own ", results.size(), " tests failed, so it was not applied: ",
      first, failed > 1 ? "; run `fundctl policy test` to see all" : ""));
}

}  // namespace

PreparedPolicy PreparePolicy(const std::string& document, const std::string& file_name) {
  PreparedPolicy prepared;
  policy::LoadResult read =
      policy::LoadPolicy(document, file_name.empty() ? kDefaultPolicyFile : file_name);
  if (!read.ok()) {
    prepared.problems = std::move(read.problems);
    return prepared;
  }
  prepared.results = policy::RunTests(*read.loaded);
  prepared.failure = FailureOf(prepared.results);
  prepared.input.text = document;
  prepared.input.policy = read.loaded->policy;
  prepared.loaded = std::move(read.loaded);
  return prepared;
}

void CheckSuccession(const core::Resident& present, PreparedPolicy& prepared) {
  if (!prepared.ok() || present.policy == nullptr) return;
  const std::vector<policy::Problem> refusals =
      policy::CheckSuccession(*present.policy, *prepared.loaded);
  if (refusals.empty()) return;
  prepared.failure = absl::FailedPreconditionError(
      absl::StrCat("it can't follow policy ", present.policy_version, ":\n",
                   absl::StripTrailingAsciiWhitespace(policy::Render(refusals))));
}

absl::StatusOr<std::shared_ptr<const core::Policy>> CompilePolicy(std::string_view text) {
  policy::LoadResult read = policy::LoadAppliedPolicy(text, kDefaultPolicyFile);
  if (read.ok()) return std::move(read.loaded->policy);
  return absl::DataLossError(
      absl::StrCat("a policy that was applied once can't be read any more; use the release that "
                   "applied it: ",
                   policy::Render(read.problems)));
}

v1::PolicyProblem ToProto(const policy::Problem& problem) {
  v1::PolicyProblem proto;
  proto.set_file(problem.file);
  proto.set_line(problem.line);
  proto.set_column(problem.column);
  proto.set_message(problem.message);
  return proto;
}

v1::PolicyChange ToProto(const policy::Change& change) {
  v1::PolicyChange proto;
  switch (change.kind) {
    case policy::ChangeKind::kAdded:
      proto.set_kind(v1::POLICY_CHANGE_KIND_ADDED);
      break;
    case policy::ChangeKind::kRemoved:
      proto.set_kind(v1::POLICY_CHANGE_KIND_REMOVED);
      break;
    case policy::ChangeKind::kChanged:
      proto.set_kind(v1::POLICY_CHANGE_KIND_CHANGED);
      break;
  }
  proto.set_path(change.path);
  proto.set_before(change.before);
  proto.set_after(change.after);
  return proto;
}

v1::PolicyTestResult ToProto(const policy::TestResult& result) {
  v1::PolicyTestResult proto;
  proto.set_name(result.name);
  proto.set_passed(result.passed);
  proto.set_line(result.line);
  proto.set_message(result.message);
  proto.set_got(result.got);
  for (const std::string& path : result.fired) proto.add_fired(path);
  return proto;
}

v1::PolicyCoverage ToProto(const policy::Covered& covered) {
  v1::PolicyCoverage proto;
  proto.set_path(covered.path);
  proto.set_line(covered.line);
  for (const std::string& test : covered.tests) proto.add_tests(test);
  return proto;
}

Problems AsFieldProblems(const std::vector<policy::Problem>& problems) {
  Problems fields;
  for (const policy::Problem& problem : problems) {
    fields.Add("document", absl::StrCat(problem.file, ":", problem.line, ":", problem.column, ": ",
                                        problem.message));
  }
  return fields;
}

}  // namespace fundgate::gate
