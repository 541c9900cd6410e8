// Events between the contract and the core: there and back again, and what is refused.
#include "server/gate/convert_events.h"

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "gmock/gmock.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"

namespace fundgate::gate {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;

std::vector<std::string> FieldsOf(const Problems& problems) {
  std::vector<std::string> fields;
  for (const core::FieldProblem& problem : problems.found()) fields.push_back(problem.field);
  return fields;
}

// What the core makes of it, which is well formed.
core::Event MustConvert(const v1::Event& event) {
  Problems problems;
  core::Event converted = ToEvent(event, "events[0]", problems);
  EXPECT_THAT(FieldsOf(problems), IsEmpty());
  return converted;
}

std::vector<std::string> WrongFields(const v1::Event& event) {
  Problems problems;
  ToEvent(event, "e", problems);
  return FieldsOf(problems);
}

v1::Event NewEvent() {
  v1::Event event;
  event.set_event_id("0-1-129");
  event.set_row_index(3);
  event.mutable_occurred_at()->set_seconds(1'800'000'000);
  event.mutable_origin()->set_server_id(77);
  event.mutable_origin()->set_statement("UPDATE bid SET price = 1");
  (*event.mutable_origin()->mutable_marker())["app"] = "shop";
  return event;
}

v1::Event Bid() {
  v1::Event event = NewEvent();
  v1::Fact& fact = *event.mutable_fact();
  fact.set_name("bid");
  fact.set_key("i1");
  fact.set_account_id("m1");
  fact.mutable_row()->set_table("pay.bid");
  fact.mutable_row()->set_primary_key("17");
  for (auto* fields : {fact.mutable_fields(), fact.mutable_before()->mutable_fields()}) {
    (*fields)["item_id"].set_string_value("i1");
    (*fields)["level"].set_int_value(-5);
    (*fields)["taken"].set_bool_value(true);
    (*fields)["price"].mutable_money_value()->set_currency_code("CNY");
    (*fields)["price"].mutable_money_value()->set_minor_units(static_cast<int64_t>(fields->size()));
  }
  (*fact.mutable_before()->mutable_fields())["taken"].set_bool_value(false);
  return event;
}

v1::Event Guarded() {
  v1::Event event = NewEvent();
  v1::GuardedChange& change = *event.mutable_guarded();
  change.set_guard("refund_rows");
  change.mutable_row()->set_table("pay.refund");
  change.mutable_row()->set_primary_key("r1");
  change.mutable_row()->set_image_hash(0xfedcba9876543210ULL);
  change.set_change(v1::ROW_CHANGE_UPDATE);
  change.set_account_id("m1");
  change.set_idempotency_key("r1");
  v1::GuardedColumn& amount = *change.add_columns();
  amount.set_name("amount");
  amount.set_before("12.34");
  amount.set_after("1234.00");
  change.add_columns()->set_name("note");  // NULL before and after
  return event;
}

TEST(ConvertEvents, AFactComesBackAsItWasSent) {
  const core::Event event = MustConvert(Bid());
  const auto& fact = std::get<core::FactEvent>(event.body);
  EXPECT_EQ(event.id, "0-1-129/3");
  EXPECT_EQ(fact.account, AccountId("m1"));
  EXPECT_EQ(std::get<int64_t>(fact.after->at("level")), -5);
  EXPECT_EQ(std::get<bool>(fact.before->at("taken")), false);
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(ToProto(event), Bid()))
      << ToProto(event).DebugString();
}

TEST(ConvertEvents, ADeletedFactHasWhatWasBeforeAlone) {
  v1::Event deleted = Bid();
  deleted.mutable_fact()->set_deleted(true);
  EXPECT_THAT(WrongFields(deleted), Contains("e.fact"));
  deleted.mutable_fact()->clear_fields();
  const core::Event event = MustConvert(deleted);
  EXPECT_FALSE(std::get<core::FactEvent>(event.body).after.has_value());
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(ToProto(event), deleted));
  deleted.mutable_fact()->clear_before();
  EXPECT_THAT(WrongFields(deleted), Contains("e.fact"));
}

TEST(ConvertEvents, AReportedFactNeedsNoRowAndNothingBefore) {
  v1::Event reported = Bid();
  reported.mutable_fact()->clear_row();
  reported.mutable_fact()->clear_before();
  const core::Event event = MustConvert(reported);
  EXPECT_FALSE(std::get<core::FactEvent>(event.body).before.has_value());
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(ToProto(event), reported));
}

TEST(ConvertEvents, AFactsNameKeyAndRowAreRequired) {
  v1::Event event = Bid();
  event.mutable_fact()->clear_name();
  event.mutable_fact()->clear_key();
  event.mutable_fact()->mutable_row()->clear_table();
  const std::vector<std::string> fields = WrongFields(event);
  EXPECT_THAT(fields, Contains("e.fact.name"));
  EXPECT_THAT(fields, Contains("e.fact.key"));
  EXPECT_THAT(fields, Contains("e.fact.row.table"));
}

TEST(ConvertEvents, AGuardedChangeComesBackAsItWasSent) {
  for (const v1::RowChange change :
       {v1::ROW_CHANGE_INSERT, v1::ROW_CHANGE_UPDATE, v1::ROW_CHANGE_DELETE}) {
    v1::Event sent = Guarded();
    sent.mutable_guarded()->set_change(change);
    const core::Event event = MustConvert(sent);
    EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(ToProto(event), sent))
        << ToProto(event).DebugString();
  }
  const core::Event event = MustConvert(Guarded());
  const auto& guarded = std::get<core::GuardEvent>(event.body);
  EXPECT_EQ(guarded.image_hash, 0xfedcba9876543210ULL);
  ASSERT_EQ(guarded.columns.size(), 2U);
  EXPECT_EQ(guarded.columns[0].after, "1234.00");
  EXPECT_EQ(guarded.columns[1].after, std::nullopt);
}

TEST(ConvertEvents, AGuardedChangeNeedsItsGuardItsRowItsChangeAndColumns) {
  v1::Event event = Guarded();
  event.mutable_guarded()->clear_guard();
  event.mutable_guarded()->clear_row();
  event.mutable_guarded()->clear_change();
  event.mutable_guarded()->clear_columns();
  const std::vector<std::string> fields = WrongFields(event);
  for (const char* field : {"e.guarded.guard", "e.guarded.row.table", "e.guarded.row.primary_key",
                            "e.guarded.change", "e.guarded.columns"}) {
    EXPECT_THAT(fields, Contains(field));
  }
}

TEST(ConvertEvents, AColumnWithoutANameOrTooLongToShowIsRefused) {
  v1::Event event = Guarded();
  event.mutable_guarded()->mutable_columns(0)->clear_name();
  event.mutable_guarded()->mutable_columns(1)->set_after(std::string(kMaxShownBytes + 1, 'x'));
  const std::vector<std::string> fields = WrongFields(event);
  EXPECT_THAT(fields, Contains("e.guarded.columns.name"));
  EXPECT_THAT(fields, Contains("e.guarded.columns.after"));
  for (int i = 0; i <= static_cast<int>(kMaxGuardedColumns); ++i) {
    event.mutable_guarded()->add_columns()->set_name("c");
  }
  EXPECT_THAT(WrongFields(event), Contains("e.guarded.columns"));
}

TEST(ConvertEvents, OriginsAreBounded) {
  v1::Event event = Bid();
  event.mutable_origin()->set_statement(std::string(kMaxStatementBytes + 1, 'x'));
  EXPECT_THAT(WrongFields(event), Contains("e.origin.statement"));
}

TEST(ConvertEvents, AnEventWithoutContentOrIdIsRefused) {
  v1::Event event = NewEvent();
  event.clear_event_id();
  EXPECT_THAT(WrongFields(event), Contains("e"));
  EXPECT_THAT(WrongFields(event), Contains("e.event_id"));
}

}  // namespace
}  // namespace fundgate::gate
