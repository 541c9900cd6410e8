#include "server/sidecar/feed/request_builder.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/sidecar/transactions.h"

namespace fundgate::feed {
namespace {

using testing::BuilderAt;
using testing::GrantAt;
using testing::MakeTransaction;

// Adds it and takes each request that gets full; the rest stays in the builder.
std::vector<v1::IngestRequest> AddAndTakeFull(RequestBuilder& builder, Transaction transaction) {
  std::vector<v1::IngestRequest> requests;
  while (true) {
    const auto whole = builder.Add(transaction);
    EXPECT_TRUE(whole.ok()) << whole.status();
    if (!whole.ok() || *whole) return requests;
    requests.push_back(builder.Take(std::nullopt));
  }
}

TEST(Requests, ManySmallTransactionsMakeOneThatFollowsOnTheGrant) {
  RequestBuilder builder = BuilderAt("0-1-8");
  for (uint64_t sequence = 9; sequence < 12; ++sequence) {
    EXPECT_TRUE(AddAndTakeFull(builder, MakeTransaction(sequence, 2)).empty());
  }
  const v1::IngestRequest request = builder.Take(std::nullopt);
  EXPECT_EQ(request.source(), "pay_db");
  EXPECT_EQ(request.epoch(), 3U);
  EXPECT_EQ(request.mapping_version(), 77U);
  EXPECT_EQ(request.previous_position(), "0-1-8");
  EXPECT_EQ(request.position(), "0-1-11");
  EXPECT_EQ(request.events_size(), 6);
  EXPECT_EQ(request.committed_at().seconds(), 1000);
  EXPECT_FALSE(request.has_probe());
  EXPECT_FALSE(builder.moves());
}

TEST(Requests, FollowOnEachOther) {
  RequestBuilder builder = BuilderAt("");
  EXPECT_TRUE(AddAndTakeFull(builder, MakeTransaction(1, 1)).empty());
  const v1::IngestRequest first = builder.Take(std::nullopt);
  EXPECT_EQ(first.previous_position(), "");
  v1::Probe probe;
  probe.set_head_position("0-1-1");
  const v1::IngestRequest second = builder.Take(probe);
  EXPECT_EQ(second.previous_position(), first.position());
  EXPECT_EQ(second.position(), first.position());
  EXPECT_EQ(second.probe().head_position(), "0-1-1");
  EXPECT_EQ(second.events_size(), 0);
}

TEST(Requests, TransactionsWithoutEventsMoveThePositionAlone) {
  RequestBuilder builder = BuilderAt("0-1-8");
  EXPECT_FALSE(builder.moves());
  for (uint64_t sequence = 9; sequence < 1009; ++sequence) {
    EXPECT_TRUE(AddAndTakeFull(builder, MakeTransaction(sequence, 0)).empty());
  }
  EXPECT_TRUE(builder.moves());
  EXPECT_FALSE(builder.has_events());
  EXPECT_EQ(builder.Take(std::nullopt).position(), "0-1-1008");
}

TEST(Requests, ATransactionThatFitsIsNeverTornApart) {
  RequestBuilder builder = BuilderAt("0-1-8", {.events = 10});
  EXPECT_TRUE(AddAndTakeFull(builder, MakeTransaction(9, 6)).empty());
  const auto full = AddAndTakeFull(builder, MakeTransaction(10, 6));
  ASSERT_EQ(full.size(), 1U);
  EXPECT_EQ(full[0].position(), "0-1-9");
  EXPECT_EQ(full[0].events_size(), 6);
  EXPECT_EQ(builder.Take(std::nullopt).position(), "0-1-10");
}

TEST(Requests, ALargeTransactionIsCutBetweenRowsAndEndsWithTheLastPart) {
  RequestBuilder builder = BuilderAt("0-1-8", {.events = 10});
  std::vector<v1::IngestRequest> requests =
      AddAndTakeFull(builder, MakeTransaction(9, 25, /*memory_bytes_max=*/500));
  requests.push_back(builder.Take(std::nullopt));
  ASSERT_EQ(requests.size(), 3U);
  EXPECT_EQ(requests[0].events_size(), 10);
  EXPECT_EQ(requests[1].events_size(), 10);
  EXPECT_EQ(requests[2].events_size(), 5);
  EXPECT_EQ(SourcePosition::Parse(requests[1].position(), PositionForm::kGtids)->Steps(), "0-1-8");
  EXPECT_EQ(
      *SourcePosition::Parse(requests[1].position(), PositionForm::kGtids)->RowsSent(Gtid{0, 1, 9}),
      20U);
  EXPECT_EQ(SourcePosition::Parse(requests[2].position(), PositionForm::kGtids)->Steps(), "0-1-9");
  EXPECT_FALSE(requests[0].has_committed_at());
  EXPECT_TRUE(requests[0].inside_transaction());
  EXPECT_TRUE(requests[1].inside_transaction());
  EXPECT_FALSE(requests[2].inside_transaction());
}

TEST(Requests, ManyTransactionsShareLessThanALargeOneMayHaveAlone) {
  RequestBuilder builder = BuilderAt("0-1-8", {.events = 20, .events_together = 5});
  EXPECT_TRUE(AddAndTakeFull(builder, MakeTransaction(9, 3)).empty());
  const auto shared = AddAndTakeFull(builder, MakeTransaction(10, 3));
  ASSERT_EQ(shared.size(), 1U);
  EXPECT_EQ(shared[0].events_size(), 3);
  const auto before = AddAndTakeFull(builder, MakeTransaction(11, 20));
  ASSERT_EQ(before.size(), 1U);
  EXPECT_EQ(before[0].position(), "0-1-10");
  const v1::IngestRequest whole = builder.Take(std::nullopt);
  EXPECT_EQ(whole.position(), "0-1-11");
  EXPECT_EQ(whole.events_size(), 20);
  EXPECT_FALSE(whole.inside_transaction());
}

TEST(Requests, PartsOfATransactionThatIsTooLargeAreSmall) {
  RequestBuilder builder = BuilderAt("0-1-8", {.events = 20, .events_of_part = 4});
  std::vector<v1::IngestRequest> requests = AddAndTakeFull(builder, MakeTransaction(9, 21));
  requests.push_back(builder.Take(std::nullopt));
  ASSERT_EQ(requests.size(), 6U);
  for (size_t part = 0; part < 5; ++part) EXPECT_EQ(requests[part].events_size(), 4);
  EXPECT_EQ(requests[5].events_size(), 1);
  EXPECT_EQ(SourcePosition::Parse(requests[5].position(), PositionForm::kGtids)->Steps(), "0-1-9");
  EXPECT_FALSE(requests[5].inside_transaction());
}

TEST(Requests, AfterALossInTheMiddleOfOneTheRowsThatWereSentAreLeftOut) {
  RequestBuilder before = BuilderAt("0-1-8", {.events = 10});
  const auto sent = AddAndTakeFull(before, MakeTransaction(9, 25));
  RequestBuilder after = BuilderAt(sent[0].position(), {.events = 100});
  EXPECT_TRUE(AddAndTakeFull(after, MakeTransaction(9, 25)).empty());
  const v1::IngestRequest rest = after.Take(std::nullopt);
  ASSERT_EQ(rest.events_size(), 15);
  EXPECT_EQ(rest.events(0).row_index(), sent[1].events(0).row_index());
}

TEST(Requests, BytesFillARequestToo) {
  RequestBuilder builder = BuilderAt("", {.events = 9000, .bytes = 2000});
  const auto full = AddAndTakeFull(builder, MakeTransaction(1, 100));
  EXPECT_GE(full.size(), 3U);
  for (const v1::IngestRequest& request : full) EXPECT_LT(request.ByteSizeLong(), 2500U);
}

TEST(Requests, TheTransactionThatTheGateEndsWithIsPassedOver) {
  RequestBuilder builder = BuilderAt("0-1-8");
  EXPECT_TRUE(AddAndTakeFull(builder, MakeTransaction(8, 3)).empty());
  EXPECT_FALSE(builder.moves());
  EXPECT_FALSE(builder.has_events());
}

TEST(Requests, ChangesWhoseNumberRunsBackwardsAreNeverPassedOver) {
  Transaction before = MakeTransaction(7, 1);
  Transaction of_another_server = MakeTransaction(8, 1);
  of_another_server.step.server = 2;
  for (Transaction* transaction : {&before, &of_another_server}) {
    const auto added = BuilderAt("0-1-8").Add(*transaction);
    EXPECT_TRUE(absl::IsDataLoss(added.status())) << added.status();
    EXPECT_NE(added.status().message().find(transaction->step.ToString()), std::string::npos);
  }
  Transaction without_events = MakeTransaction(7, 0);
  EXPECT_TRUE(*BuilderAt("0-1-8").Add(without_events));
}

TEST(Requests, RowsThatWerePreparedGoWithTheStepThatCommitsThem) {
  RequestBuilder builder = BuilderAt("0-1-8");
  Transaction commit = MakeTransaction(9, 1);
  commit.step = Gtid{0, 1, 12};
  commit.committed_at = absl::FromUnixSeconds(2000);
  commit.was_prepared = true;
  ASSERT_TRUE(*builder.Add(commit));
  const v1::IngestRequest request = builder.Take(std::nullopt);
  EXPECT_EQ(request.position(), "0-1-12");
  EXPECT_EQ(request.events(0).event_id(), "0-1-9");
  EXPECT_EQ(request.events(0).occurred_at().seconds(), 2000);
}

TEST(Requests, ThePositionSaysFromWhereUndecidedTransactionsCanBeReadAgain) {
  RequestBuilder builder = BuilderAt("0-1-8");
  Transaction prepare = MakeTransaction(9, 0);
  prepare.undecided = {Gtid{0, 1, 8}};
  ASSERT_TRUE(*builder.Add(prepare));
  EXPECT_EQ(builder.Take(std::nullopt).position(), "0-1-9,xa.0-1:17");
  Transaction between = MakeTransaction(10, 0);
  ASSERT_TRUE(*builder.Add(between));
  Transaction commit = MakeTransaction(11, 0);
  commit.undecided.emplace();
  ASSERT_TRUE(*builder.Add(commit));
  EXPECT_EQ(builder.Take(std::nullopt).position(), "0-1-11,xa.0-1:18");
}

TEST(Requests, MarksHoldForEveryEventOfTheirTransaction) {
  RequestBuilder builder = BuilderAt("0-1-8");
  Transaction transaction = MakeTransaction(9, 2);
  transaction.marks["app"] = "pay";
  ASSERT_TRUE(*builder.Add(transaction));
  Transaction unmarked = MakeTransaction(10, 1);
  ASSERT_TRUE(*builder.Add(unmarked));
  const v1::IngestRequest request = builder.Take(std::nullopt);
  EXPECT_EQ(request.events(1).origin().marker().at("app"), "pay");
  EXPECT_TRUE(request.events(2).origin().marker().empty());
}

TEST(Requests, AGrantAtAnotherKindOfPositionIsRefused) {
  const auto builder =
      RequestBuilder::Create("pay_db", 1, GrantAt("ledger:1"), PositionForm::kGtids);
  EXPECT_TRUE(absl::IsFailedPrecondition(builder.status()));
}

TEST(Requests, AStepOfARunGoesAloneAndMovesNothing) {
  RequestBuilder builder = BuilderAt("0-1-8");
  EXPECT_TRUE(AddAndTakeFull(builder, MakeTransaction(9, 1)).empty());
  Transaction step = MakeTransaction(1, 2);
  step.snapshot.emplace().set_run(5);
  const auto before = AddAndTakeFull(builder, std::move(step));
  ASSERT_EQ(before.size(), 1U);
  EXPECT_FALSE(before[0].has_snapshot());
  EXPECT_EQ(before[0].position(), "0-1-9");
  const auto with_step = AddAndTakeFull(builder, MakeTransaction(10, 1));
  ASSERT_EQ(with_step.size(), 1U);
  EXPECT_EQ(with_step[0].snapshot().run(), 5U);
  EXPECT_EQ(with_step[0].events_size(), 2);
  EXPECT_EQ(with_step[0].previous_position(), "0-1-9");
  EXPECT_EQ(with_step[0].position(), "0-1-9");
  EXPECT_EQ(builder.Take(std::nullopt).position(), "0-1-10");
}

}  // namespace
}  // namespace fundgate::feed
