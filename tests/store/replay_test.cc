#include "server/store/replay.h"

#include <optional>
#include <string>
#include <variant>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/store/store_world.h"

namespace fundgate::store::testing {
namespace {

using ::testing::HasSubstr;

class Replaying : public ::testing::Test {
 protected:
  Replaying() {
    world_.Begin();
    for (const char* key : {"r1", "r2", "r3"}) world_.Put(world_.NewCheck(key));
  }

  TemporaryFolder folder_;
  Options options_ = OptionsFor(folder_.path());
  StoreWorld world_{options_};
  Replay replay_{options_.compile_policy};
};

TEST_F(Replaying, EveryRecordComesOutAsItWas) {
  const absl::Status scanned =
      world_.store().view()->ScanJournal(1, [this](const JournalEntry& entry) {
        EXPECT_TRUE(replay_.Apply(entry).ok());
        EXPECT_EQ(replay_.answer(), entry.answer);
        return true;
      });
  EXPECT_TRUE(scanned.ok()) << scanned;
  EXPECT_EQ(replay_.difference(), "");
  EXPECT_EQ(replay_.state().resident().clock.sequence, 6U);
}

TEST_F(Replaying, AnAnswerThatWasWrittenOverIsNamedWithItsRecord) {
  const absl::Status scanned =
      world_.store().view()->ScanJournal(1, [this](const JournalEntry& entry) {
        JournalEntry changed = entry;
        if (entry.sequence == 5) {
          std::get<core::Decision>(changed.answer).verdict = core::Verdict::kBlock;
        }
        EXPECT_TRUE(replay_.Apply(changed).ok());
        return replay_.difference().empty();
      });
  EXPECT_TRUE(scanned.ok()) << scanned;
  EXPECT_THAT(replay_.difference(), HasSubstr("journal record 5"));
  EXPECT_EQ(std::get<core::Decision>(replay_.answer()).verdict, core::Verdict::kAllow);
}

TEST_F(Replaying, ARecordOfAnotherLogicIsNotJudged) {
  JournalEntry entry = world_.store().view()->GetJournalEntry(1).value();
  entry.logic_version += 1;
  const absl::Status refused = replay_.Apply(entry);
  EXPECT_TRUE(absl::IsFailedPrecondition(refused));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("logic version"));
}

}  // namespace
}  // namespace fundgate::store::testing
