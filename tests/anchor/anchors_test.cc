#include "anchor/anchors.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "anchor/anchor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/anchor/test_keys.h"

namespace fundgate::anchor {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::NewKey;

// The hash of a record as this test has it.
std::string HashOf(Sequence sequence, char variant = 'a') {
  std::string hash(32, variant);
  hash[0] = static_cast<char>(sequence);
  return hash;
}

class AnchorsTest : public ::testing::Test {
 protected:
  std::string LineAt(Sequence sequence) const {
    v1::JournalAnchor anchor;
    anchor.set_journal(HashOf(1));
    anchor.set_sequence(sequence);
    anchor.set_hash(HashOf(sequence));
    anchor.mutable_time()->set_seconds(1'800'000'000 + static_cast<int64_t>(sequence));
    EXPECT_TRUE(key_.Sign(anchor).ok());
    return ToLine(anchor).value() + "\n";
  }

  // Anchors at 10, 20 and 30, told of a journal of so many records, of which those from `rewritten`
  // on have other hashes.
  Comparison Compare(Sequence records, Sequence rewritten = 1000, bool whole = true) const {
    Anchors anchors = Anchors::Parse(LineAt(10) + LineAt(20) + LineAt(30)).value();
    EXPECT_TRUE(anchors.KeepSignedBy({key_.public_key()}).empty());
    for (Sequence sequence = 1; sequence <= records; ++sequence) {
      anchors.Found(sequence, HashOf(sequence, sequence >= rewritten ? 'z' : 'a'));
    }
    return anchors.Conclude(records, whole);
  }

  // The same of a journal that begins with `first`; two hashes of what was dropped are kept.
  Comparison CompareFrom(Sequence first, Sequence records, char variant = 'a') const {
    Anchors anchors = Anchors::Parse(LineAt(10) + LineAt(20) + LineAt(30)).value();
    anchors.BeginsAt(first);
    anchors.Found(1, HashOf(1));
    for (Sequence sequence = first - 1; sequence <= records; ++sequence) {
      anchors.Found(sequence, HashOf(sequence, variant));
    }
    return anchors.Conclude(records, /*whole=*/true);
  }

  const SigningKey key_ = SigningKey::FromPem(NewKey().private_pem).value();
};

TEST_F(AnchorsTest, AJournalThatOnlyGrewAgrees) {
  const Comparison compared = Compare(35);
  EXPECT_TRUE(compared.sound()) << compared.problem;
  EXPECT_EQ(compared.agreeing, 3U);
  EXPECT_EQ(compared.newest, 30U);
}

TEST_F(AnchorsTest, ARewrittenTailIsNamedBetweenTwoAnchors) {
  const Comparison compared = Compare(35, 17);
  EXPECT_EQ(compared.first, 11U);
  EXPECT_EQ(compared.last, 20U);
  EXPECT_EQ(compared.agreeing, 1U);
  EXPECT_THAT(compared.problem, HasSubstr("record 20 was anchored at 2027-01-15T08:00:20Z"));
  EXPECT_THAT(compared.problem, HasSubstr("one of the records 11 to 20 was rewritten"));
}

TEST_F(AnchorsTest, WhatWasRewrittenAfterTheNewestAnchorDoesNotShow) {
  EXPECT_TRUE(Compare(35, 31).sound());
}

TEST_F(AnchorsTest, ATailThatIsGoneIsNamed) {
  const Comparison compared = Compare(24);
  EXPECT_EQ(compared.first, 25U);
  EXPECT_EQ(compared.last, 30U);
  EXPECT_THAT(compared.problem, HasSubstr("the journal ends with record 24, but record 30"));
}

TEST_F(AnchorsTest, BehindDamageNothingIsMissed) {
  EXPECT_TRUE(Compare(24, 1000, /*whole=*/false).sound());
  EXPECT_FALSE(Compare(24, 15, /*whole=*/false).sound());
}

TEST_F(AnchorsTest, AnotherJournalIsToldFromARewrittenTail) {
  const Comparison compared = Compare(35, 1);
  EXPECT_EQ(compared.last, 1U);
  EXPECT_THAT(compared.problem, HasSubstr("another journal"));
}

TEST_F(AnchorsTest, LinesThatWereChangedAreNamed) {
  std::string forged = LineAt(20);
  forged.replace(forged.find("\"20\""), 4, "\"21\"");
  Anchors anchors = Anchors::Parse(LineAt(10) + forged + LineAt(30)).value();
  EXPECT_THAT(anchors.KeepSignedBy({key_.public_key()}), ElementsAre(2));
  EXPECT_THAT(anchors.Places(), ElementsAre(1, 10, 30));
  EXPECT_EQ(anchors.size(), 2U);
}

TEST_F(AnchorsTest, KeysMayChangeMeanwhile) {
  const SigningKey newer = SigningKey::FromPem(NewKey().private_pem).value();
  Anchors anchors = Anchors::Parse(LineAt(10)).value();
  EXPECT_TRUE(anchors.KeepSignedBy({newer.public_key(), key_.public_key()}).empty());
  EXPECT_THAT(anchors.KeepSignedBy({newer.public_key()}), ElementsAre(1));
}

TEST_F(AnchorsTest, AnUnfinishedLastLineIsLeftOutAndAnyOtherIsAnError) {
  const std::string line = LineAt(10);
  EXPECT_EQ(Anchors::Parse(line + line.substr(0, 20))->size(), 1U);
  const absl::Status refused = Anchors::Parse(line + "{}\n").status();
  EXPECT_TRUE(absl::IsInvalidArgument(refused));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("line 2"));
  EXPECT_FALSE(Anchors::Parse("hello\n").ok());
  EXPECT_TRUE(absl::IsNotFound(Anchors::Read("/no/such/file").status()));
}

TEST_F(AnchorsTest, ThoseOfDroppedRecordsAreCountedAndProveNothing) {
  const Comparison compared = CompareFrom(25, 40);
  EXPECT_TRUE(compared.sound()) << compared.problem;
  EXPECT_EQ(compared.dropped, 2U);
  EXPECT_EQ(compared.agreeing, 1U);
  EXPECT_EQ(compared.newest, 30U);
}

TEST_F(AnchorsTest, TheLastDroppedRecordIsStillCompared) {
  EXPECT_EQ(CompareFrom(21, 40).agreeing, 2U);
  EXPECT_EQ(CompareFrom(21, 40).dropped, 1U);
  EXPECT_FALSE(CompareFrom(21, 40, 'z').sound());
}

}  // namespace
}  // namespace fundgate::anchor
