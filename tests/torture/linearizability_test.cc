// Good histories pass; each kind of broken promise is found, and named so that people can read it.
#include "tests/torture/linearizability.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace fundgate::torture {
namespace {

using ::testing::HasSubstr;

// Writes histories down, one operation a line.
class Told {
 public:
  Operation& Add(What what, Instant invoked, Instant returned, std::string key, int64_t amount,
                 Heard heard, std::string decision = "") {
    Operation& operation = history_.operations.emplace_back();
    operation.what = what;
    operation.invoked = invoked;
    operation.returned = returned;
    operation.key = std::move(key);
    operation.amount = amount;
    operation.heard = heard;
    operation.decision = std::move(decision);
    return operation;
  }

  void Paid(Instant invoked, Instant returned, int64_t amount) {
    Add(What::kPaid, invoked, returned, absl::StrCat("p", invoked), amount, Heard::kDone);
  }
  void Allowed(Instant invoked, Instant returned, std::string key, int64_t amount,
               std::string decision) {
    Add(What::kCheck, invoked, returned, std::move(key), amount, Heard::kAllow,
        std::move(decision));
  }
  void AllowedAgain(Instant invoked, Instant returned, std::string key, int64_t amount,
                    std::string decision) {
    Add(What::kCheck, invoked, returned, std::move(key), amount, Heard::kAllow, std::move(decision))
        .replayed = true;
  }
  void Asked(Instant invoked, Instant returned, std::string key, int64_t amount, Heard heard) {
    Add(What::kCheck, invoked, returned, std::move(key), amount, heard);
  }
  void Unheard(Instant invoked, std::string key, int64_t amount) {
    Add(What::kCheck, invoked, kNever, std::move(key), amount, Heard::kNothing);
  }
  void Read(Instant invoked, Instant returned, int64_t paid, int64_t refunded, int64_t pending) {
    Operation& read = Add(What::kRead, invoked, returned, "", 0, Heard::kDone);
    read.paid = paid;
    read.refunded = refunded;
    read.pending = pending;
  }

  void ExpectGood() {
    const Judgement judgement = JudgeHistory(history_);
    EXPECT_TRUE(judgement.linearizable) << judgement.why;
  }
  void ExpectBad(const std::string& why) {
    const Judgement judgement = JudgeHistory(history_);
    EXPECT_FALSE(judgement.linearizable);
    EXPECT_THAT(judgement.why, HasSubstr(why));
  }

 private:
  History history_{"o1", {}};
};

TEST(Linearizability, ALifeOfARefundIsGood) {
  Told told;
  told.Paid(0, 10, 1000);
  told.Allowed(20, 30, "r1", 400, "d1");
  told.AllowedAgain(31, 35, "r1", 400, "d1");
  told.Add(What::kConfirm, 40, 50, "r1", 400, Heard::kDone, "d1");
  told.Asked(51, 52, "r1", 400, Heard::kAlreadyMoved);
  told.Add(What::kRefunded, 60, 70, "r1", 400, Heard::kDone);
  told.Read(80, 90, 1000, 400, 0);
  told.Add(What::kRelease, 91, 92, "r1", 400, Heard::kRefused, "d1");
  told.Asked(95, 99, "r2", 700, Heard::kOverdrawn);
  told.Allowed(100, 110, "r3", 600, "d3");
  told.ExpectGood();
}

TEST(Linearizability, WhatIsReleasedMayBeAllowedAnew) {
  Told told;
  told.Paid(0, 10, 500);
  told.Allowed(20, 30, "r1", 400, "d1");
  told.Add(What::kRelease, 40, 50, "r1", 400, Heard::kDone, "d1");
  told.Add(What::kRelease, 51, 55, "r1", 400, Heard::kDone, "d1");
  told.Allowed(60, 70, "r2", 500, "d2");
  told.Asked(80, 90, "r1", 400, Heard::kOverdrawn);
  told.Add(What::kConfirm, 91, 92, "r1", 400, Heard::kRefused, "d1");
  told.ExpectGood();
}

TEST(Linearizability, OfTwoAtOnceForTheSameMoneyOneIsAllowed) {
  Told told;
  told.Paid(0, 10, 500);
  told.Allowed(20, 60, "r1", 400, "d1");
  told.Asked(20, 60, "r2", 400, Heard::kOverdrawn);
  told.ExpectGood();
}

TEST(Linearizability, MoreThanWasPaidIsFoundThroughAConcurrency) {
  Told told;
  told.Paid(0, 10, 500);
  told.Allowed(20, 60, "r1", 300, "d1");
  told.Allowed(25, 50, "r2", 300, "d2");
  told.ExpectBad("of 500 is taken: 300 more is too much");
}

TEST(Linearizability, WhatTwoHalvesAllowMayFitIfOneIsReleasedBetween) {
  Told told;
  told.Paid(0, 10, 500);
  told.Allowed(20, 60, "r1", 300, "d1");
  told.Add(What::kRelease, 61, 90, "r1", 300, Heard::kDone, "d1");
  told.Allowed(65, 95, "r2", 300, "d2");
  told.ExpectGood();
}

TEST(Linearizability, TwoAllowsForOneKeyAreFound) {
  Told told;
  told.Paid(0, 10, 500);
  told.Allowed(20, 60, "r1", 100, "d1");
  told.Allowed(30, 70, "r1", 100, "d2");
  told.ExpectBad("it is allowed already, by d");
}

TEST(Linearizability, AnAllowThatIsForgottenIsFound) {
  Told told;
  told.Paid(0, 10, 500);
  told.Allowed(20, 30, "r1", 500, "d1");
  told.Read(40, 50, 500, 0, 0);
  told.ExpectBad("paid is 500, refunded 0, pending 500");
}

TEST(Linearizability, ADecisionThatIsNotKnownAnyMoreIsFound) {
  Told told;
  told.Paid(0, 10, 500);
  told.Allowed(20, 30, "r1", 500, "d1");
  told.Add(What::kConfirm, 40, 50, "r1", 500, Heard::kStrange, "d1").strange = "NOT_FOUND";
  told.ExpectBad("NOT_FOUND");
}

TEST(Linearizability, ABookAsItWasBeforeTheLastAnswerIsFound) {
  Told told;
  told.Paid(0, 10, 500);
  told.Read(11, 12, 500, 0, 0);
  told.Allowed(20, 30, "r1", 100, "d1");
  told.Add(What::kRelease, 35, 40, "r1", 100, Heard::kDone, "d1");
  told.Read(41, 45, 500, 0, 100);
  told.ExpectBad("pending 0");
}

TEST(Linearizability, ARowMayComeLateButNotBeforeItWasWritten) {
  Told late;
  late.Paid(0, 10, 500);
  late.Read(20, 30, 0, 0, 0);
  late.Asked(31, 32, "r1", 100, Heard::kHold);
  late.Read(40, 50, 500, 0, 0);
  late.ExpectGood();
  Told early;
  early.Allowed(5, 9, "r1", 100, "d1");
  early.Paid(10, 20, 500);
  early.ExpectBad("0 of 0 is taken: 100 more is too much");
}

TEST(Linearizability, ABlockThatAPaymentBeforeItWouldHaveCuredIsFound) {
  Told told;
  told.Paid(0, 10, 500);
  told.Asked(20, 30, "r1", 100, Heard::kOverdrawn);
  told.ExpectBad("not yet known: ");
  Told meanwhile;
  meanwhile.Paid(0, 21, 500);  // its commit returned only then: nobody can know
  meanwhile.Asked(20, 30, "r1", 100, Heard::kOverdrawn);
  meanwhile.ExpectGood();
}

TEST(Linearizability, RowsComeInTheOrderOfTheirCommits) {
  Told told;
  told.Paid(0, 10, 500);
  told.Paid(20, 30, 70);
  told.Read(40, 50, 70, 0, 0);
  told.ExpectBad("GetBook -> paid 70");
}

TEST(Linearizability, WhatNobodyHeardMayHaveBeenDoneOrNot) {
  Told done;
  done.Paid(0, 10, 500);
  done.Unheard(20, "r1", 400);
  done.Asked(30, 40, "r2", 400, Heard::kOverdrawn);
  done.AllowedAgain(50, 60, "r1", 400, "d1");
  done.ExpectGood();
  Told not_done;
  not_done.Paid(0, 10, 500);
  not_done.Unheard(20, "r1", 400);
  not_done.Allowed(30, 40, "r2", 400, "d2");
  not_done.Asked(50, 60, "r1", 400, Heard::kOverdrawn);
  not_done.ExpectGood();
  Told both;
  both.Paid(0, 10, 500);
  both.Unheard(20, "r1", 400);
  both.Allowed(30, 40, "r2", 400, "d2");
  both.AllowedAgain(50, 60, "r1", 400, "d1");
  both.ExpectBad("nothing allows it that could be said again");
}

TEST(Linearizability, AReplayOfAnotherDecisionIsFound) {
  Told told;
  told.Paid(0, 10, 500);
  told.Allowed(20, 30, "r1", 400, "d1");
  told.AllowedAgain(40, 50, "r1", 400, "d9");
  told.ExpectBad("it is allowed by d1");
}

TEST(Linearizability, AnAllowOfWhatHasMovedIsFound) {
  Told told;
  told.Paid(0, 10, 500);
  told.Allowed(20, 30, "r1", 100, "d1");
  told.Add(What::kConfirm, 40, 50, "r1", 100, Heard::kDone, "d1");
  told.AllowedAgain(60, 70, "r1", 100, "d1");
  told.ExpectBad("it has moved already");
}

TEST(Linearizability, AKeyThatChangedItsAmountIsAConflictAndNothingElse) {
  Told told;
  told.Paid(0, 10, 500);
  told.Allowed(20, 30, "r1", 100, "d1");
  told.Asked(40, 50, "r1", 101, Heard::kConflict);
  told.ExpectGood();
  told.Asked(60, 70, "r1", 100, Heard::kConflict);
  told.ExpectBad("the key stands for no other movement");
}

TEST(Linearizability, AFailedRowMayReleaseAndAPostedOneIsCountedOnce) {
  Told told;
  told.Paid(0, 10, 500);
  told.Allowed(20, 30, "r1", 500, "d1");
  told.Add(What::kFailed, 40, 50, "r1", 500, Heard::kDone);
  told.Allowed(60, 70, "r2", 500, "d2");
  told.Add(What::kRefunded, 80, 90, "r2", 500, Heard::kDone);
  told.Read(100, 110, 500, 500, 0);
  told.ExpectGood();
  told.Read(120, 130, 500, 1000, 0);
  told.ExpectBad("paid 500, refunded 1000");
}

// A gate that stood still for a while: two dozen calls of which nobody heard, and any of which may
// have been done.
TEST(Linearizability, ManyUnheardAreJudged) {
  Told told;
  told.Paid(0, 1, 10'000);
  for (int i = 0; i < 24; ++i) told.Unheard(10 + i, absl::StrCat("u", i), 100 + i);
  for (int i = 0; i < 12; ++i) {
    const Instant begun = 100 + i * 10;
    told.AllowedAgain(begun, begun + 35, absl::StrCat("u", 2 * i), 100 + 2 * i,
                      absl::StrCat("d", i));
    told.Allowed(begun + 2, begun + 37, absl::StrCat("u", 2 * i + 1), 101 + 2 * i,
                 absl::StrCat("e", i));
  }
  told.Read(500, 510, 10'000, 0, 24 * 100 + 23 * 12);
  told.ExpectGood();
  told.Read(520, 530, 10'000, 0, 24 * 100);
  told.ExpectBad("pending 2676");
}

// Many calls, eight at a time, are judged soon, also if they can't be good.
TEST(Linearizability, ManyAtOnceAreJudged) {
  Told told;
  told.Paid(0, 1, 400);
  for (int i = 0; i < 40; ++i) {
    const Instant begun = 10 + i * 10;
    const std::string key = absl::StrCat("r", i);
    told.Allowed(begun, begun + 75, key, 10, absl::StrCat("d", i));
    if (i % 9 == 0) told.Unheard(begun, absl::StrCat("u", i), 2000);
  }
  told.Asked(2000, 2010, "r100", 1, Heard::kOverdrawn);
  told.ExpectGood();
  told.Allowed(2005, 2015, "r101", 1, "d101");
  told.ExpectBad("400 of 400 is taken");
}

}  // namespace
}  // namespace fundgate::torture
