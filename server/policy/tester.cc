#include "server/policy/tester.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "fundgate/types/status_macros.h"
#include "server/policy/test_world.h"

namespace fundgate::policy {
namespace {

// What a test that expects nothing of a sort writes.
constexpr char kNone[] = "none";

std::string ToText(core::Verdict verdict, const std::vector<std::string>& reasons) {
  const std::string text(core::ToString(verdict));
  return reasons.empty() ? text : absl::StrCat(text, " (", absl::StrJoin(reasons, ", "), ")");
}

core::Verdict ToVerdict(v1::Verdict verdict) {
  if (verdict == v1::VERDICT_ALLOW) return core::Verdict::kAllow;
  return verdict == v1::VERDICT_HOLD ? core::Verdict::kHold : core::Verdict::kBlock;
}

// Whether the decision is what was expected; fills in what came.
void CompareDecision(const v1::Expectation& expect, const core::Decision& decision,
                     TestResult& result) {
  std::vector<std::string> reasons;
  std::string sentences;
  bool reason_found = expect.reason().empty();
  for (const core::Reason& reason : decision.reasons) {
    const std::string code(core::ToString(reason.code));
    const bool counts = reason.verdict == decision.verdict;
    if (counts)
      reasons.push_back(reason.name.empty() ? code : absl::StrCat(code, " ", reason.name));
    if (counts && (reason.name == expect.reason() || code == expect.reason())) reason_found = true;
    absl::StrAppend(&sentences, "; ", reason.message);
  }
  bool shadow_found =
      expect.shadow().empty() || (expect.shadow() == kNone && decision.shadow_reasons.empty());
  for (const core::Reason& reason : decision.shadow_reasons) {
    if (reason.name == expect.shadow()) shadow_found = true;
    reasons.push_back(absl::StrCat("in shadow ", reason.name));
    absl::StrAppend(&sentences, "; in shadow, ", reason.message);
  }
  result.got = ToText(decision.verdict, reasons);
  const bool verdict_found = expect.verdict() == v1::VERDICT_UNSPECIFIED ||
                             decision.verdict == ToVerdict(expect.verdict());
  result.passed = verdict_found && reason_found && shadow_found;
  if (!result.passed) {
    result.message = absl::StrCat("expected ", result.expected, ", got ", result.got, sentences);
  }
}

// Whether the violations are what was expected, beside what was found before.
void CompareViolations(const std::string& expected, const std::vector<core::Violation>& violations,
                       TestResult& result) {
  if (expected.empty()) return;
  std::vector<std::string> names;
  std::string sentences;
  bool found = false;
  for (const core::Violation& violation : violations) {
    const std::string kind(core::ToString(violation.kind));
    found |= violation.name == expected || kind == expected;
    names.push_back(violation.name == kind ? kind : absl::StrCat(kind, " ", violation.name));
    absl::StrAppend(&sentences, "; ", violation.message);
  }
  const std::string got =
      names.empty() ? "no violation" : absl::StrCat("violation ", absl::StrJoin(names, ", "));
  absl::StrAppend(&result.got, result.got.empty() ? "" : ", ", got);
  if (expected == kNone ? names.empty() : found) return;
  result.passed = false;
  absl::StrAppend(&result.message, result.message.empty() ? "" : "; ", "expected ",
                  expected == kNone ? "no violation" : "violation " + expected, ", got ", got,
                  sentences);
}

// Whether what was to speak spoke.
void CompareFired(const std::string& expected, TestResult& result) {
  if (expected.empty()) return;
  const bool found = std::any_of(
      result.fired.begin(), result.fired.end(),
      [&](const std::string& path) { return absl::EndsWith(path, absl::StrCat(".", expected)); });
  if (found) return;
  result.passed = false;
  absl::StrAppend(&result.message, result.message.empty() ? "" : "; ", "expected ", expected,
                  " to be true, but ",
                  result.fired.empty()
                      ? "nothing was"
                      : absl::StrCat("only these were: ", absl::StrJoin(result.fired, ", ")));
}

std::string Expected(const v1::Test& test) {
  const v1::Expectation& expect = test.expect();
  std::vector<std::string> reasons;
  if (!expect.reason().empty()) reasons.push_back(expect.reason());
  if (!expect.shadow().empty()) reasons.push_back(absl::StrCat("in shadow ", expect.shadow()));
  std::vector<std::string> all;
  if (expect.verdict() != v1::VERDICT_UNSPECIFIED) {
    all.push_back(ToText(ToVerdict(expect.verdict()), reasons));
  }
  if (expect.violation() == kNone) {
    all.emplace_back("no violation");
  } else if (!expect.violation().empty()) {
    all.push_back(absl::StrCat("violation ", expect.violation()));
  }
  if (!expect.fires().empty()) all.push_back(absl::StrCat(expect.fires(), " is true"));
  return absl::StrJoin(all, ", ");
}

// The test's steps; fills in which one was refused.
absl::Status TakeSteps(const LoadedPolicy& loaded, const v1::Test& test, const std::string& path,
                       TestWorld& world, TestResult& result) {
  FUNDGATE_RETURN_IF_ERROR(world.Start());
  for (int i = 0; i < test.given_size(); ++i) {
    absl::Status status = world.Take(test.given(i));
    if (status.ok()) continue;
    const int line = loaded.places.Find(absl::StrCat(path, ".given[", i, "]")).value.line;
    result.message = absl::StrCat("step ", i + 1, " at line ", line,
                                  " was refused: ", std::string(status.message()));
    result.got = "a refused step";
    return status;
  }
  return absl::OkStatus();
}

TestResult RunOne(const LoadedPolicy& loaded, int index) {
  const v1::Test& test = loaded.document.tests(index);
  const std::string path = absl::StrCat("tests[", index, "]");
  TestResult result;
  result.name = test.name();
  result.line = loaded.places.Find(path).value.line;
  result.expected = Expected(test);

  TestWorld world(loaded, test.sources() != v1::SOURCES_IN_TEST_STALE);
  if (!TakeSteps(loaded, test, path, world, result).ok()) return result;
  result.passed = true;
  if (test.has_check()) {
    const absl::StatusOr<core::Decision> decision = world.Check(test.check());
    if (!decision.ok()) {
      result.passed = false;
      result.got = "a refusal";
      result.message =
          absl::StrCat("the check was refused: ", std::string(decision.status().message()));
      return result;
    }
    CompareDecision(test.expect(), *decision, result);
  }
  if (absl::Status status = world.End(); !status.ok()) {
    result.passed = false;
    result.message = absl::StrCat("the sources can't be proven: ", std::string(status.message()));
    return result;
  }
  const std::set<std::string> fired = world.Fired();
  result.fired.assign(fired.begin(), fired.end());
  CompareViolations(test.expect().violation(), world.violations(), result);
  CompareFired(test.expect().fires(), result);
  return result;
}

}  // namespace

std::vector<TestResult> RunTests(const LoadedPolicy& loaded) {
  std::vector<TestResult> results;
  for (int i = 0; i < loaded.document.tests_size(); ++i) results.push_back(RunOne(loaded, i));
  return results;
}

bool AllPassed(const std::vector<TestResult>& results) {
  return std::all_of(results.begin(), results.end(),
                     [](const TestResult& result) { return result.passed; });
}

}  // namespace fundgate::policy
