// Every loss is caught where its scenario says, named as it says, and nothing else is found.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "tests/end_to_end/processes.h"
#include "tests/places/places.h"
#include "tests/scenarios/loss.h"
#include "tests/scenarios/stage.h"

namespace fundgate::scenarios {
namespace {

std::vector<Loss> AllLosses() {
  absl::StatusOr<std::vector<Loss>> losses =
      ReadLosses(places::Source("tests/scenarios/losses.yaml"));
  EXPECT_TRUE(losses.ok()) << losses.status();
  return losses.ok() ? *std::move(losses) : std::vector<Loss>();
}

void PrintTimes(std::vector<double> milliseconds) {
  ASSERT_FALSE(milliseconds.empty());
  std::sort(milliseconds.begin(), milliseconds.end());
  const auto at = [&](double share) {
    return milliseconds[static_cast<size_t>(share * static_cast<double>(milliseconds.size() - 1))];
  };
  std::cout << absl::StreamFormat(
      "COMMIT returned -> all violations listed: median %.1f ms, p99 %.1f ms, %d losses\n", at(0.5),
      at(0.99), milliseconds.size());
}

TEST(Losses, AreOfAllTypes) {
  std::map<std::string, int> count;
  std::set<std::string> names;
  for (const Loss& loss : AllLosses()) {
    EXPECT_TRUE(names.insert(loss.name).second) << "two scenarios are named " << loss.name;
    if (loss.place != Place::kNowhere) ++count[loss.type];
  }
  int all = 0;
  for (const std::string& type : LossTypes()) {
    EXPECT_GE(count[type], 5) << type;
    all += count[type];
  }
  EXPECT_GE(all, 40);
}

TEST(Losses, AreCaughtByTheirCheckOrTheirEvent) {
  Stage stage(PaymentPlatform());
  std::vector<double> milliseconds;
  int caught = 0;
  for (const Loss& loss : AllLosses()) {
    if (loss.takes_time()) continue;
    SCOPED_TRACE(loss.name);
    EXPECT_EQ(stage.Play(loss), "");
    if (loss.place == Place::kEvent) {
      const auto time = stage.AwaitFound(loss);
      if (time.has_value()) milliseconds.push_back(time->count());
    }
    EXPECT_EQ(stage.Compare(loss), "");
    ++caught;
  }
  PrintTimes(milliseconds);
  // What came later must not have shown anything more.
  for (const Loss& loss : AllLosses()) {
    if (loss.takes_time()) continue;
    EXPECT_EQ(stage.Compare(loss), "") << loss.name;
  }
  std::cout << caught << " scenarios\n";
  EXPECT_EQ(stage.world().StopGateAndVerify(), 0);
}

TEST(Losses, AreCaughtByADeadlineWhenNothingElseShowsThem) {
  Stage stage(PaymentPlatform(
      {{"within: 60s", "within: 1s"},
       {"within: 36h", "within: 1s"},
       {"stuck: {PAID: 3d}", "stuck: {PAID: 4s}"},
       {"stuck: {PROCESSING: 1d}", "stuck: {PROCESSING: 1s}"},
       {"valid_for: 2m\n    overdue_after: 10m", "valid_for: 500ms\n    overdue_after: 1s"},
       {"valid_for: 10m, overdue_after: 1h", "valid_for: 500ms, overdue_after: 1s"}}));
  std::vector<Loss> losses;
  for (Loss& loss : AllLosses()) {
    if (loss.takes_time()) losses.push_back(std::move(loss));
  }
  for (const Loss& loss : losses) ASSERT_EQ(stage.Play(loss), "") << loss.name;
  for (const Loss& loss : losses) EXPECT_EQ(stage.Compare(loss), "") << loss.name;
  std::cout << losses.size() << " scenarios\n";
  EXPECT_EQ(stage.world().StopGateAndVerify(), 0);
}

TEST(Losses, ThatAreNotCaughtAreSaid) {
  end_to_end::TemporaryFolder folder;
  const std::string path = folder.path() + "/losses.yaml";
  std::ofstream(path) << R"(losses:
  - name: nothing is wrong with it
    type: disagreement
    do:
      - paid: {order: ~o1, amount: 100}
      - ask: {checkpoint: refund, key: ~r1, order: ~o1, amount: 10}
    caught: {at: check, verdict: BLOCK, reason: refunds_within_paid}
  - name: something is
    type: manual_fix
    do:
      - paid: {order: ~o1, amount: 100}
      - hand: INSERT INTO pay.refund VALUES ('~r1', '~m', '~o1', 10.00, 'SUCCESS', FALSE)
    caught: {at: event, violations: [UNGATED]}
)";
  const auto losses = ReadLosses(path);
  ASSERT_TRUE(losses.ok()) << losses.status();
  Stage stage(PaymentPlatform());
  EXPECT_TRUE(absl::StrContains(stage.Play(losses->at(0)), "got ALLOW"));
  EXPECT_EQ(stage.Play(losses->at(1)), "");
  EXPECT_TRUE(absl::StrContains(stage.Compare(losses->at(1)), "GUARD refund_rows"));
}

TEST(Losses, ThatAreBadlyWrittenAreRefused) {
  end_to_end::TemporaryFolder folder;
  const std::string path = folder.path() + "/losses.yaml";
  std::ofstream(path) << "losses: [{name: a, type: manual_fix, do: [{hands: x}], caught: {at: "
                         "nowhere}}]\n";
  EXPECT_EQ(ReadLosses(path).status().message(), "scenario 'a': 'hands' is no step");
  EXPECT_FALSE(ReadLosses(folder.path() + "/none.yaml").ok());
}

}  // namespace
}  // namespace fundgate::scenarios
