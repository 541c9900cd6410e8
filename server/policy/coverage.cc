#include "server/policy/coverage.h"

#include <map>
#include <set>

#include "absl/strings/str_cat.h"

namespace fundgate::policy {
namespace {

template <typename Section>
void AddSection(const std::string& section, const Section& entries,
                std::vector<std::string>& paths) {
  std::set<std::string> names;
  for (const auto& [name, entry] : entries) names.insert(name);
  for (const std::string& name : names) paths.push_back(absl::StrCat(section, ".", name));
}

std::vector<std::string> PathsOf(const v1::Document& document) {
  std::vector<std::string> paths;
  AddSection("rules", document.rules(), paths);
  AddSection("invariants", document.invariants(), paths);
  AddSection("matches", document.matches(), paths);
  AddSection("chains", document.chains(), paths);
  AddSection("transitions", document.transitions(), paths);
  AddSection("guards", document.guards(), paths);
  AddSection("violations", document.violations(), paths);
  return paths;
}

}  // namespace

std::vector<Covered> CoverageOf(const LoadedPolicy& loaded,
                                const std::vector<TestResult>& results) {
  std::map<std::string, std::vector<std::string>> tests;
  for (const TestResult& result : results) {
    if (!result.passed) continue;
    for (const std::string& path : result.fired) tests[path].push_back(result.name);
  }
  std::vector<Covered> covered;
  for (std::string& path : PathsOf(loaded.document)) {
    const int line = loaded.places.Find(path).key.line;
    std::vector<std::string> names = tests[path];
    covered.push_back({std::move(path), line, std::move(names)});
  }
  return covered;
}

}  // namespace fundgate::policy
