// What rows say that are facts: both images, only when they change, and gaps where they can't be
// read.
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/policy/document.h"
#include "server/policy/validate.h"
#include "tests/mapping/rows.h"

namespace fundgate::mapping {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;
using namespace testing;  // NOLINT: rows and values

constexpr std::string_view kBids = R"(
facts:
  bid:
    key: bid_no
    account: seller
    fields: {bid_no: string, seller: string, price: money, units: int, urgent: bool}
sources:
  pay_db:
    mariadb: {hosts: ["127.0.0.1:3306"], user: fundgate, password_file: /etc/fundgate/password}
    tables:
      - table: shop.bid
        emit: bid
        when: 'row.status == "OPEN"'
        fields:
          bid_no: row.bid_no
          seller: row.seller_id
          price: 'money(row.price, "CNY", "major")'
          units: row.units
          urgent: row.urgent != 0
)";

class Bids {
 public:
  Bids() {
    policy::Problems problems("bids.yaml");
    policy::ReadDocument read = policy::ReadPolicyDocument(kBids, problems);
    mapper_.emplace(RowMapper::Create(read.document, "pay_db").value());
    binlog::TransactionHead head;
    head.id = "0-1-7";
    mapper_->Begin(head);
  }

  std::vector<v1::Event> Change(const Row& before, const Row& after) {
    return testing::EventsOf(*mapper_, table_, before, after, index_++);
  }

 private:
  binlog::Table table_ = MakeTable(
      "shop", "bid", {"bid_no", "seller_id", "price", "units", "urgent", "status", "note"});
  std::optional<RowMapper> mapper_;
  uint32_t index_ = 0;
};

Row Bid(std::string_view price, std::string_view status = "OPEN", std::string_view note = "",
        int64_t number = 7) {
  return {Int(number), Text("s1"), Decimal(price), Int(3), Int(1), Text(status), Text(note)};
}

v1::Fact OnlyFact(const std::vector<v1::Event>& events) {
  EXPECT_THAT(events, SizeIs(1));
  return events.empty() ? v1::Fact() : events.front().fact();
}

TEST(Facts, OfAnInsertedRowHaveItsTypedFields) {
  Bids bids;
  const v1::Fact fact = OnlyFact(bids.Change({}, Bid("12.30")));
  EXPECT_EQ(fact.name(), "bid");
  EXPECT_EQ(fact.key(), "7");
  EXPECT_EQ(fact.account_id(), "s1");
  EXPECT_EQ(fact.row().table(), "shop.bid");
  EXPECT_EQ(fact.fields().at("bid_no").string_value(), "7");
  EXPECT_EQ(fact.fields().at("price").money_value().minor_units(), 1230);
  EXPECT_EQ(fact.fields().at("units").int_value(), 3);
  EXPECT_TRUE(fact.fields().at("urgent").bool_value());
  EXPECT_FALSE(fact.has_before());
  EXPECT_FALSE(fact.deleted());
}

TEST(Facts, OfAChangedRowHaveBothImages) {
  Bids bids;
  const v1::Fact fact = OnlyFact(bids.Change(Bid("12.30"), Bid("1.23")));
  EXPECT_EQ(fact.before().fields().at("price").money_value().minor_units(), 1230);
  EXPECT_EQ(fact.fields().at("price").money_value().minor_units(), 123);
}

TEST(Facts, ThatSayTheSameAsBeforeAreNotTold) {
  Bids bids;
  EXPECT_THAT(bids.Change(Bid("12.30"), Bid("12.30", "OPEN", "seen")), SizeIs(0));
  EXPECT_THAT(bids.Change({}, Bid("12.30", "CLOSED")), SizeIs(0));
}

TEST(Facts, OfARowThatSaysItNoMoreAreDeleted) {
  Bids bids;
  const v1::Fact fact = OnlyFact(bids.Change(Bid("12.30"), Bid("12.30", "CLOSED")));
  EXPECT_TRUE(fact.deleted());
  EXPECT_EQ(fact.key(), "7");
  EXPECT_TRUE(fact.fields().empty());
  EXPECT_EQ(fact.before().fields().size(), 5u);
}

TEST(Facts, WhoseKeyChangesGoAndCome) {
  Bids bids;
  const std::vector<v1::Event> events = bids.Change(Bid("12.30"), Bid("12.30", "OPEN", "", 8));
  ASSERT_THAT(events, SizeIs(2));
  EXPECT_TRUE(events[0].fact().deleted());
  EXPECT_EQ(events[0].fact().key(), "7");
  EXPECT_EQ(events[1].fact().key(), "8");
  EXPECT_NE(events[0].row_index(), events[1].row_index());
}

TEST(Facts, FieldsThatAreNullAreMissing) {
  Bids bids;
  Row row = Bid("12.30");
  row[2] = Null();
  const v1::Fact fact = OnlyFact(bids.Change({}, row));
  EXPECT_EQ(fact.fields().count("price"), 0u);
  EXPECT_EQ(fact.fields().count("units"), 1u);
}

TEST(Facts, ThatCannotBeReadAreGapsOfTheirName) {
  Bids bids;
  const std::vector<v1::Event> events = bids.Change({}, Bid("12.345"));
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(events[0].gap().movement_kind(), "bid");
  EXPECT_EQ(events[0].gap().account_id(), "s1");
  EXPECT_THAT(events[0].gap().reason(), HasSubstr("fields.price"));
}

TEST(Facts, OfAPartialImageThatTouchesNothingReadAreNotTold) {
  Bids bids;
  const Row before = {Int(7), Absent(), Absent(), Absent(), Absent(), Absent(), Absent()};
  const Row after = {Absent(), Absent(), Absent(), Absent(), Absent(), Absent(), Text("n")};
  EXPECT_THAT(bids.Change(before, after), SizeIs(0));
}

}  // namespace
}  // namespace fundgate::mapping
