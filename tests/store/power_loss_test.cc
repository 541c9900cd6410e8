// What is acknowledged survives the loss of power, and what is not may go, but whole.
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/store/verify.h"
#include "tests/store/power_loss_file_system.h"
#include "tests/store/store_world.h"

namespace fundgate::store::testing {
namespace {

constexpr int kCuts = 50;
constexpr int kCutsToSeeLoss = 5;  // each finds some of it gone

struct Losses {
  int acknowledged = 0;
  int lost = 0;
};

// Cuts the power that many times, each time after some groups that were acknowledged and one that
// was written but not yet synced; counts acknowledged keys that are gone afterwards.
Losses LoseWhatWasAcknowledged(Durability durability, int cuts) {
  TemporaryFolder folder;
  auto system = std::make_shared<PowerLossFileSystem>();
  Options options = OptionsFor(folder.path());
  options.file_system = system;
  options.durability = durability;
  StoreWorld world(options);
  world.Begin();
  if (durability == Durability::kNoSync) {
    // The policy itself must survive for the story to go on.
    world.Close();
    world.Reopen();
  }
  Losses losses;
  for (int cut = 0; cut < cuts; ++cut) {
    std::vector<core::KeyId> acknowledged;
    for (int i = 0; i <= cut % 5; ++i) {
      const core::CheckInput check = world.NewCheck(absl::StrCat("r", cut, "-", i));
      world.Put(check);
      acknowledged.push_back(check.key);
    }
    world.Append(world.NewCheck(absl::StrCat("unsynced", cut)));
    EXPECT_TRUE(world.Write().ok());
    system->CutPower();
    world.Close();
    system->Restore();
    world.Reopen();
    for (const core::KeyId& key : acknowledged) {
      ++losses.acknowledged;
      if (!world.store().state().Find<core::Keys>(key).has_value()) ++losses.lost;
    }
  }
  world.Close();
  const absl::StatusOr<VerifyReport> report = VerifyByReplay(options, nullptr);
  EXPECT_TRUE(report.ok()) << report.status();
  if (report.ok()) {
    EXPECT_EQ(report->difference, "");
  }
  return losses;
}

TEST(PowerLoss, NothingAcknowledgedIsLost) {
  const Losses losses = LoseWhatWasAcknowledged(Durability::kSync, kCuts);
  EXPECT_EQ(losses.acknowledged, 150);
  EXPECT_EQ(losses.lost, 0);
}

TEST(PowerLoss, WithoutSyncItIsLostSoThisTestCanFail) {
  EXPECT_GT(LoseWhatWasAcknowledged(Durability::kNoSync, kCutsToSeeLoss).lost, 0);
}

class Faults : public ::testing::Test {
 protected:
  Faults() : system_(std::make_shared<PowerLossFileSystem>()), world_(OptionsWithFaults()) {
    world_.Begin();
  }

  Options OptionsWithFaults() {
    Options options = OptionsFor(folder_.path());
    options.file_system = system_;
    return options;
  }

  TemporaryFolder folder_;
  std::shared_ptr<PowerLossFileSystem> system_;
  StoreWorld world_;
};

TEST_F(Faults, AFullDiskRefusesTheGroupWholeAndServiceResumesWhenThereIsRoom) {
  const core::CheckInput check = world_.NewCheck("r1");
  system_->SetFull(true);
  world_.Append(check);
  EXPECT_EQ(world_.Write().status().code(), absl::StatusCode::kResourceExhausted);
  system_->SetFull(false);
  absl::Status reloaded = world_.store().Reload();
  while (reloaded.code() == absl::StatusCode::kUnavailable ||
         reloaded.code() == absl::StatusCode::kResourceExhausted) {
    reloaded = world_.store().Reload();  // RocksDB recovers in the background
  }
  ASSERT_TRUE(reloaded.ok()) << reloaded;
  EXPECT_FALSE(world_.store().state().Find<core::Keys>(check.key).has_value());
  world_.Put(check);
  world_.Reopen();
  EXPECT_TRUE(world_.store().state().Find<core::Keys>(check.key).has_value());
}

// RocksDB has nothing in memory then that it would have to bring to safety before it goes on.
TEST_F(Faults, AFullDiskAtTheFirstWriteAfterAStartIsNoLastingFailure) {
  world_.Reopen();
  const core::CheckInput check = world_.NewCheck("r1");
  system_->SetFull(true);
  world_.Append(check);
  EXPECT_EQ(world_.Write().status().code(), absl::StatusCode::kResourceExhausted);
  system_->SetFull(false);
  absl::Status reloaded = world_.store().Reload();
  while (reloaded.code() == absl::StatusCode::kUnavailable ||
         reloaded.code() == absl::StatusCode::kResourceExhausted) {
    reloaded = world_.store().Reload();  // RocksDB recovers in the background
  }
  ASSERT_TRUE(reloaded.ok()) << reloaded;
  world_.Put(check);
  world_.Reopen();
  EXPECT_TRUE(world_.store().state().Find<core::Keys>(check.key).has_value());
}

TEST_F(Faults, WhatWasWrittenBeforeTheDiskWasFullIsStillMadeDurable) {
  const core::CheckInput before = world_.NewCheck("before");
  world_.Append(before);
  const absl::StatusOr<uint64_t> group = world_.Write();
  ASSERT_TRUE(group.ok()) << group.status();
  system_->SetFull(true);
  world_.Append(world_.NewCheck("after"));
  EXPECT_EQ(world_.Write().status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(world_.store().Sync(*group).ok());
  system_->CutPower();
  world_.Close();
  system_->SetFull(false);
  system_->Restore();
  world_.Reopen();
  EXPECT_TRUE(world_.store().state().Find<core::Keys>(before.key).has_value());
  EXPECT_FALSE(world_.store().state().Find<core::Keys>(world_.NewCheck("after").key).has_value());
}

TEST_F(Faults, AFailedSyncIsFinal) {
  world_.Append(world_.NewCheck("r1"));
  const absl::StatusOr<uint64_t> group = world_.Write();
  ASSERT_TRUE(group.ok()) << group.status();
  system_->SetSyncFails(true);
  EXPECT_FALSE(world_.store().Sync(*group).ok());
  system_->SetSyncFails(false);
  EXPECT_FALSE(world_.store().Sync(*group).ok());
  EXPECT_FALSE(world_.store().view()->Find<core::Keys>(world_.NewCheck("r1").key)->has_value());
}

}  // namespace
}  // namespace fundgate::store::testing
