// The matrix of what is answered where the gate can't judge, its budget, and leases out of it.
#include "server/core/leases.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/world.h"

namespace fundgate::core::testing {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;

constexpr absl::Duration kValid = absl::Minutes(10);
constexpr absl::Duration kReportWithin = absl::Hours(1);

CheckpointDefinition& Refund(Policy& policy) {
  for (CheckpointDefinition& checkpoint : policy.checkpoints) {
    if (checkpoint.kind == MovementKind("refund")) return checkpoint;
  }
  std::abort();
}

// What the cells of the matrix say, by row and condition.
constexpr Verdict kA = Verdict::kAllow;
constexpr Verdict kH = Verdict::kHold;
constexpr Verdict kB = Verdict::kBlock;
const std::vector<AmountStep>& Rows() {
  static const std::vector<AmountStep> kRows = {{M("CNY 10.00"), {kA, kA, kH, kA, kA}},
                                                {M("CNY 100.00"), {kA, kH, kB, kH, kA}},
                                                {M("CNY 500.00"), {kH, kB, kH, kH, kH}}};
  return kRows;
}

void Prepare(Policy& policy) {
  CheckpointDefinition& refund = Refund(policy);
  refund.by_amount = Rows();
  refund.when_stale = refund.when_unproven = refund.when_unreachable = kB;
  refund.when_error = kB;
  refund.when_overloaded = kB;
  refund.blind_budget = Budget{10, M("CNY 200.00")};
  refund.lease = LeaseTerms{{3, M("CNY 50.00")}, kValid, kReportWithin};
}

class Unsure : public ::testing::Test {
 protected:
  Unsure() : world_(Prepare) {
    world_.Insert("payment", 1, {.key = "p1", .amount = "CNY 100000.00"});
    world_.Prove();
  }

  Lease Take(const std::string& holder = "pay-1", const std::string& ends = "") {
    return world_.Get<LeaseAnswer>(GrantLeaseInput{MovementKind("refund"), holder, ends}).lease;
  }
  ReportLeaseInput Report(const Lease& lease, const std::string& key, const std::string& amount) {
    ReportLeaseInput report{lease.id, lease.holder, world_.NewCheck("refund", key, amount),
                            world_.now()};
    report.check.may_wait = false;
    return report;
  }
  const auto& leases() const { return world_.state().resident().of<core::Leases>(); }

  World world_;
};

struct Cell {
  const char* amount;
  size_t row;  // past the last: all other amounts
};
constexpr Cell kCells[] = {{"CNY 0.01", 0},   {"CNY 10.00", 0},  {"CNY 10.01", 1},
                           {"CNY 100.00", 1}, {"CNY 100.01", 2}, {"CNY 500.00", 2},
                           {"CNY 500.01", 3}, {"CNY 9000.00", 3}};

Verdict Expected(const Cell& cell, Condition condition) {
  return cell.row < Rows().size() ? Rows()[cell.row].answers[static_cast<size_t>(condition)] : kB;
}

// Without regard to the budget.
TEST_F(Unsure, EveryCellOfTheMatrixIsWhatItSays) {
  const CheckpointDefinition& refund =
      *world_.state().resident().policy->FindCheckpoint(MovementKind("refund"));
  for (const Cell& cell : kCells) {
    for (size_t i = 0; i < kConditions; ++i) {
      const auto condition = static_cast<Condition>(i);
      EXPECT_EQ(refund.AnswerTo(condition, M(cell.amount)), Expected(cell, condition))
          << cell.amount << " in condition " << i;
    }
  }
  EXPECT_EQ(refund.AnswerTo(Condition::kStale, M("USD 1.00")), kB) << "no row is in dollars";
  EXPECT_TRUE(refund.MayAllow(Condition::kStale));
  EXPECT_FALSE(refund.MayAllow(Condition::kError));
}

TEST_F(Unsure, AStaleSourceIsAnsweredByAmountWhileTheBudgetLasts) {
  world_.Advance(absl::Minutes(1));
  for (const Cell& cell : kCells) {
    EXPECT_EQ(world_.Check("refund", std::string("s") + cell.amount, cell.amount).verdict,
              Expected(cell, Condition::kStale))
        << cell.amount;
  }
  // CNY 120.02 of 200.00 are spent.
  EXPECT_EQ(world_.Check("refund", "more", "CNY 100.00").verdict, kH) << "the budget is spent";
  EXPECT_EQ(world_.Check("refund", "less", "CNY 79.00").verdict, kA);
}

TEST_F(Unsure, UnprovenBooksAreAnsweredByAmount) {
  Event gap = world_.NewEvent("refund", 77, std::nullopt, std::nullopt);
  gap.body = GapEvent{{MovementKind("refund"), AccountId("m1"), OrderId()}, "pay.refund", "broken"};
  world_.Feed({gap});
  world_.Prove();
  for (const Cell& cell : kCells) {
    EXPECT_EQ(world_.Check("refund", std::string("u") + cell.amount, cell.amount).verdict,
              Expected(cell, Condition::kUnproven))
        << cell.amount;
  }
}

TEST_F(Unsure, NothingIsLeasedWhileABreakerIsOverAllOfTheCheckpoint) {
  const Lease before = Take();
  for (const char* scope : {"*", "refund"}) {
    world_.Get<BreakerAnswer>(TripBreakerInput{scope, kH, "ann", "pay_db is wrong"});
    const Lease renewed = Take("pay-1", before.id);
    EXPECT_TRUE(renewed.id.empty()) << scope;
    EXPECT_EQ(renewed.granted.calls, 0);
    EXPECT_EQ(leases().count(before.id), 0U) << "what it had ends all the same";
    world_.Get<BreakerAnswer>(ResetBreakerInput{scope, "ann", "over"});
  }
  world_.Get<BreakerAnswer>(TripBreakerInput{"*", kA, "ann", "only reports"});
  world_.Get<BreakerAnswer>(TripBreakerInput{"settlement", kH, "ann", "another"});
  EXPECT_FALSE(Take().id.empty());
}

TEST_F(Unsure, ALeaseIsTakenOutOfTheBudget) {
  const Lease lease = Take();
  EXPECT_EQ(lease.granted, (Budget{3, M("CNY 50.00")}));
  EXPECT_EQ(lease.valid_until, world_.now() + kValid);
  Take("pay-2");
  Take("pay-3");
  const Lease last = Take("pay-4");
  EXPECT_EQ(last.granted, (Budget{1, M("CNY 50.00")})) << "nine of ten calls are out";
  EXPECT_TRUE(Take("pay-5").id.empty()) << "nothing is left";
  world_.Advance(absl::Minutes(1));
  EXPECT_EQ(world_.Check("refund", "s", "CNY 1.00").verdict, kH) << "the gate has none either";
}

TEST_F(Unsure, ANewLeaseEndsTheOldOne) {
  const Lease first = Take();
  const Lease second = Take("pay-1", first.id);
  EXPECT_EQ(leases().size(), 1U);
  EXPECT_EQ(world_.RefusalOf(GrantLeaseInput{MovementKind("refund"), "pay-2", second.id}),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(Unsure, WhereThePolicyLeasesNothingThereIsNone) {
  EXPECT_EQ(world_.RefusalOf(GrantLeaseInput{MovementKind("cash_out"), "pay-1", ""}),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(Unsure, WhatWasAllowedIsReservedWhenItIsReported) {
  const Lease lease = Take();
  const Decision decision = world_.Get<Decision>(Report(lease, "r1", "CNY 20.00"));
  EXPECT_EQ(decision.verdict, kA);
  EXPECT_EQ(decision.reasons.front().code, ReasonCode::kLease);
  EXPECT_EQ(world_.OrderCounter("refunded").pending_up, 2000);
  EXPECT_EQ(leases().at(lease.id).left, (Budget{2, M("CNY 30.00")}));
  const Decision again = world_.Get<Decision>(Report(lease, "r1", "CNY 20.00"));
  EXPECT_TRUE(again.replayed);
  EXPECT_EQ(again.id, decision.id);
  EXPECT_EQ(world_.OrderCounter("refunded").pending_up, 2000);
  EXPECT_THAT(world_.Violations(), IsEmpty());
  world_.Insert("refund", 7, {.key = "r1", .amount = "CNY 20.00"});
  EXPECT_THAT(world_.Violations(), IsEmpty());
  EXPECT_EQ(world_.OrderCounter("refunded").posted, 2000);
}

TEST_F(Unsure, ARowThatComesBeforeItsReportIsNoAlarm) {
  const Lease lease = Take();
  world_.Insert("refund", 7, {.key = "r1", .amount = "CNY 20.00"});
  EXPECT_THAT(world_.Violations(), IsEmpty());
  world_.Get<Decision>(Report(lease, "r1", "CNY 20.00"));
  Take("pay-1", lease.id);
  EXPECT_THAT(world_.Violations(), IsEmpty());
  EXPECT_EQ(world_.OrderCounter("refunded").posted, 2000);
  EXPECT_EQ(world_.OrderCounter("refunded").pending_up, 0);
}

TEST_F(Unsure, ARowThatNoReportExplainsIsUngatedOnceTheLeaseHasEnded) {
  Take();
  world_.Insert("refund", 7, {.key = "r1", .amount = "CNY 20.00"});
  world_.Advance(kValid + kReportWithin);
  world_.Prove();
  world_.Get<Done>(TickInput{});
  EXPECT_THAT(world_.Violations(), Contains("ungated"));
  EXPECT_THAT(leases(), IsEmpty());
}

TEST_F(Unsure, ARowThatNoLeaseCoversIsUngatedAtOnce) {
  Take();
  world_.Insert("refund", 7, {.key = "r1", .amount = "CNY 50.01"});
  EXPECT_THAT(world_.Violations(), Contains("ungated"));
}

TEST_F(Unsure, MoreThanTheLeaseCoversIsTakenAndIsAViolation) {
  const Lease lease = Take();
  EXPECT_EQ(world_.Get<Decision>(Report(lease, "r1", "CNY 60.00")).verdict, kA);
  EXPECT_THAT(world_.Violations(), Contains("lease_overrun"));
  EXPECT_EQ(world_.OrderCounter("refunded").pending_up, 6000);
}

TEST_F(Unsure, AReportAfterTheLeaseHasRunOutIsAViolation) {
  const Lease lease = Take();
  world_.Advance(kValid);
  world_.Prove();
  world_.Get<Decision>(Report(lease, "r1", "CNY 20.00"));
  EXPECT_THAT(world_.Violations(), Contains("lease_overrun"));
}

TEST_F(Unsure, WhatBreaksAnInvariantIsFoundWhenItIsReported) {
  const Lease lease = Take();
  world_.Check("refund", "big", "CNY 99990.00");
  world_.Get<Decision>(Report(lease, "r1", "CNY 20.00"));
  EXPECT_THAT(world_.Violations(), Contains("refunds_within_paid"));
}

TEST_F(Unsure, WhatTheGateHadBlockedIsFound) {
  const Lease lease = Take();
  ReportLeaseInput report = Report(lease, "r1", "CNY 20.00");
  world_.Get<BreakerAnswer>(TripBreakerInput{"refund", kB, "ann", "stop", {}});
  CheckInput check = report.check;
  world_.Check(check);
  world_.Get<Decision>(report);
  EXPECT_THAT(world_.Violations(), Contains("after_block"));
}

TEST_F(Unsure, AnAllowWhoseAnswerWasLostIsNotCountedTwice) {
  const Lease lease = Take();
  ReportLeaseInput report = Report(lease, "r1", "CNY 20.00");
  const Decision lost = world_.Check(report.check);
  EXPECT_EQ(world_.Get<Decision>(report).id, lost.id);
  EXPECT_EQ(world_.OrderCounter("refunded").pending_up, 2000);
  EXPECT_EQ(leases().at(lease.id).left, lease.granted);
}

}  // namespace
}  // namespace fundgate::core::testing
