#include "server/core/holds.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/world.h"

namespace fundgate::core::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Holds : public ::testing::Test {
 protected:
  Holds() {
    world_.Insert("payment", 1, {.key = "p1", .amount = "CNY 1000.00"});
    world_.Prove();
  }

  void Trip(const std::string& scope) {
    world_.Get<BreakerAnswer>(TripBreakerInput{scope, Verdict::kHold, "ann", "incident", {}});
  }
  Decision Ask(const std::string& key, const std::string& amount = "CNY 1.00") {
    world_.Prove();
    return world_.Check("refund", key, amount);
  }
  // Reviews the newest decision of a key.
  template <typename Review>
  Review ReviewOf(const std::string& key) {
    Review review;
    review.key = {MovementKind("refund"), IdempotencyKey(key)};
    review.account = AccountId("m1");
    review.decision_id = world_.Key("refund", key).decision->id;
    review.actor = "bob";
    review.reason = "called the shop";
    return review;
  }
  void Approve(const std::string& key) { world_.Get<Done>(ReviewOf<ApproveHoldInput>(key)); }
  const Hold& HoldOf(const std::string& key) { return *world_.Key("refund", key).hold; }
  // Keys in the queue in that state, the oldest first.
  std::vector<std::string> Queue(HoldState state = HoldState::kOpen) {
    std::vector<std::string> keys;
    for (const auto& [entry, nothing] : world_.state().of<HoldQueue>()) {
      if (entry.state == state) keys.push_back(entry.key.key.value());
    }
    return keys;
  }
  size_t Waiting() { return world_.state().resident().of<Outbox>().size(); }

  World world_;
};

TEST_F(Holds, AKeyHasOneAndRetriesRefreshIt) {
  Trip("refund");
  const Decision first = Ask("r1");
  const absl::Time held_at = world_.now();
  world_.Advance(absl::Seconds(1));
  const Decision second = Ask("r1");
  EXPECT_THAT(Queue(), ElementsAre("r1"));
  EXPECT_EQ(HoldOf("r1").held_at, held_at);
  EXPECT_EQ(HoldOf("r1").last_asked_at, world_.now());
  EXPECT_EQ(HoldOf("r1").asked, 2);
  EXPECT_THAT(HoldOf("r1").decisions, ElementsAre(first.id, second.id));
}

TEST_F(Holds, RetriesMakeNoNewAlertAndHoldsOfOneReasonShareOne) {
  Trip("refund");
  Ask("r1");
  ASSERT_EQ(Waiting(), 1U);
  const std::string alert = world_.state().resident().of<Outbox>().begin()->second.id;
  Ask("r1");
  Ask("r2");
  ASSERT_EQ(Waiting(), 1U);
  EXPECT_EQ(world_.state().resident().of<Outbox>().begin()->second.id, alert);
  const Group& group = world_.state().of<Groups>().begin()->second;
  EXPECT_EQ(group.key.name, "hold");
  EXPECT_EQ(group.open, 2);
  EXPECT_THAT(group.sums, ElementsAre(M("CNY 2.00")));
}

TEST_F(Holds, OnesThatOnlyKnowledgeCanEndAlertNobody) {
  world_.Advance(absl::Minutes(1));
  EXPECT_EQ(world_.Check("refund", "r1", "CNY 1.00").verdict, Verdict::kHold);  // stale
  EXPECT_THAT(Queue(), ElementsAre("r1"));
  EXPECT_EQ(Waiting(), 0U);
}

TEST_F(Holds, TheQueueHasTheOldestFirst) {
  Trip("refund");
  for (const char* key : {"r9", "r2", "r5"}) {
    Ask(key);
    world_.Advance(absl::Milliseconds(1));
  }
  EXPECT_THAT(Queue(), ElementsAre("r9", "r2", "r5"));
}

TEST_F(Holds, AnApprovalLetsTheNextCheckPassOnceAndReservesNothingItself) {
  Trip("refund");
  Ask("r1");
  Approve("r1");
  EXPECT_EQ(world_.OrderCounter("refunded").pending_up, 0);
  EXPECT_THAT(Queue(HoldState::kApproved), ElementsAre("r1"));
  const Decision allow = Ask("r1");
  EXPECT_EQ(allow.verdict, Verdict::kAllow);
  ASSERT_THAT(allow.reasons, SizeIs(1));
  EXPECT_EQ(allow.reasons.front().verdict, Verdict::kAllow);
  EXPECT_THAT(allow.reasons.front().message, HasSubstr("bob approved it: called the shop"));
  EXPECT_EQ(world_.OrderCounter("refunded").pending_up, 100);
  EXPECT_THAT(world_.state().of<HoldQueue>(), IsEmpty());
  // It is used up: what is released and asked for again is held again.
  ReleaseInput release{AccountId("m1"), allow.key, allow.id, "changed my mind"};
  world_.Get<ReservationAnswer>(release);
  EXPECT_EQ(Ask("r1").verdict, Verdict::kHold);
  EXPECT_THAT(Queue(), ElementsAre("r1"));
}

TEST_F(Holds, AnApprovalNeverCoversABrokenInvariant) {
  Trip("refund");
  Ask("r1", "CNY 600.00");
  Approve("r1");
  world_.Insert("refund", 7, {.key = "other", .amount = "CNY 900.00"});
  EXPECT_EQ(Ask("r1", "CNY 600.00").verdict, Verdict::kBlock);
  EXPECT_THAT(world_.state().of<HoldQueue>(), IsEmpty());
}

TEST_F(Holds, AnApprovalNeverCoversAStaleSourceAndStaysUntilItIsUsed) {
  Trip("refund");
  Ask("r1");
  Approve("r1");
  world_.Advance(absl::Minutes(1));
  EXPECT_THAT(Codes(world_.Check("refund", "r1", "CNY 1.00")), ElementsAre("STALE_SOURCE"));
  EXPECT_THAT(Queue(HoldState::kApproved), ElementsAre("r1"));
  EXPECT_EQ(Ask("r1").verdict, Verdict::kAllow);
}

TEST_F(Holds, AnApprovalNeverCoversTheKillSwitch) {
  Trip("*");
  Ask("r1");
  EXPECT_EQ(world_.RefusalOf(ReviewOf<ApproveHoldInput>("r1")),
            absl::StatusCode::kFailedPrecondition);
  Trip("refund");
  Ask("r1");
  Approve("r1");
  EXPECT_THAT(Codes(Ask("r1")), ElementsAre("BREAKER"));
}

TEST_F(Holds, AnApprovalNeverCoversAReasonThatCameLater) {
  Trip("refund");
  Ask("r1");
  Approve("r1");
  Trip("refund/account:m1");
  EXPECT_EQ(Ask("r1").verdict, Verdict::kHold);
  EXPECT_THAT(Queue(), ElementsAre("r1"));  // to be reviewed again
  Approve("r1");                            // covers both
  EXPECT_EQ(Ask("r1").verdict, Verdict::kAllow);
}

TEST_F(Holds, AnApprovalNeverCoversABreakerThatWasSwitchedSince) {
  Trip("refund");
  Ask("r1");
  Approve("r1");
  world_.Advance(absl::Milliseconds(1));
  Trip("refund");
  EXPECT_EQ(Ask("r1").verdict, Verdict::kHold);
}

TEST_F(Holds, AnApprovalLeavesABudgetThatDoesNotSufficeAsItIs) {
  world_.Get<BreakerAnswer>(HalfOpenBreakerInput{
      "refund", Verdict::kHold, {5, M("CNY 10.00")}, "ann", "try", std::nullopt});
  Ask("r1", "CNY 60.00");
  Approve("r1");
  EXPECT_EQ(Ask("r1", "CNY 60.00").verdict, Verdict::kAllow);
  EXPECT_EQ(world_.state().resident().of<Breakers>().at("refund").left,
            (Budget{5, M("CNY 10.00")}));
}

TEST_F(Holds, AnApprovalRunsOutAndTheHoldEndsWithIt) {
  Trip("refund");
  Ask("r1");
  Approve("r1");
  world_.Advance(absl::Minutes(10));
  world_.Put(TickInput{});
  EXPECT_THAT(world_.state().of<HoldQueue>(), IsEmpty());
  EXPECT_EQ(Ask("r1").verdict, Verdict::kHold);
  EXPECT_EQ(HoldOf("r1").asked, 1);
}

TEST_F(Holds, OneThatIsHeldForSomethingElseSinceOutlivesItsApproval) {
  Trip("refund");
  Ask("r1");
  Approve("r1");
  Trip("refund/account:m1");
  world_.Advance(absl::Minutes(9));
  Ask("r1");
  world_.Advance(absl::Minutes(1));
  world_.Put(TickInput{});
  EXPECT_THAT(Queue(), ElementsAre("r1"));
  EXPECT_FALSE(HoldOf("r1").approval.has_value());
}

TEST_F(Holds, AnApprovalThatRanOutCoversNothingBeforeTheTickEither) {
  Trip("refund");
  Ask("r1");
  Approve("r1");
  world_.Advance(absl::Minutes(10));
  EXPECT_EQ(Ask("r1").verdict, Verdict::kHold);
  EXPECT_THAT(Queue(), ElementsAre("r1"));
}

TEST_F(Holds, OneThatNobodyAsksForAnyMoreLeavesTheQueue) {
  Trip("refund");
  Ask("r1");
  world_.Advance(absl::Hours(23));
  world_.Put(TickInput{});
  Ask("r1");
  world_.Advance(absl::Hours(23));
  world_.Put(TickInput{});
  EXPECT_THAT(Queue(), ElementsAre("r1"));
  world_.Advance(absl::Hours(1));
  world_.Put(TickInput{});
  EXPECT_THAT(world_.state().of<HoldQueue>(), IsEmpty());
  EXPECT_EQ(world_.RefusalOf(ReviewOf<ApproveHoldInput>("r1")),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(world_.state().of<Groups>().begin()->second.review.state, ReviewState::kResolved);
}

TEST_F(Holds, ReviewingWhatIsNoLongerHeldSaysHowTheKeyStands) {
  Trip("refund");
  Ask("r1");
  const auto approve = ReviewOf<ApproveHoldInput>("r1");
  world_.Get<BreakerAnswer>(ResetBreakerInput{"refund", "ann", "over"});
  const Decision allow = Ask("r1");
  ASSERT_EQ(allow.verdict, Verdict::kAllow);
  const auto refusal = world_.Get<Refusal>(approve);
  EXPECT_EQ(refusal.status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refusal.status.message()), HasSubstr(allow.id.ToString() + ", ALLOW"));
}

TEST_F(Holds, AReviewNamesTheDecisionThatWasSeen) {
  Trip("refund");
  Ask("r1");
  const auto approve = ReviewOf<ApproveHoldInput>("r1");
  Ask("r1");
  EXPECT_EQ(world_.RefusalOf(approve), absl::StatusCode::kFailedPrecondition);
}

TEST_F(Holds, ARejectionIsFinalAndStaysInTheQueueAsRejected) {
  Trip("refund");
  Ask("r1");
  world_.Get<Done>(ReviewOf<RejectHoldInput>("r1"));
  EXPECT_THAT(Queue(), IsEmpty());
  EXPECT_THAT(Queue(HoldState::kRejected), ElementsAre("r1"));
  EXPECT_EQ(HoldOf("r1").reviewed_by, "bob");
  world_.Get<BreakerAnswer>(ResetBreakerInput{"refund", "ann", "over"});
  EXPECT_THAT(Codes(Ask("r1")), ElementsAre("REJECTED"));
}

TEST_F(Holds, AMovementThatMovesAnywayEndsIt) {
  Trip("refund");
  Ask("r1");
  world_.Insert("refund", 1, {.key = "r1", .amount = "CNY 1.00"});
  EXPECT_THAT(world_.state().of<HoldQueue>(), IsEmpty());
  EXPECT_THAT(world_.Violations(), ElementsAre("ungated"));
}

TEST_F(Holds, TheLastOneOfAGroupEndsItsAlert) {
  Trip("refund");
  Ask("r1");
  Ask("r2");
  world_.Get<BreakerAnswer>(ResetBreakerInput{"refund", "ann", "over"});
  Ask("r1");
  const std::string id = world_.state().of<Groups>().begin()->first;
  EXPECT_EQ(world_.state().of<Groups>().at(id).review.state, ReviewState::kOpen);
  Ask("r2");
  EXPECT_EQ(world_.state().of<Groups>().at(id).review.state, ReviewState::kResolved);
  EXPECT_EQ(world_.state().resident().of<Outbox>().at(id).kind, AlertKind::kResolved);
  EXPECT_THAT(world_.state().resident().of<OpenGroups>(), IsEmpty());
}

}  // namespace
}  // namespace fundgate::core::testing
