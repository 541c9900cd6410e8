#include "tests/model/compare.h"

#include <algorithm>
#include <map>
#include <random>
#include <variant>

#include "server/core/machine.h"
#include "tests/model/describe.h"
#include "tests/model/generator.h"
#include "tests/model/referee.h"

namespace fundgate::model {
namespace {

void Note(const core::Input& input, const AnswerPicture& answer, Coverage& coverage) {
  ++coverage.seen["input " + std::to_string(input.body.index())];
  ++coverage.seen["answer " + std::to_string(static_cast<int>(answer.sort))];
  if (answer.sort == AnswerSort::kDecision) {
    ++coverage
          .seen[answer.replayed ? "replayed"
                                : "verdict " + std::to_string(static_cast<int>(answer.verdict))];
    for (const std::string& reason : answer.reasons) {
      ++coverage.seen["reason " + reason.substr(0, 7)];
      const bool waived = reason.starts_with("code 7 ") && reason.ends_with(" ALLOW");
      if (waived && answer.verdict == core::Verdict::kAllow) ++coverage.seen["approved"];
      if (reason == "code 10 many_refunds ALLOW") ++coverage.seen["approved rule"];
    }
    for (const std::string& reason : answer.shadow)
      ++coverage.seen["shadow " + reason.substr(0, 7)];
  }
  for (const std::string& violation : answer.violations) {
    ++coverage.seen["violation " + violation.substr(0, 7)];
  }
}

}  // namespace

std::vector<uint64_t> Steps(uint64_t run_seed, size_t count) {
  std::mt19937_64 engine(run_seed);
  std::vector<uint64_t> steps(count);
  std::generate(steps.begin(), steps.end(), [&] { return engine(); });
  return steps;
}

std::optional<Mismatch> Compare(const PolicyUnderTest& policy, const std::vector<uint64_t>& steps,
                                Mutation mutation, Coverage* coverage, bool verbose) {
  Referee referee(policy.terms, mutation);
  const core::Machine machine(referee.state());
  Generator generator(policy.compiled);
  std::string story;
  for (size_t i = 0; i < steps.size(); ++i) {
    const core::Input input = generator.Next(steps[i], referee.model());
    if (verbose) story += Describe(input);
    const absl::StatusOr<core::Outcome> outcome = machine.Apply(input);
    if (!outcome.ok()) {
      return Mismatch{i, story + "the machine failed: " + std::string(outcome.status().message())};
    }
    const Ruling ruling = referee.Follow(input, *outcome);
    if (verbose) story += "    // " + Describe(ruling.answer) + "\n";
    if (coverage != nullptr) {
      Note(input, ruling.answer, *coverage);
      coverage->seen["released by proof"] += ruling.released_by_proof;
    }
    if (ruling.difference.has_value()) return Mismatch{i, story + *ruling.difference};
    if (ruling.answer.sort == AnswerSort::kWait) {
      generator.Park(std::get<core::CheckInput>(input.body));
    }
  }
  return std::nullopt;
}

std::vector<uint64_t> Shrink(const PolicyUnderTest& policy, std::vector<uint64_t> steps,
                             Mutation mutation) {
  const auto first = Compare(policy, steps, mutation, nullptr, false);
  if (!first.has_value()) return steps;
  steps.resize(first->step + 1);
  for (size_t chunk = std::max<size_t>(steps.size() / 2, 1); chunk > 0; chunk /= 2) {
    bool again = true;
    while (again) {
      again = false;
      for (size_t from = 0; from < steps.size();) {
        std::vector<uint64_t> fewer = steps;
        const size_t to = std::min(from + chunk, fewer.size());
        fewer.erase(fewer.begin() + static_cast<ptrdiff_t>(from),
                    fewer.begin() + static_cast<ptrdiff_t>(to));
        if (const auto still = Compare(policy, fewer, mutation, nullptr, false)) {
          fewer.resize(still->step + 1);
          steps = fewer;
          again = true;
        } else {
          from = to;
        }
      }
    }
  }
  return steps;
}

}  // namespace fundgate::model
