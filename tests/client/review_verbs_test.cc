// `fundctl hold`, `violation`, `alert`, `breaker` and `plan` at a real gate: what operators do at
// night.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/run_words.h"
#include "tests/gate/gate_world.h"

namespace fundgate::fundctl {
namespace {

using gate::testing::GateWorld;
using gate::testing::Refund;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class ReviewVerbs : public ::testing::Test {
 protected:
  ReviewVerbs() : feeder_(world_.Feed()) { feeder_->Happened("payment", "p1", "o1", 1000); }

  Outcome Run(const std::vector<std::string>& words) {
    std::vector<const char*> pointers;
    for (const std::string& word : words) pointers.push_back(word.c_str());
    return RunWords(std::move(pointers), world_.server().address());
  }
  void Trip() {
    ASSERT_EQ(Run({"breaker", "trip", "refund", "--reason", "wrong amounts"}).code, kOk);
  }

  GateWorld world_;
  std::unique_ptr<gate::testing::TestFeeder> feeder_;
};

TEST_F(ReviewVerbs, AHoldIsListedShownApprovedAndPasses) {
  Trip();
  const v1::Decision held = world_.Check(Refund("r1", "o1", 60));
  EXPECT_THAT(Run({"hold", "list"}).out, AllOf(HasSubstr("OPEN"), HasSubstr("r1"), HasSubstr("m1"),
                                               HasSubstr("CNY 0.60"), HasSubstr("BREAKER refund")));
  EXPECT_THAT(
      Run({"hold", "show", "refund", "r1"}).out,
      AllOf(HasSubstr("to approve"), HasSubstr("BREAKER refund"), HasSubstr("wrong amounts"),
            HasSubstr("paid  posted 1000"), HasSubstr(held.decision_id())));
  const Outcome approved = Run({"hold", "approve", "refund", "r1", "--decision", held.decision_id(),
                                "--reason", "called the shop"});
  EXPECT_EQ(approved.code, kOk) << approved.err;
  EXPECT_THAT(approved.out, AllOf(HasSubstr("APPROVED"), HasSubstr("approved until")));
  EXPECT_EQ(world_.Check(Refund("r1", "o1", 60)).verdict(), v1::VERDICT_ALLOW);
  EXPECT_EQ(Run({"hold", "list"}).out, "No holds.\n");
}

TEST_F(ReviewVerbs, ARejectedHoldIsListedAsSuch) {
  Trip();
  const v1::Decision held = world_.Check(Refund("r1", "o1", 60));
  const Outcome rejected = Run({"hold", "reject", "refund", "r1", "--decision", held.decision_id(),
                                "--reason", "fraud", "--actor", "bob"});
  EXPECT_EQ(rejected.code, kOk) << rejected.err;
  EXPECT_THAT(Run({"hold", "list", "--state", "REJECTED"}).out, HasSubstr("r1"));
}

TEST_F(ReviewVerbs, AReviewOfAnOlderDecisionSaysHowTheKeyStands) {
  Trip();
  const v1::Decision seen = world_.Check(Refund("r1", "o1", 60));
  const v1::Decision newest = world_.Check(Refund("r1", "o1", 60));
  const Outcome approved = Run({"hold", "approve", "refund", "r1", "--decision", seen.decision_id(),
                                "--reason", "called the shop"});
  EXPECT_EQ(approved.code, kError);
  EXPECT_THAT(approved.err, HasSubstr(newest.decision_id()));
}

TEST_F(ReviewVerbs, AViolationIsAnsweredAndResolvedWithItsGroup) {
  feeder_->Happened("refund", "u1", "o1", 20);
  feeder_->Happened("refund", "u2", "o1", 30);
  const Outcome groups = Run({"violation", "groups", "--state", "OPEN"});
  EXPECT_THAT(groups.out, AllOf(HasSubstr("ungated"), HasSubstr("critical"), HasSubstr("2 of 2"),
                                HasSubstr("CNY 0.50"), HasSubstr("source=ledger")));
  const size_t at = groups.out.find("\ng") + 1;
  const std::string group = groups.out.substr(at, groups.out.find(' ', at) - at);
  const Outcome answered = Run({"violation", "ack", group, "--reason", "looking into it"});
  EXPECT_EQ(answered.code, kOk) << answered.err;
  EXPECT_THAT(answered.out, AllOf(HasSubstr("ACKNOWLEDGED"), HasSubstr("looking into it")));
  EXPECT_THAT(Run({"violation", "list", "--state", "ACKNOWLEDGED", "--group", group}).out,
              HasSubstr("refund u2"));
  const Outcome resolved =
      Run({"violation", "resolve", group, "--cause", "wrong_rule", "--reason", "a test account"});
  EXPECT_EQ(resolved.code, kOk) << resolved.err;
  EXPECT_THAT(resolved.out, AllOf(HasSubstr("RESOLVED"), HasSubstr("wrong_rule")));
  EXPECT_THAT(Run({"violation", "summary"}).out, HasSubstr("100.0 %"));
  EXPECT_EQ(Run({"violation", "list", "--state", "OPEN"}).out, "No violations.\n");
}

TEST_F(ReviewVerbs, WhatWaitsToBeToldIsListedAndCounted) {
  EXPECT_EQ(Run({"alert", "list"}).out, "No alerts wait.\n");
  feeder_->Happened("refund", "u1", "o1", 20);
  EXPECT_THAT(Run({"alert", "list"}).out, AllOf(HasSubstr("OPENED"), HasSubstr("1 ungated")));
  EXPECT_THAT(Run({"status"}).out, AllOf(HasSubstr("1 waiting since"), HasSubstr("1 groups open")));
}

TEST_F(ReviewVerbs, APlanIsRunLooksLikeItsSwitchesAndIsUndone) {
  EXPECT_THAT(Run({"plan", "list"}).out,
              AllOf(HasSubstr("reports_are_wrong"), HasSubstr("payments-oncall")));
  const Outcome run =
      Run({"plan", "run", "reports_are_wrong", "--reason", "the bank's file is wrong"});
  EXPECT_EQ(run.code, kOk) << run.err;
  EXPECT_THAT(Run({"breaker", "list"}).out,
              AllOf(HasSubstr("settlement"), HasSubstr("cash_out"), HasSubstr("BLOCK"),
                    HasSubstr("WATCH"), HasSubstr("the bank's file is wrong")));
  EXPECT_EQ(world_.Check(Refund("r1", "o1", 60)).verdict(), v1::VERDICT_ALLOW) << "it only watches";
  const Outcome undone =
      Run({"plan", "undo", "reports_are_wrong", "--reason", "a new file has come"});
  EXPECT_EQ(undone.code, kOk) << undone.err;
  EXPECT_THAT(Run({"breaker", "list"}).out, Not(HasSubstr("settlement")));
  EXPECT_THAT(Run({"breaker", "history", "settlement"}).out,
              AllOf(HasSubstr("OPEN"), HasSubstr("CLOSED"), HasSubstr("plan reports_are_wrong")));
  EXPECT_EQ(Run({"plan", "run", "no_such_plan", "--reason", "x"}).code, kError);
}

TEST_F(ReviewVerbs, AForcedBreakerSaysSoAndItsHistoryWhoDidWhat) {
  EXPECT_EQ(Run({"breaker", "trip", "refund", "--mode", "BLOCK", "--forced", "--for", "1h",
                 "--reason", "doubled", "--actor", "ann"})
                .code,
            kOk);
  EXPECT_THAT(Run({"breaker", "list"}).out, AllOf(HasSubstr("BLOCK forced"), HasSubstr("doubled")));
  EXPECT_EQ(world_.Check(Refund("r1", "o1", 60)).verdict(), v1::VERDICT_BLOCK);
  EXPECT_EQ(Run({"breaker", "trip", "refund", "--forced", "--reason", "x"}).code, kUsage)
      << "what is forced needs an end";
  EXPECT_EQ(Run({"breaker", "reset", "refund", "--reason", "mended", "--actor", "bob"}).code, kOk);
  EXPECT_THAT(Run({"breaker", "history", "refund"}).out,
              AllOf(HasSubstr("ann"), HasSubstr("doubled"), HasSubstr("bob"), HasSubstr("mended")));
}

TEST_F(ReviewVerbs, WrongWordsAreUsageErrors) {
  EXPECT_EQ(Run({"violation", "resolve", "g1", "--cause", "bored", "--reason", "x"}).code, kUsage);
  EXPECT_EQ(Run({"violation", "ack", "g1"}).code, kUsage);
  EXPECT_EQ(Run({"hold", "approve", "refund", "r1", "--reason", "x"}).code, kUsage);
}

}  // namespace
}  // namespace fundgate::fundctl
