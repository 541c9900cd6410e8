// A client in another language, made from the protos alone, against a gate that runs.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "fundgate/v1/audit.grpc.pb.h"
#include "tests/end_to_end/processes.h"
#include "tests/gate/test_feeder.h"
#include "tests/places/places.h"

namespace fundgate::end_to_end {
namespace {

struct Said {
  int exit_code = 0;
  std::string verdict;  // the first line of what it printed, up to the blank
};

Said AskInPython(const std::string& address, const std::string& key, const std::string& amount) {
  Process python({"/usr/bin/python3", places::Source("tests/end_to_end/python_check.py"), "refund",
                  "--address", address, "--key", key, "--account", "m1", "--order", "o1",
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

// The exit code of a report.
int ReportInPython(const std::string& source, const std::string& address,
                   const std::vector<std::string>& words) {
  std::vector<std::string> command = {"/usr/bin/python3",
                                      places::Source("tests/end_to_end/python_ingest.py"), source,
                                      "--address", address};
  command.insert(command.end(), words.begin(), words.end());
  return Process(command).Wait();
}

TEST(Python, AServiceReportsWhatMovedFromTheProtosAlone) {
  const TemporaryFolder folder;
  const GateProcess gate(folder.path());
  const std::vector<std::string> payment = {"movement",  "payment",  "--key",   "p1",
                                            "--account", "m1",       "--order", "o1",
                                            "--amount",  "CNY:10000"};
  EXPECT_EQ(ReportInPython("ledger", gate.address(), payment), 0);
  EXPECT_EQ(AskInPython(gate.address(), "r1", "6000").verdict, "ALLOW");
  // The same report again is no second payment: it makes no room. (For a BLOCK somebody would have
  // to prove that nothing newer has happened; the service has ended.)
  EXPECT_EQ(ReportInPython("ledger", gate.address(), payment), 0);
  EXPECT_EQ(AskInPython(gate.address(), "r2", "6000").verdict, "HOLD");
  EXPECT_EQ(ReportInPython("ledger", gate.address(),
                           {"movement", "payment", "--key", "p2", "--amount", "X:1"}),
            1);  // refused, naming the field
}

TEST(Python, AServiceReportsFactsThatRulesJudge) {
  const TemporaryFolder folder;
  const GateProcess gate(folder.path());
  const auto bid = [&gate](const std::string& key, const std::string& price) {
    return ReportInPython("shop", gate.address(),
                          {"fact", "bid", "--key", key, "--text", "item_id=" + key, "--money",
                           "price=CNY:" + price, "--money", "market_price=CNY:100000"});
  };
  EXPECT_EQ(bid("i1", "99000"), 0);
  EXPECT_EQ(bid("i2", "990"), 0);
  const auto audit =
      v1::Audit::NewStub(grpc::CreateChannel(gate.address(), grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  v1::ListViolationsResponse response;
  ASSERT_TRUE(audit->ListViolations(&context, v1::ListViolationsRequest(), &response).ok());
  ASSERT_EQ(response.violations_size(), 1);
  EXPECT_EQ(response.violations(0).name(), "price_collapse");
}

}  // namespace
}  // namespace fundgate::end_to_end
