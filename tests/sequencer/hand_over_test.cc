// Who commits what the writer has written, and who answers. All is turned by hand here, on one
// thread.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "server/sequencer/pipeline.h"
#include "tests/sequencer/bench.h"

namespace fundgate::sequencer {
namespace {

class HandOver : public testing::Test {
 protected:
  HandOver() { Begin({}); }

  void Begin(const Options& options) {
    absl::StatusOr<std::unique_ptr<Pipeline>> pipeline = Pipeline::Create(
        options, store_, input_clock_,
        [this](const core::Input& input) { return machine_.Apply(input); }, nullptr,
        [this](const absl::Status&) { died_ = true; });
    EXPECT_TRUE(pipeline.ok()) << pipeline.status();
    pipeline_ = *std::move(pipeline);
  }

  void Submit(const std::string& key) {
    EXPECT_TRUE(pipeline_
                    ->Submit({.time = {}, .body = CheckOf(key)}, std::nullopt,
                             [this](absl::StatusOr<core::Answer> answer) {
                               EXPECT_TRUE(answer.ok()) << answer.status();
                               ++answers_;
                               if (heard_) std::exchange(heard_, nullptr)();
                             })
                    .ok());
  }
  // What the writer's thread does.
  void Write() {
    EXPECT_TRUE(pipeline_->TurnWriter(absl::ZeroDuration()));
    pipeline_->PassOn();
  }
  void Crowd(size_t inputs) {
    for (size_t i = 0; i < inputs; ++i) Submit("of a crowd, " + std::to_string(i));
    Write();
  }
  // One input at a time, until the writer knows that they come so.
  void ComeOneByOne() {
    Submit("first");
    Write();
    EXPECT_TRUE(pipeline_->TurnCommitter());
    Submit("second");
    Write();
    EXPECT_EQ(answers_, 2);
  }

  ManualClock clock_;
  FakeStore store_;
  InputClock input_clock_{clock_.sources(), absl::InfinitePast()};
  ScriptedMachine machine_{store_.state()};
  bool died_ = false;
  int answers_ = 0;
  std::function<void()> heard_;  // called once, by the next answer
  std::unique_ptr<Pipeline> pipeline_;
};

TEST_F(HandOver, TheWriterWritesWhatNothingFollows) {
  Submit("first");
  Submit("second");
  EXPECT_TRUE(pipeline_->TurnWriter(absl::ZeroDuration()));
  EXPECT_EQ(store_.written(), 1u);
  EXPECT_EQ(store_.sync_calls(), 0);
  EXPECT_TRUE(pipeline_->TurnCommitter());
  EXPECT_EQ(answers_, 2);
}

TEST_F(HandOver, TheCommitterWritesWhatIsFollowed) {
  Begin({.group_capacity = 1});
  Submit("first");
  Submit("second");
  EXPECT_TRUE(pipeline_->TurnWriter(absl::ZeroDuration()));
  EXPECT_EQ(store_.written(), 0u);
  // Nothing follows this one, but what is before it must be written first.
  EXPECT_TRUE(pipeline_->TurnWriter(absl::ZeroDuration()));
  EXPECT_EQ(store_.written(), 0u);
  EXPECT_TRUE(pipeline_->TurnCommitter());
  EXPECT_EQ(store_.written(), 2u);
  EXPECT_EQ(answers_, 2);
}

TEST_F(HandOver, TheFirstInputWaitsForTheCommitter) {
  Submit("first");
  Write();
  EXPECT_EQ(answers_, 0);
  EXPECT_TRUE(pipeline_->TurnCommitter());
  EXPECT_EQ(answers_, 1);
}

TEST_F(HandOver, InputsThatComeOneByOneAreCommittedByTheWriter) {
  ComeOneByOne();
  EXPECT_EQ(store_.synced_group(), 2u);
  EXPECT_FALSE(pipeline_->committer_has_work());
  Submit("third");
  Write();
  EXPECT_EQ(answers_, 3);
  EXPECT_EQ(store_.sync_calls(), 3);
}

TEST_F(HandOver, ACrowdIsLeftToTheCommitter) {
  ComeOneByOne();
  Submit("third");
  Submit("fourth");
  Write();
  Submit("fifth");
  Write();  // alone, but after a crowd
  EXPECT_EQ(answers_, 2);
  EXPECT_TRUE(pipeline_->TurnCommitter());
  EXPECT_EQ(answers_, 5);
  EXPECT_EQ(store_.sync_calls(), 3) << "one sync for all that was handed over";
}

TEST_F(HandOver, WhoComesBeforeOthersAreAnsweredIsNotAlone) {
  ComeOneByOne();
  Submit("third");
  EXPECT_TRUE(pipeline_->TurnWriter(absl::ZeroDuration()));  // and is not passed on
  Submit("fourth");
  Write();
  EXPECT_EQ(answers_, 2);
  EXPECT_TRUE(pipeline_->TurnCommitter());
  EXPECT_EQ(answers_, 4);
  const auto journal = store_.journal();
  EXPECT_EQ(store_.synced_group(), journal.back().group);
}

TEST_F(HandOver, ManyAnswersAreLeft) {
  Crowd(Committer::kFewAnswers + 1);
  EXPECT_TRUE(pipeline_->TurnCommitter(true));
  EXPECT_EQ(store_.synced_group(), 1u);
  EXPECT_FALSE(pipeline_->committer_has_work());
  EXPECT_EQ(answers_, 0);
  EXPECT_TRUE(pipeline_->TurnAnswerer());
  EXPECT_EQ(answers_, 5);
}

TEST_F(HandOver, FewAnswersAreGivenAtOnce) {
  Crowd(Committer::kFewAnswers);
  EXPECT_TRUE(pipeline_->TurnCommitter(true));
  EXPECT_EQ(answers_, 4);
}

TEST_F(HandOver, ManyAnswersAreGivenAtOnceWhereNobodyElseAnswers) {
  Crowd(Committer::kFewAnswers + 1);
  EXPECT_TRUE(pipeline_->TurnCommitter());
  EXPECT_EQ(answers_, 5);
}

TEST_F(HandOver, NobodyOvertakesWhoIsBeingAnswered) {
  Crowd(Committer::kFewAnswers + 1);
  EXPECT_TRUE(pipeline_->TurnCommitter(true));
  // A few, which would be answered at once.
  heard_ = [this] {
    Submit("late");
    Write();
    EXPECT_TRUE(pipeline_->TurnCommitter(true));
    EXPECT_EQ(store_.synced_group(), 2u);
    Submit("later");
    Write();
    EXPECT_EQ(answers_, 1);
  };
  EXPECT_TRUE(pipeline_->TurnAnswerer());
  ASSERT_EQ(answers_, 5);
  EXPECT_TRUE(pipeline_->TurnAnswerer());
  EXPECT_EQ(answers_, 6);
  EXPECT_TRUE(pipeline_->TurnCommitter(true));
  EXPECT_EQ(answers_, 7);
}

// What is answered with a failure doesn't end that inputs come one by one.
TEST_F(HandOver, TheWriterAnswersNobodyWhileOthersAreAnswered) {
  int refusals = 0;
  const auto submit = [this, &refusals] {
    EXPECT_TRUE(pipeline_
                    ->Submit({.time = {}, .body = CheckOf("refused")}, std::nullopt,
                             [&refusals](const absl::StatusOr<core::Answer>& answer) {
                               EXPECT_EQ(answer.status().code(), absl::StatusCode::kUnavailable);
                               ++refusals;
                             })
                    .ok());
  };
  ComeOneByOne();
  store_.FailWrites(absl::UnavailableError("the disk is away"));
  store_.FailReloads(absl::UnavailableError("the disk is away"));
  submit();
  Write();
  EXPECT_EQ(refusals, 1);
  for (size_t i = 0; i < Committer::kFewAnswers + 1; ++i) submit();
  EXPECT_TRUE(pipeline_->TurnWriter(absl::ZeroDuration()));
  EXPECT_TRUE(pipeline_->TurnCommitter(true));
  submit();
  Write();
  ASSERT_EQ(refusals, 1);
  EXPECT_TRUE(pipeline_->TurnAnswerer());
  EXPECT_EQ(refusals, 6);
  EXPECT_TRUE(pipeline_->TurnCommitter(true));
  EXPECT_EQ(refusals, 7);
}

TEST_F(HandOver, WhatIsSyncedIsAnsweredThoughTheNextSyncFails) {
  Crowd(Committer::kFewAnswers + 1);
  EXPECT_TRUE(pipeline_->TurnCommitter(true));
  store_.FailSyncs(absl::UnavailableError("the disk is gone"));
  Submit("lost");
  Write();
  EXPECT_FALSE(pipeline_->TurnCommitter(true));
  EXPECT_TRUE(died_);
  EXPECT_TRUE(pipeline_->TurnAnswerer());
  EXPECT_EQ(answers_, 5);
  pipeline_->FinishAnswerer();
  EXPECT_FALSE(pipeline_->TurnAnswerer());
}

TEST_F(HandOver, AFailedSyncIsTheEndWhoeverMadeIt) {
  ComeOneByOne();
  store_.FailSyncs(absl::UnavailableError("the disk is gone"));
  Submit("third");
  Write();
  EXPECT_TRUE(died_);
  EXPECT_EQ(answers_, 2);
  EXPECT_FALSE(pipeline_->TurnWriter(absl::ZeroDuration()));
}

}  // namespace
}  // namespace fundgate::sequencer
