#include "server/sidecar/feed/source_position.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "fundgate/types/position.h"

namespace fundgate::feed {
namespace {

SourcePosition Parsed(const std::string& text) {
  auto position = SourcePosition::Parse(text, PositionForm::kGtids);
  EXPECT_TRUE(position.ok()) << position.status();
  return *position;
}

TEST(SourcePosition, KeepsTheNewestTransactionOfEveryDomain) {
  SourcePosition position = Parsed("0-1-128,5-77-1");
  position.Advance(Gtid{0, 2, 129});
  position.Advance(Gtid{9, 1, 1});
  EXPECT_EQ(position.ToString(), "0-2-129,5-77-1,9-1-1");
  EXPECT_TRUE(position.Covers(Gtid{5, 1, 1}));
  EXPECT_FALSE(position.Covers(Gtid{5, 1, 2}));
  EXPECT_FALSE(position.Covers(Gtid{7, 1, 1}));
}

TEST(SourcePosition, AHeadCoversWhatEveryDomainHasSent) {
  EXPECT_TRUE(Parsed("0-1-5,1-1-1").Covers(Parsed("0-1-5")));
  EXPECT_TRUE(Parsed("0-1-5").Covers(Parsed("0-1-5,rows.0:4294967300")));
  EXPECT_FALSE(Parsed("0-1-5").Covers(Parsed("0-1-6")));
  EXPECT_FALSE(Parsed("").Covers(Parsed("0-1-6")));
}

TEST(SourcePosition, AnotherKindOfFeedersPositionIsRefused) {
  const auto position = SourcePosition::Parse("ledger:17", PositionForm::kGtids);
  EXPECT_TRUE(absl::IsFailedPrecondition(position.status()));
  EXPECT_NE(position.status().message().find("another kind of feeder"), std::string::npos);
}

TEST(SourcePosition, RowsOfALargeTransactionNeverRunBackwardsForTheGate) {
  SourcePosition position = Parsed("0-1-8");
  std::string before = position.ToString();
  const auto expect_forward = [&position, &before] {
    const std::string now = position.ToString();
    EXPECT_TRUE(Position::Parse(now)->Covers(*Position::Parse(before))) << before << " -> " << now;
    before = now;
  };
  for (uint64_t sequence = 9; sequence < 12; ++sequence) {
    const Gtid gtid{0, 1, sequence};
    position.AdvanceRows(gtid, 9000);
    expect_forward();
    position.AdvanceRows(gtid, 18000);
    expect_forward();
    EXPECT_EQ(*Parsed(before).RowsSent(gtid), 18000U);
    EXPECT_FALSE(position.Covers(gtid));
    position.Advance(gtid);
    expect_forward();
    EXPECT_EQ(*position.RowsSent(Gtid{0, 1, sequence + 1}), 0U);
  }
  EXPECT_EQ(position.Steps(), "0-1-11");
}

std::string Undecided(SourcePosition& position, const std::vector<Step>& before) {
  const std::string earlier = position.ToString();
  position.SetUndecided(before);
  const std::string now = position.ToString();
  EXPECT_TRUE(Position::Parse(now)->Covers(*Position::Parse(earlier))) << earlier << " -> " << now;
  EXPECT_EQ(SourcePosition::Parse(now, position.form())->ToString(), now);
  return SourcePosition::Parse(now, position.form())->ReadFrom().Steps();
}

TEST(SourcePosition, IsReadAgainFromBeforeTheOldestUndecidedTransaction) {
  SourcePosition position = Parsed("0-1-9,5-1-3");
  EXPECT_EQ(position.ReadFrom().Steps(), "0-1-9,5-1-3");
  EXPECT_FALSE(position.ever_had_undecided());
  const Step before = position.Before(Gtid{0, 1, 10});
  EXPECT_EQ(before, Step(Gtid({0, 1, 9})));
  position.Advance(Gtid{0, 1, 10});
  EXPECT_EQ(Undecided(position, {before}), "0-1-9,5-1-3");
  EXPECT_EQ(position.UndecidedStreams(), std::set<std::string>{"0"});
  position.Advance(Gtid{0, 2, 15});
  EXPECT_EQ(Undecided(position, {before, Gtid{5, 1, 2}}), "0-1-9,5-1-2");
  EXPECT_EQ(Undecided(position, {Gtid{0, 2, 11}}), "0-2-11,5-1-3");
  EXPECT_EQ(Undecided(position, {}), "0-2-15,5-1-3");
  EXPECT_TRUE(position.UndecidedStreams().empty());
  EXPECT_EQ(Undecided(position, {Gtid{0, 2, 15}}), "0-2-15,5-1-3");
  EXPECT_EQ(position.UndecidedStreams(), std::set<std::string>{"0"});
  EXPECT_TRUE(position.ever_had_undecided());
}

TEST(SourcePosition, TheFirstTransactionOfADomainIsReadAgainFromItsBeginning) {
  SourcePosition position = Parsed("5-1-3");
  const Step before = position.Before(Gtid{0, 1, 1});
  position.Advance(Gtid{0, 1, 1});
  EXPECT_EQ(Undecided(position, {before}), "5-1-3");
  EXPECT_EQ(Undecided(position, {}), "0-1-1,5-1-3");
}

TEST(SourcePosition, RowsOfATransactionThatAnotherServersReplacedAreDamage) {
  SourcePosition position = Parsed("0-1-8");
  position.AdvanceRows(Gtid{0, 1, 9}, 100);
  EXPECT_TRUE(absl::IsDataLoss(position.RowsSent(Gtid{0, 2, 9}).status()));
}

SourcePosition Offsets(const std::string& text) {
  auto position = SourcePosition::Parse(text, PositionForm::kOffsets);
  EXPECT_TRUE(position.ok()) << position.status();
  return *position;
}

Step Of(const std::string& stream, uint64_t number) { return {stream, number, std::nullopt}; }

TEST(TopicPosition, KeepsTheNextOffsetOfEveryPartition) {
  SourcePosition position = Offsets("a.b_c-d/0:17,orders/3:0");
  EXPECT_TRUE(position.Covers(Of("orders/3", 0)));
  EXPECT_FALSE(position.Covers(Of("orders/3", 1)));
  EXPECT_FALSE(position.Covers(Of("orders/4", 0)));
  position.Advance(Of("orders/3", 5));
  position.Advance(Of("orders/4", 0));
  EXPECT_EQ(position.ToString(), "a.b_c-d/0:17,orders/3:5,orders/4:0");
  // The gate reads it alike.
  EXPECT_EQ(Position::Parse(position.ToString())->ToString(), position.ToString());
}

TEST(TopicPosition, RowsOfALargeMessageNeverRunBackwardsForTheGate) {
  SourcePosition position = Offsets("orders/3:5");
  position.AdvanceRows(Of("orders/3", 6), 9000);
  EXPECT_EQ(position.ToString(), "orders/3:5,orders/3#rows:9000");
  SourcePosition later = Offsets(position.ToString());
  EXPECT_EQ(*later.RowsSent(Of("orders/3", 6)), 9000U);
  later.Advance(Of("orders/3", 6));
  EXPECT_TRUE(Position::Parse(later.ToString())->Covers(*Position::Parse(position.ToString())));
  EXPECT_EQ(*later.RowsSent(Of("orders/3", 7)), 0U);
}

TEST(TopicPosition, AnotherKindOfFeedersPositionIsRefused) {
  for (const char* text : {"0-1-42", "ledger:17", "orders/3:x", "orders/3"}) {
    const auto position = SourcePosition::Parse(text, PositionForm::kOffsets);
    EXPECT_TRUE(absl::IsFailedPrecondition(position.status())) << text;
  }
}

constexpr char kServer[] = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
constexpr char kOther[] = "7e11fa47-71ca-11e1-9e33-c80aa9429562";

SourcePosition Sets(const std::string& text) {
  auto position = SourcePosition::Parse(text, PositionForm::kGtidSets);
  EXPECT_TRUE(position.ok()) << position.status();
  return *position;
}

std::string In(const char* server, const std::string& numbers) {
  return std::string(server) + ":" + numbers;
}

TEST(MysqlPosition, KeepsEveryTransactionOfEveryServer) {
  SourcePosition position = Sets(In(kServer, "1-5:7"));
  EXPECT_TRUE(position.Covers(Of(kServer, 7)));
  EXPECT_FALSE(position.Covers(Of(kServer, 6)));
  EXPECT_FALSE(position.Covers(Of(kOther, 1)));
  position.Advance(Of(kServer, 9));
  position.Advance(Of(kOther, 3));
  EXPECT_EQ(position.ToString(), In(kServer, "1-5:7:9") + "," + In(kOther, "3"));
  position.Advance(Of(kServer, 8));
  position.Advance(Of(kServer, 6));
  EXPECT_EQ(position.ToString(), In(kServer, "1-9") + "," + In(kOther, "3"));
  EXPECT_EQ(Position::Parse(position.ToString())->ToString(), position.ToString());
}

TEST(MysqlPosition, IsReadAsServersPrintIt) {
  EXPECT_EQ(Sets("3E11FA47-71CA-11E1-9E33-C80AA9429562:1-5,\n" + In(kOther, "1")).ToString(),
            In(kServer, "1-5") + "," + In(kOther, "1"));
}

TEST(MysqlPosition, AHeadCoversWhatEveryServerHasWritten) {
  EXPECT_TRUE(Sets(In(kServer, "1-9")).Covers(Sets(In(kServer, "1-5:7"))));
  EXPECT_FALSE(Sets(In(kServer, "1-9")).Covers(Sets(In(kServer, "1-5:10"))));
  EXPECT_FALSE(Sets(In(kServer, "1-9")).Covers(Sets(In(kOther, "1"))));
  EXPECT_TRUE(Sets("").Covers(Sets("")));
}

TEST(MysqlPosition, RowsOfALargeTransactionNeverRunBackwardsForTheGate) {
  SourcePosition position = Sets(In(kServer, "1-8"));
  std::string before = position.ToString();
  const auto expect_forward = [&position, &before] {
    const std::string now = position.ToString();
    EXPECT_TRUE(Position::Parse(now)->Covers(*Position::Parse(before))) << before << " -> " << now;
    before = now;
  };
  for (const uint64_t number : {9, 11, 10, 1034}) {
    position.AdvanceRows(Of(kServer, number), 9000);
    expect_forward();
    EXPECT_EQ(*Sets(before).RowsSent(Of(kServer, number)), 9000U);
    EXPECT_FALSE(position.Covers(Of(kServer, number)));
    position.Advance(Of(kServer, number));
    expect_forward();
    EXPECT_EQ(*position.RowsSent(Of(kServer, number + 5)), 0U);
  }
  EXPECT_EQ(position.Steps(), In(kServer, "1-11:1034"));
}

TEST(MysqlPosition, AnotherTransactionMayComeBeforeTheRestOfALargeOne) {
  SourcePosition position = Sets(In(kServer, "1-8"));
  position.AdvanceRows(Of(kServer, 9), 9000);
  EXPECT_EQ(*position.RowsSent(Of(kServer, 10)), 0U);
  EXPECT_TRUE(position.HasPartOfAnother(Of(kServer, 10)));
  position.Advance(Of(kServer, 10));
  EXPECT_EQ(*position.RowsSent(Of(kServer, 9)), 9000U);
  EXPECT_FALSE(position.HasPartOfAnother(Of(kServer, 9)));
}

TEST(MysqlPosition, IsReadAgainFromBeforeTheOldestUndecidedTransaction) {
  SourcePosition position = Sets(In(kServer, "1-5:7-9") + "," + In(kOther, "1-3"));
  const Step before = position.Before(Of(kServer, 10));
  position.Advance(Of(kServer, 10));
  position.Advance(Of(kServer, 11));
  EXPECT_EQ(Undecided(position, {before}), In(kServer, "1-5:7-9") + "," + In(kOther, "1-3"));
  EXPECT_EQ(Undecided(position, {Of(kServer, 10), Of(kOther, 0)}), In(kServer, "1-5:7-10"));
  EXPECT_EQ(Undecided(position, {}), In(kServer, "1-5:7-11") + "," + In(kOther, "1-3"));
  // It came late: what lies before what was said can't be met again.
  EXPECT_EQ(Undecided(position, {Of(kServer, 5)}),
            In(kServer, "1-5:7-11") + "," + In(kOther, "1-3"));
}

TEST(MysqlPosition, EachTagOfAServerIsAStreamOfItsOwn) {
  SourcePosition position = Sets(In(kServer, "1-5:pay:1-3:7:ship:2") + "," + In(kOther, "x:1"));
  const std::string canonical = In(kServer, "1-5") + "," + In(kServer, "pay:1-3:7") + "," +
                                In(kServer, "ship:2") + "," + In(kOther, "x:1");
  EXPECT_EQ(position.ToString(), canonical);
  EXPECT_EQ(Sets(canonical).ToString(), canonical);
  EXPECT_EQ(Position::Parse(canonical)->ToString(), canonical);
  const auto step = StepOfTransaction(In(kServer, "pay:4"), PositionForm::kGtidSets);
  ASSERT_TRUE(step.ok()) << step.status();
  EXPECT_EQ(step->ToString(), In(kServer, "pay:4"));
  EXPECT_FALSE(position.Covers(*step));
  EXPECT_TRUE(position.Covers(Of(kServer, 4)));
  position.AdvanceRows(*step, 9);
  EXPECT_EQ(*Sets(position.ToString()).RowsSent(*step), 9U);
  position.Advance(*step);
  EXPECT_TRUE(Sets(position.ToString()).Covers(*step));
  EXPECT_EQ(Undecided(position, {*step}), In(kServer, "1-5") + "," + In(kServer, "pay:1-4") + "," +
                                              In(kServer, "ship:2") + "," + In(kOther, "x:1"));
  EXPECT_TRUE(position.Covers(Sets(In(kServer, "pay:1-4"))));
  EXPECT_FALSE(position.Covers(Sets(In(kServer, "1-4:pay:5"))));
}

TEST(MysqlPosition, ATransactionWithoutAGtidIsRefused) {
  for (const char* id :
       {"mysql-bin.000001:120", "3e11fa47-71ca-11e1-9e33-c80aa9429562:pay",
        "3e11fa47-71ca-11e1-9e33-c80aa9429562:a:b:1", "3e11fa47-71ca-11e1-9e33-c80aa9429562:0"}) {
    EXPECT_TRUE(absl::IsFailedPrecondition(StepOfTransaction(id, PositionForm::kGtidSets).status()))
        << id;
  }
}

TEST(FilePosition, KeepsThePlaceInTheFilesOfOneServer) {
  const std::string stream = std::string("mysql-bin@") + kServer;
  auto parsed = SourcePosition::Parse(stream + ":4294967416", PositionForm::kFiles);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  SourcePosition position = *parsed;
  EXPECT_TRUE(position.Covers(Of(stream, 4294967416)));
  EXPECT_FALSE(position.Covers(Of(stream, 4294967417)));
  EXPECT_FALSE(position.Covers(Of(std::string("mysql-bin@") + kOther, 1)));
  const std::string before = position.ToString();
  position.AdvanceRows(Of(stream, 4294968000), 9000);
  const std::string part = position.ToString();
  EXPECT_TRUE(Position::Parse(part)->Covers(*Position::Parse(before)));
  EXPECT_EQ(*SourcePosition::Parse(part, PositionForm::kFiles)->RowsSent(Of(stream, 4294968000)),
            9000U);
  EXPECT_TRUE(absl::IsDataLoss(position.RowsSent(Of(stream, 4294968001)).status()));
  position.Advance(Of(stream, 4294968000));
  EXPECT_EQ(position.Steps(), stream + ":4294968000");
  EXPECT_TRUE(position.MayRepeat(Of(stream, 4294968000)));
}

TEST(FilePosition, AnotherKindOfFeedersPositionIsRefused) {
  for (const char* text : {"0-1-42", "orders/3:18", "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5"}) {
    EXPECT_TRUE(
        absl::IsFailedPrecondition(SourcePosition::Parse(text, PositionForm::kFiles).status()))
        << text;
  }
}

TEST(MysqlPosition, AnotherKindOfFeedersPositionIsRefused) {
  for (const char* text : {"0-1-42", "orders/3:18", "3e11fa47:1"}) {
    EXPECT_TRUE(
        absl::IsFailedPrecondition(SourcePosition::Parse(text, PositionForm::kGtidSets).status()))
        << text;
  }
}

}  // namespace
}  // namespace fundgate::feed
