#include "server/store/kept_records.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace fundgate::store {
namespace {

core::WindowId IdOf(const std::string& account) {
  return {AccountId(account), core::WindowName("draws"), ""};
}

core::Window WindowOf(uint64_t meaning) {
  core::Window window;
  window.meaning = meaning;
  return window;
}

// Counts how often it is asked for what isn't kept.
class Kept : public testing::Test {
 protected:
  std::optional<core::Window> Find(const std::string& account) {
    return kept_.Find(IdOf(account), [this] {
      ++loads_;
      return stored_;
    });
  }

  std::optional<core::Window> stored_ = WindowOf(1);
  KeptRecords<core::Windows> kept_;
  int loads_ = 0;
};

TEST_F(Kept, ReadsARecordOnce) {
  EXPECT_EQ(Find("m1"), WindowOf(1));
  EXPECT_EQ(Find("m1"), WindowOf(1));
  EXPECT_EQ(loads_, 1);
}

TEST_F(Kept, AlsoKnowsThatThereIsNone) {
  stored_ = std::nullopt;
  EXPECT_EQ(Find("m1"), std::nullopt);
  EXPECT_EQ(Find("m1"), std::nullopt);
  EXPECT_EQ(loads_, 1);
}

TEST_F(Kept, WhatIsPutIsFoundAndWhatGoesIsGone) {
  EXPECT_EQ(Find("m1"), WindowOf(1));
  kept_.Put(IdOf("m1"), WindowOf(2));
  EXPECT_EQ(Find("m1"), WindowOf(2));
  kept_.Put(IdOf("m1"), std::nullopt);
  EXPECT_EQ(Find("m1"), std::nullopt);
  kept_.Put(IdOf("m2"), WindowOf(3));
  EXPECT_EQ(Find("m2"), WindowOf(3));
  EXPECT_EQ(loads_, 1);
}

TEST_F(Kept, ForgetsWhatNobodyAskedForBetweenTwoAges) {
  Find("asked");
  Find("forgotten");
  kept_.Age();
  Find("asked");
  EXPECT_EQ(loads_, 2);
  kept_.Age();
  Find("asked");
  EXPECT_EQ(loads_, 2);
  Find("forgotten");
  EXPECT_EQ(loads_, 3);
}

TEST_F(Kept, NeverGivesBackWhatWasThereBeforeAPut) {
  Find("m1");
  kept_.Age();
  kept_.Put(IdOf("m1"), WindowOf(2));
  kept_.Age();
  EXPECT_EQ(Find("m1"), WindowOf(2));
  EXPECT_EQ(loads_, 1);
}

TEST_F(Kept, CountsWhatItHoldsSinceItAged) {
  EXPECT_EQ(kept_.newer_bytes(), 0u);
  Find("m1");
  const size_t one = kept_.newer_bytes();
  EXPECT_GT(one, sizeof(core::Window));
  core::Window large = WindowOf(1);
  large.buckets.resize(100);
  kept_.Put(IdOf("m1"), large);
  EXPECT_EQ(kept_.newer_bytes(), one + 100 * sizeof(core::WindowBucket));
  kept_.Put(IdOf("m1"), std::nullopt);
  EXPECT_EQ(kept_.newer_bytes(), one);
  kept_.Age();
  EXPECT_EQ(kept_.newer_bytes(), 0u);
  Find("m1");
  EXPECT_EQ(kept_.newer_bytes(), one);
}

}  // namespace
}  // namespace fundgate::store
