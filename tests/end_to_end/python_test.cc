// A client in another language, made from the protos alone, against a gate that runs.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/end_to_end/processes.h"
#include "tests/gate/test_feeder.h"

namespace fundgate::end_to_end {
namespace {

struct Said {
  int exit_code = 0;
  std::string verdict;  // the first line of what it printed, up to the blank
};

Said AskInPython(const std::string& address, const std::string& key, const std::string& amount) {
  Process python({"/usr/bin/python3", FUNDGATE_SOURCE_DIR "/tests/end_to_end/python_check.py",
                  "refund", "--address", address, "--key", key, "--account", "m1", "--order", "o1",
                  "--currency", "CNY", "--minor-units", amount});
  Said said;
  const std::string line = python.ReadLine();
  said.verdict = line.substr(0, line.find(' '));
  said.exit_code = python.Wait();
  return said;
}

TEST(Python, ChecksAtTheRunningGateFromTheProtosAlone) {
  const TemporaryFolder folder;
  const GateProcess gate(folder.path());
  gate::testing::TestFeeder feeder(
      grpc::CreateChannel(gate.address(), grpc::InsecureChannelCredentials()), "ledger");
  feeder.Happened("payment", "p1", "o1", 10'000);

  const Said allowed = AskInPython(gate.address(), "r1", "6000");
  EXPECT_EQ(allowed.verdict, "ALLOW");
  EXPECT_EQ(allowed.exit_code, 0);
  const Said blocked = AskInPython(gate.address(), "r2", "6000");
  EXPECT_EQ(blocked.verdict, "BLOCK");
  EXPECT_EQ(blocked.exit_code, 11);
  EXPECT_EQ(AskInPython(gate.address(), "r3", "-1").exit_code, 1);  // refused, naming the field
}

}  // namespace
}  // namespace fundgate::end_to_end
