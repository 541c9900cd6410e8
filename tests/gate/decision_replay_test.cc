#include "server/gate/decision_replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "google/protobuf/util/message_differencer.h"
#include "tests/gate/gate_world.h"

namespace fundgate::gate {
namespace {

using testing::GateWorld;
using testing::Refund;

// The last message, and how the call ended.
struct Replayed {
  v1::ReplayDecisionResponse outcome;
  grpc::Status status;
};

Replayed Replay(GateWorld& world, const std::string& decision) {
  grpc::ClientContext context;
  v1::ReplayDecisionRequest request;
  request.set_decision_id(decision);
  const auto stream = world.audit->ReplayDecision(&context, request);
  Replayed replayed;
  while (stream->Read(&replayed.outcome)) {
  }
  replayed.status = stream->Finish();
  return replayed;
}

TEST(DecisionReplay, EveryKindOfAnswerComesOutAsItWas) {
  GateWorld world;
  const auto feeder = world.Feed();
  feeder->Happened("payment", "p1", "o1", 1000);
  const v1::Decision allow = world.Check(Refund("r1", "o1", 600));
  const v1::Decision again = world.Check(Refund("r1", "o1", 600));
  const v1::Decision block = world.Check(Refund("r2", "o1", 600));
  for (const v1::Decision& decision : {allow, block}) {
    const Replayed replayed = Replay(world, decision.decision_id());
    ASSERT_TRUE(replayed.status.ok()) << replayed.status.error_message();
    EXPECT_TRUE(replayed.outcome.done());
    EXPECT_TRUE(replayed.outcome.agrees()) << replayed.outcome.message();
    EXPECT_EQ(replayed.outcome.records_done(), decision.sequence());
    EXPECT_EQ(replayed.outcome.differing_sequence(), 0U);
    EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(replayed.outcome.recorded(),
                                                                   replayed.outcome.replayed()));
    EXPECT_EQ(replayed.outcome.replayed().verdict(), decision.verdict());
    EXPECT_EQ(replayed.outcome.replayed().reasons_size(), decision.reasons_size());
  }
  EXPECT_EQ(again.decision_id(), allow.decision_id());
}

TEST(DecisionReplay, WhatIsNoDecisionIsNotFound) {
  GateWorld world;
  const auto feeder = world.Feed();
  EXPECT_EQ(Replay(world, "d00000000000fffff").status.error_code(), grpc::StatusCode::NOT_FOUND);
  // A record, but of the policy.
  EXPECT_EQ(Replay(world, "d0000000000000001").status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(Replay(world, "r1").status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(Replay(world, "").status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

}  // namespace
}  // namespace fundgate::gate
