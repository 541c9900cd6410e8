// The machine against the model, over as many random inputs as there is time for.
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "tests/model/compare.h"
#include "tests/model/policy_under_test.h"

namespace fundgate::model {
namespace {

constexpr uint64_t kRunSteps = 200;

// Inputs in total: FUNDGATE_MODEL_INPUTS, or a million (fewer where sanitizers make all slow).
uint64_t InputsWanted() {
  if (const char* text = std::getenv("FUNDGATE_MODEL_INPUTS"))
    return std::strtoull(text, nullptr, 10);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return 40'000;
#else
  return 1'000'000;
#endif
}

uint64_t FirstSeed() {
  const char* text = std::getenv("FUNDGATE_MODEL_SEED");
  return text == nullptr ? 1 : std::strtoull(text, nullptr, 10);
}

std::string Report(const PolicyUnderTest& policy, uint64_t seed,
                   const std::vector<uint64_t>& steps) {
  const std::vector<uint64_t> few = Shrink(policy, steps, Mutation::kNone);
  const auto mismatch = Compare(policy, few, Mutation::kNone, nullptr, true);
  return "FUNDGATE_MODEL_SEED=" + std::to_string(seed) + " differs at step " +
         std::to_string(Compare(policy, steps, Mutation::kNone, nullptr, false)->step) +
         "; the least of it:\n" + mismatch->report;
}

// Half of the runs have the usual terms, in which everything is known to be reached.
PolicyUnderTest PolicyOf(uint64_t seed) {
  return CompilePolicy(seed % 2 == 0 ? Terms() : Terms::Of(seed));
}

TEST(Model, AgreesWithTheMachineOverRandomInputsAndTerms) {
  const uint64_t runs = (InputsWanted() + kRunSteps - 1) / kRunSteps;
  Coverage coverage;
  for (uint64_t seed = FirstSeed(); seed < FirstSeed() + runs; ++seed) {
    const PolicyUnderTest policy = PolicyOf(seed);
    const std::vector<uint64_t> steps = Steps(seed, kRunSteps);
    if (Compare(policy, steps, Mutation::kNone, &coverage, false).has_value()) {
      FAIL() << Report(policy, seed, steps);
    }
  }
  for (const auto& [what, count] : coverage.seen) {
    RecordProperty(what, std::to_string(count));
    if (std::getenv("FUNDGATE_MODEL_COVERAGE") != nullptr) {
      std::cout << what << ": " << count << "\n";
    }
  }
}

// Inputs that never meet a rule prove nothing about it.
TEST(Model, RandomInputsReachEveryAnswerReasonAndViolation) {
  const PolicyUnderTest policy = CompilePolicy();
  Coverage coverage;
  for (uint64_t seed = 1; seed <= 150; ++seed) {
    Compare(policy, Steps(seed, kRunSteps), Mutation::kNone, &coverage, false);
  }
  std::vector<std::string> wanted = {"replayed",  "approved",  "approved rule", "released by proof",
                                     "verdict 1", "verdict 2", "verdict 3"};
  for (int input = 0; input <= 13; ++input) wanted.push_back("input " + std::to_string(input));
  for (int answer = 0; answer <= 8; ++answer) wanted.push_back("answer " + std::to_string(answer));
  for (int reason = 1; reason <= 9; ++reason) {
    wanted.push_back("reason code " + std::to_string(reason) + " ");
  }
  for (const char* what :
       {"reason code 10", "shadow code 10", "shadow code 11", "violation kind 40"}) {
    wanted.emplace_back(what);
  }
  for (int kind = 1; kind <= 12; ++kind) {
    wanted.push_back("violation kind " + std::to_string(kind) + (kind < 10 ? " " : ""));
  }
  for (const std::string& what : wanted) EXPECT_GT(coverage.seen[what], 0U) << what;
}

class PlantedFault : public testing::TestWithParam<Mutation> {};

// The comparison itself can fail: each fault is found within a few runs.
TEST_P(PlantedFault, IsFound) {
  const PolicyUnderTest policy = CompilePolicy();
  bool found = false;
  for (uint64_t seed = 1; seed <= 100 && !found; ++seed) {
    found = Compare(policy, Steps(seed, kRunSteps), GetParam(), nullptr, false).has_value();
  }
  EXPECT_TRUE(found);
}

INSTANTIATE_TEST_SUITE_P(
    Model, PlantedFault,
    testing::Values(Mutation::kCountsRefundTwice, Mutation::kForgetsBreakers,
                    Mutation::kReplaysAfterValidUntil, Mutation::kTrustsStaleSources,
                    Mutation::kKeepsReleasedPending, Mutation::kForgetsReactions,
                    Mutation::kNeverForgetsRefunds, Mutation::kCountsWhatIsSentAgain,
                    Mutation::kApprovesForEver, Mutation::kPostsWhatIsPast));

// Each term bears on something that is compared: a model that takes another is found out.
TEST(Model, TellsPoliciesApartByEachOfTheirTerms) {
  using Change = void (*)(Terms&);
  const std::vector<std::pair<const char*, Change>> changes = {
      {"max_staleness", [](Terms& t) { t.checkpoints[3].max_staleness = absl::Seconds(30); }},
      {"valid_for", [](Terms& t) { t.checkpoints[3].valid_for = absl::Minutes(3); }},
      {"overdue_after", [](Terms& t) { t.checkpoints[3].overdue_after = absl::Minutes(40); }},
      {"auto_release", [](Terms& t) { t.checkpoints[0].auto_release = false; }},
      {"allows_stale", [](Terms& t) { t.checkpoints[1].allows_stale = false; }},
      {"blind_calls", [](Terms& t) { t.blind_calls = 1; }},
      {"blind_amount", [](Terms& t) { t.blind_amount = 10; }},
      {"approval_lasts", [](Terms& t) { t.approval_lasts = absl::Seconds(1); }},
      {"otherwise", [](Terms& t) { t.otherwise["escrow_covers"] = core::Verdict::kHold; }},
      {"invariants_react", [](Terms& t) { t.invariants_react = false; }},
      {"on_duplicate", [](Terms& t) { t.on_duplicate = core::OnEvent::kAlert; }},
      {"on_unit_mismatch", [](Terms& t) { t.on_unit_mismatch = core::OnEvent::kAlert; }},
      {"channel_burst", [](Terms& t) { t.channel_burst = 0; }},
      {"channel_burst_counts", [](Terms& t) { t.channel_burst_counts = true; }},
      {"many_refunds", [](Terms& t) { t.many_refunds = 2; }},
      {"large_refund", [](Terms& t) { t.large_refund = 20; }},
      {"many_refunds_counts", [](Terms& t) { t.many_refunds_counts = false; }},
      {"order_settled", [](Terms& t) { t.order_settled = 60; }},
      {"order_settled_for_all", [](Terms& t) { t.order_settled_for_all = true; }},
      {"large_payment", [](Terms& t) { t.large_payment = 50; }},
  };
  for (const auto& [name, change] : changes) {
    PolicyUnderTest policy = CompilePolicy();
    change(policy.terms);
    bool found = false;
    for (uint64_t seed = 1; seed <= 300 && !found; ++seed) {
      found = Compare(policy, Steps(seed, kRunSteps), Mutation::kNone, nullptr, false).has_value();
    }
    EXPECT_TRUE(found) << name;
  }
}

TEST(Model, ShrinkingKeepsTheFaultAndDropsWhatItDoesNotNeed) {
  const PolicyUnderTest policy = CompilePolicy();
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    const std::vector<uint64_t> steps = Steps(seed, kRunSteps);
    if (!Compare(policy, steps, Mutation::kCountsRefundTwice, nullptr, false).has_value()) continue;
    const std::vector<uint64_t> few = Shrink(policy, steps, Mutation::kCountsRefundTwice);
    EXPECT_LE(few.size(), 15U);  // policy, epoch, the refund's event, and little else
    EXPECT_TRUE(Compare(policy, few, Mutation::kCountsRefundTwice, nullptr, false).has_value());
    return;
  }
  FAIL() << "The planted fault was never met.";
}

}  // namespace
}  // namespace fundgate::model
