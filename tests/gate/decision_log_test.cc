// Which decisions are written to the log, what of them, and how often.
#include "server/gate/decision_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/core/decision.h"

namespace fundgate::gate {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class DecisionLogOfChecks : public ::testing::Test {
 protected:
  // A check with this answer was recorded.
  void Recorded(core::Verdict verdict, const std::string& traceparent = "") {
    core::CheckInput check;
    check.request_id = "q-1";
    check.key = {MovementKind("refund"), IdempotencyKey("secret-key")};
    check.account = AccountId("secret-account");
    if (!traceparent.empty()) check.attributes["traceparent"] = traceparent;
    core::Decision decision;
    decision.id = core::DecisionId(0x2a);
    decision.verdict = verdict;
    decision.reasons.push_back(
        {core::ReasonCode::kInvariant, "refunds_within_paid", "no room", verdict, {}});
    core::Input input;
    input.body = check;
    core::Outcome outcome;
    outcome.answer = decision;
    decisions_.Recorded(input, outcome);
  }

  std::vector<std::string> lines_;
  absl::Duration now_;
  absl::Status taken_;
  DecisionLog decisions_{
      logging::Log([this](const logging::Line& line) { lines_.push_back(logging::ToText(line)); }),
      {[this] { return now_; },
       [](const std::string& name) { return absl::StrCat("<", name, ">"); },
       [this](const std::function<void()>& job) {
         if (taken_.ok()) job();
         return taken_;
       }}};
};

TEST_F(DecisionLogOfChecks, WhatWasNotAllowedIsFoundByItsNameAndItsTrace) {
  Recorded(core::Verdict::kAllow);
  EXPECT_THAT(lines_, ElementsAre());
  Recorded(core::Verdict::kHold);
  Recorded(core::Verdict::kBlock, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  EXPECT_THAT(
      lines_,
      ElementsAre(
          "not allowed decision_id=d000000000000002a request_id=q-1 checkpoint=refund verdict=HOLD "
          "reason=\"INVARIANT <refunds_within_paid>\"",
          "not allowed decision_id=d000000000000002a trace_id=4bf92f3577b34da6a3ce929d0e0e4736 "
          "request_id=q-1 checkpoint=refund verdict=BLOCK "
          "reason=\"INVARIANT <refunds_within_paid>\""));
  EXPECT_THAT(lines_.back(), Not(HasSubstr("secret")));
}

TEST_F(DecisionLogOfChecks, OthersAreNone) {
  core::Input input;
  input.body = core::TickInput();
  decisions_.Recorded(input, core::Outcome());
  EXPECT_THAT(lines_, ElementsAre());
}

TEST_F(DecisionLogOfChecks, AFloodIsCountedAndNotWritten) {
  for (int i = 0; i < kDecisionLinesBurst + 50; ++i) Recorded(core::Verdict::kBlock);
  EXPECT_EQ(lines_.size(), static_cast<size_t>(kDecisionLinesBurst));
  now_ += absl::Seconds(1);
  Recorded(core::Verdict::kBlock);
  EXPECT_THAT(lines_.back(), HasSubstr("unwritten_before=50"));
  Recorded(core::Verdict::kBlock);
  EXPECT_THAT(lines_.back(), Not(HasSubstr("unwritten_before")));
}

TEST_F(DecisionLogOfChecks, WhoeverReadsTheLogTooSlowlyIsNotWaitedFor) {
  taken_ = absl::ResourceExhaustedError("too much waits already");
  Recorded(core::Verdict::kBlock);
  Recorded(core::Verdict::kBlock);
  EXPECT_THAT(lines_, ElementsAre());
  taken_ = absl::OkStatus();
  Recorded(core::Verdict::kBlock);
  EXPECT_THAT(lines_, ElementsAre(HasSubstr("unwritten_before=2")));
}

}  // namespace
}  // namespace fundgate::gate
