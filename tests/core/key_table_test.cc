// Each row of the key table: what the key alone says to a check.
#include "server/core/key_table.h"

#include <functional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/worked_policy.h"
#include "tests/core/world.h"

namespace fundgate::core::testing {
namespace {

using ::testing::ElementsAre;

constexpr char kRefund[] = "refund";

void Pay(World& world, const std::string& amount = "CNY 100.00") {
  world.Insert("payment", 1, {.key = "p1", .amount = amount});
  world.Prove();
}

ConfirmInput ConfirmOf(const Decision& decision) {
  return {decision.account, decision.key, decision.id, std::nullopt};
}

ReleaseInput ReleaseOf(const Decision& decision) {
  return {decision.account, decision.key, decision.id, "not wanted"};
}

struct KeyRow {
  std::string name;
  std::function<void(World&)> given;  // before CNY 10.00 is asked for with key r1
  Verdict verdict;
  std::vector<std::string> codes;
  bool replayed = false;
};

class KeyTable : public ::testing::TestWithParam<KeyRow> {};

TEST_P(KeyTable, Answers) {
  World world;
  Pay(world);
  GetParam().given(world);
  const Decision decision = world.Check(kRefund, "r1", "CNY 10.00");
  EXPECT_EQ(decision.verdict, GetParam().verdict);
  EXPECT_EQ(Codes(decision), GetParam().codes);
  EXPECT_EQ(decision.replayed, GetParam().replayed);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, KeyTable,
    ::testing::Values(
        KeyRow{"Unknown_GoesOn", [](World&) {}, Verdict::kAllow, {}},
        KeyRow{"KnownOtherFingerprint_IsAConflict",
               [](World& w) { w.Check(kRefund, "r1", "CNY 11.00"); },
               Verdict::kBlock,
               {"IDEMPOTENCY_CONFLICT"}},
        KeyRow{"BlockedOtherFingerprint_IsAConflict",
               [](World& w) { w.Check(kRefund, "r1", "CNY 1000.00"); },
               Verdict::kBlock,
               {"IDEMPOTENCY_CONFLICT"}},
        KeyRow{"PendingBeforeValidUntil_IsReplayed",
               [](World& w) {
                 w.Check(kRefund, "r1", "CNY 10.00");
                 w.Advance(absl::Minutes(2) - absl::Nanoseconds(1));
               },
               Verdict::kAllow,
               {},
               true},
        KeyRow{"PendingUnderAnOpenBreaker_IsAnsweredByTheBreaker",
               [](World& w) {
                 w.Check(kRefund, "r1", "CNY 10.00");
                 w.Get<BreakerAnswer>(TripBreakerInput{kRefund, Verdict::kBlock, "ann", "x", {}});
               },
               Verdict::kBlock,
               {"BREAKER"}},
        KeyRow{"PendingAfterValidUntil_IsInDoubt",
               [](World& w) {
                 w.Check(kRefund, "r1", "CNY 10.00");
                 w.Advance(absl::Minutes(2));
               },
               Verdict::kHold,
               {"IN_DOUBT"}},
        KeyRow{"Confirmed_HasMoved",
               [](World& w) {
                 w.Get<ReservationAnswer>(ConfirmOf(w.Check(kRefund, "r1", "CNY 10.00")));
               },
               Verdict::kBlock,
               {"ALREADY_MOVED"}},
        KeyRow{"Posted_HasMoved",
               [](World& w) {
                 w.Check(kRefund, "r1", "CNY 10.00");
                 w.Insert(kRefund, 1, {.key = "r1", .amount = "CNY 10.00"});
               },
               Verdict::kBlock,
               {"ALREADY_MOVED"}},
        KeyRow{"EventSaidThatItMoved_HasMoved",
               [](World& w) { w.Insert(kRefund, 1, {.key = "r1", .amount = "CNY 10.00"}); },
               Verdict::kBlock,
               {"ALREADY_MOVED"}},
        KeyRow{"Held_IsJudgedAsNew",
               [](World& w) {
                 w.Get<BreakerAnswer>(TripBreakerInput{kRefund, Verdict::kHold, "ann", "x", {}});
                 w.Check(kRefund, "r1", "CNY 10.00");
                 w.Get<BreakerAnswer>(ResetBreakerInput{kRefund, "ann", "over"});
               },
               Verdict::kAllow,
               {}},
        KeyRow{"Blocked_IsJudgedAsNew",
               [](World& w) {
                 w.Get<BreakerAnswer>(TripBreakerInput{kRefund, Verdict::kBlock, "ann", "x", {}});
                 w.Check(kRefund, "r1", "CNY 10.00");
                 w.Get<BreakerAnswer>(ResetBreakerInput{kRefund, "ann", "over"});
               },
               Verdict::kAllow,
               {}},
        KeyRow{"Released_IsJudgedAsNew",
               [](World& w) {
                 w.Get<ReservationAnswer>(ReleaseOf(w.Check(kRefund, "r1", "CNY 10.00")));
               },
               Verdict::kAllow,
               {}},
        KeyRow{"Rejected_IsFinal",
               [](World& w) {
                 w.Get<BreakerAnswer>(TripBreakerInput{kRefund, Verdict::kHold, "ann", "x", {}});
                 const Decision held = w.Check(kRefund, "r1", "CNY 10.00");
                 w.Get<BreakerAnswer>(ResetBreakerInput{kRefund, "ann", "over"});
                 w.Get<Done>(RejectHoldInput{held.account, held.key, held.id, "ann", "fraud"});
               },
               Verdict::kBlock,
               {"REJECTED"}},
        KeyRow{"ReleasedWhileUnknown_IsJudgedAsNewIfAskedLater",
               [](World& w) {
                 w.Get<ReservationAnswer>(ReleaseInput{
                     AccountId("m1"), {MovementKind(kRefund), IdempotencyKey("r1")}, "", ""});
                 w.Advance(absl::Milliseconds(1));
               },
               Verdict::kAllow,
               {}},
        KeyRow{"OnlyInProgress_IsJudgedAsNew",
               [](World& w) {
                 w.Insert(
                     kRefund, 1,
                     {.key = "r1", .amount = "CNY 10.00", .status = MovementStatus::kInProgress});
               },
               Verdict::kAllow,
               {}}),
    [](const auto& row) { return row.param.name; });

TEST(Idempotency, ConflictNamesTheFieldAndLeavesTheRecordAsItWas) {
  World world;
  Pay(world);
  world.Check(kRefund, "r1", "CNY 10.00");
  const KeyRecord before = world.Key(kRefund, "r1");

  EXPECT_EQ(world.Check(kRefund, "r1", "CNY 10.01").reasons.front().name, "amount.minor_units");
  EXPECT_EQ(world.Check(kRefund, "r1", "USD 10.00").reasons.front().name, "amount.currency_code");
  EXPECT_EQ(world.Check(kRefund, "r1", "CNY 10.00", "o2").reasons.front().name, "order_id");
  CheckInput other_account = world.NewCheck(kRefund, "r1", "CNY 10.00");
  other_account.account = AccountId("m2");
  EXPECT_EQ(world.Check(other_account).reasons.front().name, "account_id");

  EXPECT_EQ(world.Key(kRefund, "r1"), before);
}

TEST(Idempotency, IdentityAttributesBelongToTheFingerprintAndOthersDoNot) {
  World world;
  CheckInput check = world.NewCheck("cash_out", "c1", "CNY 10.00");
  check.attributes["payee"] = std::string("iban-1");
  check.attributes["channel"] = std::string("app");
  world.Check(check);
  check.attributes["channel"] = std::string("web");
  EXPECT_THAT(Codes(world.Check(check)), ElementsAre("INVARIANT"));
  check.attributes["payee"] = std::string("iban-2");
  EXPECT_EQ(world.Check(check).reasons.front().name, "attributes[payee]");
  check.attributes.erase("payee");
  EXPECT_EQ(world.Check(check).reasons.front().code, ReasonCode::kIdempotencyConflict);
}

// Neither a field that the policy names since, nor one that it names no more, makes a retry another
// movement.
TEST(Idempotency, APolicyThatChangesIdentityFieldsTurnsNoRetryIntoAConflict) {
  World world([](Policy& policy) { policy.movements.front().identity = {"payee"}; });
  world.Insert("settlement", 1,
               {.key = "s1", .amount = "CNY 10.00", .net = "CNY 10.00", .fee = "CNY 0.00"});
  world.Get<BreakerAnswer>(ResetBreakerInput{"*/order:o1", "ann", ""});
  world.Prove();
  CheckInput check = world.NewCheck("cash_out", "c1", "CNY 1.00");
  check.attributes["payee"] = std::string("bank-1");
  check.attributes["channel"] = std::string("app");
  ASSERT_EQ(world.Check(check).verdict, Verdict::kAllow);
  const auto apply = [&world](std::vector<std::string> identity) {
    ApplyPolicyInput input;
    input.policy =
        WorkedPolicy([&identity](Policy& policy) { policy.movements.front().identity = identity; });
    world.Get<PolicyAnswer>(std::move(input));
  };
  apply({"channel", "payee"});
  EXPECT_TRUE(world.Check(check).replayed);
  apply({"channel"});
  EXPECT_TRUE(world.Check(check).replayed);
  apply({"payee"});
  check.attributes["payee"] = std::string("bank-2");
  EXPECT_THAT(Codes(world.Check(check)), ElementsAre("IDEMPOTENCY_CONFLICT"));
  check.attributes.erase("payee");
  EXPECT_THAT(Codes(world.Check(check)), ElementsAre("IDEMPOTENCY_CONFLICT"));
}

TEST(Idempotency, TheSameKeyAtAnotherCheckpointIsAnotherMovement) {
  World world;
  Pay(world);
  EXPECT_EQ(world.Check(kRefund, "k", "CNY 10.00").verdict, Verdict::kAllow);
  EXPECT_EQ(world.Check("late_refund", "k", "CNY 10.00").reasons.front().code,
            ReasonCode::kInvariant);
}

TEST(Idempotency, ReplayIsTheSameDecisionAndReservesNothingMore) {
  World world;
  Pay(world);
  const Decision first = world.Check(kRefund, "r1", "CNY 10.00");
  CheckInput again = world.NewCheck(kRefund, "r1", "CNY 10.00");
  again.request_id = "second";
  const Decision second = world.Check(again);
  EXPECT_EQ(second.id, first.id);
  EXPECT_EQ(second.valid_until, first.valid_until);
  EXPECT_EQ(second.request_id, "second");
  EXPECT_EQ(world.OrderCounter("refunded").pending_up, 1000);
}

TEST(Idempotency, AlreadyMovedNamesTheFirstDecision) {
  World world;
  Pay(world);
  const Decision first = world.Check(kRefund, "r1", "CNY 10.00");
  world.Insert(kRefund, 1, {.key = "r1", .amount = "CNY 10.00"});
  EXPECT_THAT(world.Check(kRefund, "r1", "CNY 10.00").reasons.front().fields,
              ElementsAre(std::pair<std::string, std::string>("first_decision_id", first.id)));
}

TEST(Idempotency, JudgedAsNewIsANewGenerationWithItsOwnDecision) {
  World world;
  Pay(world);
  const Decision first = world.Check(kRefund, "r1", "CNY 10.00");
  world.Get<ReservationAnswer>(ReleaseOf(first));
  const Decision second = world.Check(kRefund, "r1", "CNY 10.00");
  EXPECT_NE(second.id, first.id);
  EXPECT_FALSE(second.replayed);
  EXPECT_EQ(world.Key(kRefund, "r1").generation, 2U);
}

TEST(Idempotency, ACheckAdmittedBeforeTheReleaseOfItsUnknownKeyIsHeld) {
  World world;
  Pay(world);
  const CheckInput on_its_way = world.NewCheck(kRefund, "r1", "CNY 10.00");
  world.Advance(absl::Milliseconds(3));
  world.Get<ReservationAnswer>(
      ReleaseInput{AccountId("m1"), {MovementKind(kRefund), IdempotencyKey("r1")}, "", "gave up"});
  const Decision decision = world.Check(on_its_way);
  EXPECT_THAT(Codes(decision), ElementsAre("HELD"));
  EXPECT_EQ(world.OrderCounter("refunded").pending_up, 0);
}

TEST(Idempotency, AnOpenBreakerOverAPendingKeyChangesNothing) {
  World world;
  Pay(world);
  world.Check(kRefund, "r1", "CNY 10.00");
  world.Get<BreakerAnswer>(TripBreakerInput{kRefund, Verdict::kBlock, "ann", "x", {}});
  const KeyRecord before = world.Key(kRefund, "r1");
  world.Check(kRefund, "r1", "CNY 10.00");
  EXPECT_EQ(world.Key(kRefund, "r1"), before);
  world.Get<BreakerAnswer>(ResetBreakerInput{kRefund, "ann", "over"});
  EXPECT_TRUE(world.Check(kRefund, "r1", "CNY 10.00").replayed);
}

}  // namespace
}  // namespace fundgate::core::testing
