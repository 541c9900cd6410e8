// Chained positions, epochs and probes.
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/world.h"

namespace fundgate::core::testing {
namespace {

const SourceName kLedger("ledger");

class Positions : public ::testing::Test {
 protected:
  IngestInput Batch(const std::string& previous, const std::string& position) const {
    IngestInput input;
    input.source = kLedger;
    input.epoch = source().epoch;
    input.previous = Position::Parse(previous).value();
    input.position = Position::Parse(position).value();
    return input;
  }
  const Source& source() const { return world_.state().resident().of<core::Sources>().at(kLedger); }

  World world_;
};

TEST_F(Positions, ABatchIsAppliedOnlyIfItFollowsOnWhatIsStored) {
  world_.Get<IngestAnswer>(Batch("", "ledger:1"));
  EXPECT_EQ(world_.RefusalOf(Batch("", "ledger:2")), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(world_.RefusalOf(Batch("ledger:2", "ledger:3")), absl::StatusCode::kFailedPrecondition);
  world_.Get<IngestAnswer>(Batch("ledger:1", "ledger:2"));
  EXPECT_EQ(source().position.ToString(), "ledger:2");
}

TEST_F(Positions, OnlyTheNewestEpochMayFeed) {
  IngestInput old = Batch("", "ledger:1");
  GrantEpochInput grant;
  grant.source = kLedger;
  world_.Get<EpochGrant>(grant);
  EXPECT_EQ(world_.RefusalOf(old), absl::StatusCode::kAborted);
  world_.Get<IngestAnswer>(Batch("", "ledger:1"));
}

TEST_F(Positions, AnEpochThatNobodyWasGrantedFeedsNothing) {
  World world([](Policy& policy) {
    policy.sources.push_back(policy.sources.front());
    policy.sources.back().name = SourceName("other");
  });
  IngestInput input = Batch("", "other:1");
  input.source = SourceName("other");
  input.epoch = 0;
  EXPECT_EQ(world.RefusalOf(input), absl::StatusCode::kAborted);
}

TEST_F(Positions, NeverGoBackwards) {
  world_.Get<IngestAnswer>(Batch("", "ledger:5"));
  EXPECT_EQ(world_.RefusalOf(Batch("ledger:5", "ledger:4")), absl::StatusCode::kInvalidArgument);
}

TEST_F(Positions, EventsMustMoveThem) {
  IngestInput input = Batch("", "");
  input.events = {world_.NewEvent("payment", 1, std::nullopt, Row{}.ToContribution())};
  EXPECT_EQ(world_.RefusalOf(input), absl::StatusCode::kInvalidArgument);
}

TEST_F(Positions, AdvanceWithoutEventsToo) {
  world_.Get<IngestAnswer>(Batch("", "ledger:7"));
  EXPECT_EQ(source().position.ToString(), "ledger:7");
}

TEST_F(Positions, UnknownSourcesAndOtherMappingsAreRefused) {
  IngestInput input = Batch("", "ledger:1");
  input.source = SourceName("nobody");
  EXPECT_EQ(world_.RefusalOf(input), absl::StatusCode::kNotFound);

  World mapped([](Policy& policy) { policy.sources.front().mapping_version = 7; });
  input = Batch("", "ledger:1");
  input.mapping_version = 8;
  EXPECT_EQ(mapped.RefusalOf(input), absl::StatusCode::kFailedPrecondition);
}

TEST_F(Positions, ASourceIsProvenOnceTheHeadThatWasReadIsApplied) {
  const absl::Time before = source().proven_past;
  world_.Advance(absl::Seconds(3));
  IngestInput probe = Batch("", "");
  probe.probe = Probe{Position::Parse("ledger:2").value(), world_.now()};
  world_.Get<IngestAnswer>(probe);
  EXPECT_EQ(source().proven_past, before);
  world_.Get<IngestAnswer>(Batch("", "ledger:1"));
  EXPECT_EQ(source().proven_past, before);
  world_.Get<IngestAnswer>(Batch("ledger:1", "ledger:2"));
  EXPECT_EQ(source().proven_past, before + absl::Seconds(3));
  EXPECT_TRUE(source().awaited.empty());
}

TEST_F(Positions, AnOlderProbeNeverTakesProofBack) {
  const absl::Time proven = source().proven_past;
  IngestInput probe = Batch("", "");
  probe.probe = Probe{Position(), proven - absl::Hours(1)};
  world_.Get<IngestAnswer>(probe);
  EXPECT_EQ(source().proven_past, proven);
}

TEST_F(Positions, AProbeFromTheFutureIsRefused) {
  IngestInput probe = Batch("", "");
  probe.probe = Probe{Position(), world_.now() + absl::Nanoseconds(1)};
  EXPECT_EQ(world_.RefusalOf(probe), absl::StatusCode::kInvalidArgument);
}

TEST_F(Positions, ANewFeederForgetsHeadsOfTheOldOne) {
  IngestInput probe = Batch("", "");
  probe.probe = Probe{Position::Parse("ledger:2").value(), world_.now()};
  world_.Get<IngestAnswer>(probe);
  GrantEpochInput grant;
  grant.source = kLedger;
  EXPECT_EQ(world_.Get<EpochGrant>(grant).epoch, 2U);
  EXPECT_TRUE(source().awaited.empty());
}

}  // namespace
}  // namespace fundgate::core::testing
