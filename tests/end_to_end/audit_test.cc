// What auditors do, with the programs that they use: a gate that keeps anchors, fundctl, and
// fundgated over the folder of a stopped gate.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <variant>
#include <vector>

#include "anchor/anchors.h"
#include "tests/anchor/test_keys.h"
#include "tests/end_to_end/processes.h"
#include "tests/gate/gate_world.h"
#include "tests/gate/test_feeder.h"
#include "tests/places/places.h"
#include "tests/store/tampering.h"

namespace fundgate::end_to_end {
namespace {

using gate::testing::Refund;
using gate::testing::TestFeeder;
using ::testing::AllOf;
using ::testing::HasSubstr;

struct Ran {
  int code = 0;
  std::string out;
};

Ran RunOf(const std::vector<std::string>& command) {
  Process process(command);
  Ran ran;
  ran.out = process.ReadAll();
  ran.code = process.Wait();
  return ran;
}

class Audit : public ::testing::Test {
 protected:
  Audit() {
    const anchor::testing::KeyTexts key = anchor::testing::NewKey();
    std::ofstream(key_) << key.private_pem;
    std::filesystem::permissions(key_, std::filesystem::perms::owner_read);
    std::ofstream(public_key_) << key.public_pem;
    options_.directory = data_;
  }

  // A gate that anchors every record, with business; gives the decisions.
  std::vector<v1::Decision> Serve() const {
    GateProcess gate(data_, {"--anchor-key", key_, "--anchor-file", anchors_, "--anchor-records",
                             "1", "--anchor-every", "0.2"});
    const auto channel = grpc::CreateChannel(gate.address(), grpc::InsecureChannelCredentials());
    TestFeeder feeder(channel, "ledger");
    feeder.Happened("payment", "p1", "o1", 1000);
    const auto stub = v1::Gate::NewStub(channel);
    std::vector<v1::Decision> decisions;
    for (const int64_t amount : {600, 700, 100}) {
      grpc::ClientContext context;
      v1::Decision& decision = decisions.emplace_back();
      const v1::CheckRequest request = Refund("r" + std::to_string(decisions.size()), "o1", amount);
      const grpc::Status status = stub->Check(&context, request, &decision);
      EXPECT_TRUE(status.ok()) << status.error_message();
    }
    feeder.Finish();
    gate.process().Signal(SIGTERM);
    EXPECT_EQ(gate.process().Wait(), 0);
    return decisions;
  }

  Ran VerifyChain() const {
    return RunOf({places::Program("fundgated"), "--verify-chain", data_, "--anchors", anchors_,
                  "--public-key", public_key_});
  }

  const TemporaryFolder folder_;
  const std::string data_ = folder_.path() + "/data";
  const std::string anchors_ = folder_.path() + "/anchors.jsonl";
  const std::string key_ = folder_.path() + "/anchor.key";
  const std::string public_key_ = folder_.path() + "/anchor.pub";
  store::Options options_;
};

TEST_F(Audit, AStoppedGatesChainIsWhatWasAnchored) {
  const std::vector<v1::Decision> decisions = Serve();
  const Ran verified = VerifyChain();
  EXPECT_EQ(verified.code, 0) << verified.out;
  EXPECT_THAT(verified.out, AllOf(HasSubstr("records is sound"), HasSubstr("anchors agree")));
  const anchor::Anchors anchors = anchor::Anchors::Read(anchors_).value();
  ASSERT_GT(anchors.size(), 0U);
  // The last of them was signed when the gate stopped.
  EXPECT_GE(anchors.Places().back(), decisions.back().sequence());
}

TEST_F(Audit, ARewrittenTailIsNamedAndTheGateRefusesToServe) {
  const std::vector<v1::Decision> decisions = Serve();
  const Sequence rewritten = decisions[1].sequence();
  store::testing::Tamper(options_, [&](store::Database& database) {
    store::testing::RewriteTail(database, rewritten, [](core::Input& input) {
      std::get<core::CheckInput>(input.body).amount.minor_units = 1;
    });
  });
  // Nothing shows it but the anchors.
  EXPECT_EQ(RunOf({places::Program("fundgated"), "--verify-chain", data_}).code, 0);
  const Ran verified = VerifyChain();
  EXPECT_EQ(verified.code, 1);
  EXPECT_THAT(verified.out, AllOf(HasSubstr("REWRITTEN"), HasSubstr("was rewritten")));
  EXPECT_EQ(RunOf({places::Program("fundgated"), "--data", data_, "--listen", "127.0.0.1:0",
                   "--anchor-key", key_, "--anchor-file", anchors_})
                .code,
            1);
}

TEST_F(Audit, OneByteOnDiskIsNamedByItsRecord) {
  const std::vector<v1::Decision> decisions = Serve();
  const Sequence damaged = decisions[1].sequence();
  store::testing::Tamper(options_, [&](store::Database& database) {
    std::string bytes = store::testing::JournalBytes(database, damaged);
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    store::testing::PutJournalBytes(database, damaged, bytes);
  });
  const Ran verified = RunOf({places::Program("fundgated"), "--verify-chain", data_});
  EXPECT_EQ(verified.code, 1);
  EXPECT_THAT(verified.out, HasSubstr("DAMAGED at record " + std::to_string(damaged)));
}

TEST_F(Audit, AnAuditorAsksTheRunningGateWhyAndWhetherItStillHolds) {
  const std::vector<v1::Decision> decisions = Serve();
  const GateProcess gate(data_);
  const auto fundctl = [&gate](std::vector<std::string> words) {
    words.insert(words.begin(), {places::Program("fundctl"), "--address", gate.address()});
    return RunOf(words);
  };
  const std::string blocked = decisions[1].decision_id();
  const Ran explained = fundctl({"trace", "explain", blocked});
  EXPECT_EQ(explained.code, 0);
  EXPECT_THAT(explained.out, HasSubstr("BLOCK: the refund r2 of CNY 7.00 for order o1"));
  for (const v1::Decision& decision : decisions) {
    const Ran replayed = fundctl({"trace", "replay", decision.decision_id()});
    EXPECT_EQ(replayed.code, 0) << replayed.out;
    EXPECT_THAT(replayed.out, HasSubstr("AGREES"));
  }
  EXPECT_EQ(fundctl({"trace", "replay", "d00000000000fffff"}).code, 1);
  const Ran verified =
      fundctl({"trace", "verify", "--anchors", anchors_, "--public-key", public_key_});
  EXPECT_EQ(verified.code, 0) << verified.out;
  EXPECT_THAT(verified.out, HasSubstr("anchors agree"));
  const Ran exported =
      fundctl({"trace", "export", "--rule", decisions[1].reasons(0).name(), "--output", "json"});
  EXPECT_THAT(exported.out, AllOf(HasSubstr(blocked), HasSubstr("\"account_id\":\"m1\"")));
  EXPECT_EQ(std::count(exported.out.begin(), exported.out.end(), '\n'), 1);
  const Ran account = fundctl({"account", "show", "m1"});
  EXPECT_THAT(account.out, AllOf(HasSubstr("BOOKS"), HasSubstr("CNY 10.00"), HasSubstr(blocked)));
}

TEST_F(Audit, ADecisionThatWasWrittenOverDoesNotComeOutAgain) {
  const std::vector<v1::Decision> decisions = Serve();
  store::testing::Tamper(options_, [&](store::Database& database) {
    store::testing::RewriteTail(database, decisions[1].sequence(), [](core::Input& input) {
      auto& check = std::get<core::CheckInput>(input.body);
      check.amount.minor_units = 1;
      check.lines.front().amount = 1;
    });
  });
  const GateProcess gate(data_);
  const Ran replayed = RunOf({places::Program("fundctl"), "--address", gate.address(), "trace",
                              "replay", decisions[1].decision_id()});
  EXPECT_EQ(replayed.code, 1);
  EXPECT_THAT(replayed.out,
              AllOf(HasSubstr("DISAGREES at record " + std::to_string(decisions[1].sequence())),
                    HasSubstr("recorded: BLOCK"), HasSubstr("judged again: ALLOW")));
}

TEST_F(Audit, TopShowsOnePageWithoutATerminal) {
  Serve();
  const GateProcess gate(data_);
  const Ran top = RunOf({places::Program("fundctl"), "--address", gate.address(), "top"});
  EXPECT_EQ(top.code, 0);
  EXPECT_THAT(top.out, HasSubstr("serving"));
}

}  // namespace
}  // namespace fundgate::end_to_end
