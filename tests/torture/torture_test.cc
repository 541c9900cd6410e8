// A short run with real processes. tools/torture runs longer ones.
#include <gtest/gtest.h>

#include <iostream>

#include "tests/end_to_end/processes.h"
#include "tests/torture/run.h"

namespace fundgate::torture {
namespace {

constexpr int kKills = 20;
constexpr int kSeed = 7;

TEST(Torture, EveryPromiseIsKeptWhoeverIsKilled) {
  const end_to_end::TemporaryFolder folder;
  RunSettings settings;
  settings.kills = end_to_end::Rounds("FUNDGATE_TORTURE_KILLS", kKills);
  settings.seed = static_cast<uint64_t>(end_to_end::Rounds("FUNDGATE_TORTURE_SEED", kSeed));
  settings.clients = 8;
  settings.folder = folder.path();
  settings.say = [](const std::string& line) { std::cout << line << "\n"; };
  const RunReport report = Torture(settings);
  for (const std::string& failure : report.failures) ADD_FAILURE() << failure;
  std::cout << report.Text() << "\n";
  EXPECT_GE(report.kills(), settings.kills);
  // It was no idle run.
  EXPECT_GT(report.allowed, settings.kills);
  EXPECT_GT(report.orders, 0);
}

}  // namespace
}  // namespace fundgate::torture
