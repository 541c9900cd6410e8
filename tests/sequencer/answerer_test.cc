// What is left to the answerer, and how much of it.
#include "server/sequencer/answerer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace fundgate::sequencer {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class AnswererTest : public testing::Test {
 protected:
  AnswererTest() {
    answerer_.AddObserver([this](Sequence sequence, const core::Input&, const core::Outcome&) {
      heard_.push_back("record " + std::to_string(sequence));
    });
  }

  // One of one recorded input.
  Group GroupOf(uint64_t number, Callback done) {
    Group group;
    group.number = number;
    group.answered.emplace_back();
    group.answered.back().sequence = number;
    group.answered.back().done = std::move(done);
    return group;
  }

  Meters meters_;
  Answerer answerer_{meters_};
  std::vector<std::string> heard_;  // whoever answers; read while nobody does
};

TEST_F(AnswererTest, ObserversHearBeforeTheCaller) {
  std::vector<Group> groups;
  groups.push_back(GroupOf(1, [this](const absl::StatusOr<core::Answer>& answer) {
    EXPECT_TRUE(answer.ok()) << answer.status();
    heard_.push_back("answer 1");
  }));
  answerer_.Answer(std::move(groups), absl::ZeroDuration());
  EXPECT_THAT(heard_, ElementsAre("record 1", "answer 1"));
  EXPECT_EQ(answerer_.groups(), 1u);
  EXPECT_EQ(answerer_.inputs(), 1u);
}

TEST_F(AnswererTest, WhatFailedIsToldAndNotObserved) {
  std::vector<Group> groups;
  groups.push_back(GroupOf(1, [this](const absl::StatusOr<core::Answer>& answer) {
    heard_.push_back(std::string(answer.status().message()));
  }));
  groups.back().Fail(absl::UnavailableError("the disk is full"));
  answerer_.Answer(std::move(groups), absl::ZeroDuration());
  EXPECT_THAT(heard_, ElementsAre("the disk is full"));
  EXPECT_EQ(answerer_.groups(), 0u);
}

TEST_F(AnswererTest, IsBusyUntilWhatWasLeftIsAnswered) {
  EXPECT_FALSE(answerer_.is_busy());
  std::vector<Group> groups;
  groups.push_back(GroupOf(1, [this](const absl::StatusOr<core::Answer>&) {
    EXPECT_TRUE(answerer_.is_busy());
    heard_.push_back("answer 1");
  }));
  answerer_.Leave(std::move(groups), absl::ZeroDuration());
  EXPECT_TRUE(answerer_.is_busy());
  EXPECT_THAT(heard_, IsEmpty());
  EXPECT_TRUE(answerer_.Turn());
  EXPECT_FALSE(answerer_.is_busy());
  EXPECT_THAT(heard_, ElementsAre("record 1", "answer 1"));
}

TEST_F(AnswererTest, AllThatWasLeftIsAnsweredInOrderAndLittleAtATime) {
  constexpr uint64_t kGroups = 1000;
  std::thread thread([this] {
    while (answerer_.Turn()) {
    }
  });
  std::atomic<uint64_t> left = 0;
  for (uint64_t number = 1; number <= kGroups; ++number) {
    std::vector<Group> groups;
    groups.push_back(GroupOf(number, [&, number](const absl::StatusOr<core::Answer>&) {
      EXPECT_LE(left, number + 1) << "more than the next one lies there";
      heard_.push_back("answer " + std::to_string(number));
    }));
    answerer_.Leave(std::move(groups), absl::ZeroDuration());
    ++left;
  }
  answerer_.Finish();
  thread.join();
  EXPECT_FALSE(answerer_.is_busy());
  EXPECT_EQ(answerer_.groups(), kGroups);
  std::vector<std::string> expected;
  for (uint64_t number = 1; number <= kGroups; ++number) {
    expected.push_back("record " + std::to_string(number));
    expected.push_back("answer " + std::to_string(number));
  }
  EXPECT_EQ(heard_, expected);
}

}  // namespace
}  // namespace fundgate::sequencer
