// What is left to the answerer, and how much of it.
#include "server/sequencer/answerer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace fundgate::sequencer {
namespace {

using testing::ElementsAre;

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
  std::vector<Group> One(uint64_t number) {
    std::vector<Group> groups;
    groups.push_back(GroupOf(number, [this, number](const absl::StatusOr<core::Answer>& answer) {
      EXPECT_TRUE(answer.ok()) << answer.status();
      heard_.push_back("answer " + std::to_string(number));
    }));
    return groups;
  }

  Meters meters_;
  Answerer answerer_{meters_};
  std::vector<std::string> heard_;  // whoever answers; read while nobody does
};

TEST_F(AnswererTest, ObserversHearBeforeTheCaller) {
  answerer_.Answer(One(1), absl::ZeroDuration());
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

TEST_F(AnswererTest, AllThatWasLeftIsAnsweredInOrder) {
  constexpr uint64_t kGroups = 1000;
  std::thread thread([this] {
    while (answerer_.Turn()) {
    }
  });
  for (uint64_t number = 1; number <= kGroups; ++number) {
    answerer_.Leave(One(number), absl::ZeroDuration());
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

TEST_F(AnswererTest, NoMoreIsLeftThanOneTurnTakes) {
  std::promise<void> begun;
  std::promise<void> go_on;
  std::atomic<bool> third_is_left{false};
  std::vector<Group> first;
  first.push_back(GroupOf(1, [&](const absl::StatusOr<core::Answer>&) {
    begun.set_value();
    go_on.get_future().wait();
    EXPECT_FALSE(third_is_left) << "the second is still where it would lie";
  }));
  std::thread thread([this] {
    while (answerer_.Turn()) {
    }
  });
  answerer_.Leave(std::move(first), absl::ZeroDuration());
  begun.get_future().wait();
  EXPECT_TRUE(answerer_.is_busy());
  answerer_.Leave(One(2), absl::ZeroDuration());
  std::thread committer([&] {
    answerer_.Leave(One(3), absl::ZeroDuration());
    third_is_left = true;
    answerer_.Finish();
  });
  go_on.set_value();
  committer.join();
  thread.join();
  EXPECT_THAT(heard_, ElementsAre("record 1", "record 2", "answer 2", "record 3", "answer 3"));
}

}  // namespace
}  // namespace fundgate::sequencer
