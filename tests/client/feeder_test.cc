#include "client/fundctl/feeder.h"

#include "client/fundctl/position_chain.h"
#include "gmock/gmock.h"
#include "grpcpp/create_channel.h"
#include "gtest/gtest.h"
#include "tests/client/fake_gate.h"

namespace fundgate::fundctl {
namespace {

using ::fundgate::testing::FakeGate;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

v1::GetPositionResponse Granted(const std::string& position, uint64_t epoch) {
  v1::GetPositionResponse granted;
  granted.set_position(position);
  granted.set_epoch(epoch);
  granted.mutable_gate_time()->set_seconds(100);
  return granted;
}

TEST(PositionChain, EachEventFollowsOnTheOneBefore) {
  PositionChain chain("ledger");
  ASSERT_TRUE(chain.Begin(Granted("till:42", 7)).ok());
  const v1::IngestRequest first = chain.Next({});
  EXPECT_EQ(first.epoch(), 7u);
  EXPECT_EQ(first.previous_position(), "till:42");
  EXPECT_EQ(first.position(), "till:43");
  EXPECT_EQ(first.events(0).event_id(), "till:43");
  EXPECT_EQ(first.probe().head_position(), "till:43");
  EXPECT_EQ(first.probe().read_after().seconds(), 100);
  const v1::IngestRequest second = chain.Next({});
  EXPECT_EQ(second.previous_position(), "till:43");
  EXPECT_EQ(second.position(), "till:44");
}

TEST(PositionChain, BeginsAtOneUnderTheSourcesOwnName) {
  PositionChain chain("ledger");
  ASSERT_TRUE(chain.Begin(Granted("", 1)).ok());
  const v1::IngestRequest first = chain.Next({});
  EXPECT_EQ(first.previous_position(), "");
  EXPECT_EQ(first.position(), "ledger:1");
}

TEST(PositionChain, AProbeStandsStillAndIsReadAfterTheNewestAcknowledgement) {
  PositionChain chain("ledger");
  ASSERT_TRUE(chain.Begin(Granted("ledger:5", 1)).ok());
  v1::IngestAck ack;
  ack.mutable_gate_time()->set_seconds(150);
  chain.Heard(ack);
  const v1::IngestRequest probe = chain.Probe();
  EXPECT_EQ(probe.previous_position(), probe.position());
  EXPECT_EQ(probe.probe().head_position(), "ledger:5");
  EXPECT_EQ(probe.probe().read_after().seconds(), 150);
  EXPECT_EQ(probe.events_size(), 0);
}

TEST(PositionChain, RefusesThePositionsOfADatabase) {
  for (const char* position : {"0-1-270", "ledger:5,till:7", "ledger:x", ":5"}) {
    PositionChain chain("ledger");
    EXPECT_EQ(chain.Begin(Granted(position, 1)).code(), absl::StatusCode::kFailedPrecondition)
        << position;
  }
}

TEST(FateOf, IsKnownOnlyWhenNobodyElseCouldHaveMovedThePosition) {
  v1::IngestRequest sent;
  sent.set_epoch(3);
  sent.set_previous_position("ledger:1");
  sent.set_position("ledger:2");
  EXPECT_EQ(FateOf(sent, Granted("ledger:1", 4)), Fate::kNotApplied);
  EXPECT_EQ(FateOf(sent, Granted("ledger:1", 9)), Fate::kNotApplied);
  EXPECT_EQ(FateOf(sent, Granted("ledger:2", 4)), Fate::kApplied);
  EXPECT_EQ(FateOf(sent, Granted("ledger:2", 5)), Fate::kUnknown);
  EXPECT_EQ(FateOf(sent, Granted("ledger:3", 5)), Fate::kUnknown);
}

// A feeder of a source at ledger:0.
Feeder FeederOf(FakeGate& gate, absl::Duration timeout = absl::Seconds(10)) {
  return Feeder(grpc::CreateChannel(gate.address(), grpc::InsecureChannelCredentials()), "ledger",
                timeout);
}

TEST(Feeder, IsDoneWhenTheEventIsDurable) {
  FakeGate gate({});
  Feeder feeder = FeederOf(gate);
  EXPECT_TRUE(feeder.Send({}).ok());
  EXPECT_EQ(gate.ingest().position(), "ledger:1");
  EXPECT_TRUE(feeder.Send({}).ok());
  EXPECT_TRUE(feeder.Close().ok());
  EXPECT_THAT(gate.ingest().event_ids(), ElementsAre("ledger:1", "ledger:2"));
}

TEST(Feeder, AnswersAtOnceWhenTheGateAsksForAProbe) {
  FakeGate gate({});
  gate.ingest().AskForProbes(3);
  Feeder feeder = FeederOf(gate);
  EXPECT_TRUE(feeder.Send({}).ok());  // acknowledged and asked in one
  EXPECT_TRUE(gate.ingest().WaitForProbes(4));
  EXPECT_TRUE(feeder.Close().ok());
  EXPECT_THAT(gate.ingest().event_ids(), ElementsAre("ledger:1"));
}

TEST(Feeder, SendsAgainUnderANewEpochWhatWasFencedOff) {
  FakeGate gate({});
  gate.ingest().TakeOverBefore(2);
  Feeder feeder = FeederOf(gate);
  EXPECT_TRUE(feeder.Send({}).ok());
  EXPECT_TRUE(feeder.Send({}).ok());
  EXPECT_THAT(gate.ingest().event_ids(), ElementsAre("ledger:1", "ledger:2"));
  EXPECT_EQ(gate.ingest().epoch(), 3u);
}

TEST(Feeder, DoesNotSendAgainWhatWasAppliedBeforeTheConnectionWasLost) {
  FakeGate gate({});
  gate.ingest().LoseAckOf(2);
  Feeder feeder = FeederOf(gate);
  EXPECT_TRUE(feeder.Send({}).ok());
  EXPECT_TRUE(feeder.Send({}).ok());
  EXPECT_TRUE(feeder.Send({}).ok());
  EXPECT_THAT(gate.ingest().event_ids(), ElementsAre("ledger:1", "ledger:2", "ledger:3"));
}

TEST(Feeder, SaysThatItCannotTellWhenAnotherFeederCameInBetween) {
  FakeGate gate({});
  gate.ingest().LoseAckAndTakeOver(1);
  Feeder feeder = FeederOf(gate);
  const absl::Status status = feeder.Send({});
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
  EXPECT_THAT(std::string(status.message()), HasSubstr("may or may not be applied"));
  EXPECT_THAT(gate.ingest().event_ids(), ElementsAre("ledger:1"));
}

TEST(Feeder, WaitsNoLongerThanItsTimeoutForASilentGate) {
  FakeGate gate({});
  gate.ingest().StaySilent();
  Feeder feeder = FeederOf(gate, absl::Milliseconds(50));
  EXPECT_EQ(feeder.Probe().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST(Feeder, StartsOverAfterItWasFencedOff) {
  FakeGate gate({});
  Feeder feeder = FeederOf(gate);
  ASSERT_TRUE(feeder.Probe().ok());
  Feeder other = FeederOf(gate);
  ASSERT_TRUE(other.Send({}).ok());
  EXPECT_EQ(feeder.Probe().code(), absl::StatusCode::kAborted);
  EXPECT_TRUE(feeder.Probe().ok());
  EXPECT_EQ(feeder.position(), "ledger:1");
}

}  // namespace
}  // namespace fundgate::fundctl
