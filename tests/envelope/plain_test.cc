// Plain messages: one row each.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/envelope/told.h"

namespace fundgate::envelope {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Hear;
using testing::Notes;
using testing::Rows;

TopicSettings Orders(std::vector<std::string> key = {}) {
  TopicSettings settings;
  settings.rows = {{"shop.order_paid", std::move(key), {"amount", "order_id"}}};
  return settings;
}

TEST(PlainMessages, AreRowsThatCame) {
  const Notes notes = Hear(Orders(), R"({"order_id": "o1", "amount": 12.30, "other": [1]})");
  EXPECT_THAT(notes.lines,
              ElementsAre("begin orders/3:17 by 0 at 1000",
                          "insert shop.order_paid #0 amount=decimal 12.30 order_id=text o1 "
                          "*=text orders/3:17",
                          "end"));
}

TEST(PlainMessages, WhatIsNotThereIsNull) {
  EXPECT_THAT(Rows(Hear(Orders(), R"({"order_id": null})")),
              ElementsAre(HasSubstr("amount=null order_id=null")));
}

TEST(PlainMessages, TruthIsOneAndZeroAsInADatabase) {
  EXPECT_THAT(Rows(Hear(Orders(), R"({"order_id": true, "amount": false})")),
              ElementsAre(HasSubstr("amount=int 0 order_id=int 1")));
}

TEST(PlainMessages, ColumnsStandWhereThePolicySays) {
  TopicSettings settings = Orders();
  settings.columns = {{"order_id", "/order/id"}, {"amount", "/payments/1/a~1b"}};
  EXPECT_THAT(Rows(Hear(settings, R"({"order": {"id": 7}, "payments": [{}, {"a/b": "1.05"}]})")),
              ElementsAre(HasSubstr("amount=text 1.05 order_id=int 7")));
  EXPECT_THAT(Rows(Hear(settings, R"({"order": 5, "payments": []})")),
              ElementsAre(HasSubstr("amount=null order_id=null")));
}

TEST(PlainMessages, TheSameAgainIsTheSameRowAndAnotherUnderItsKeyIsNot) {
  const TopicSettings settings = Orders({"event_id"});
  const auto key_of = [&settings](const char* text, int64_t offset) {
    return Hear(settings, text, offset).keys.front();
  };
  const char* const first = R"({"event_id": "e1", "order_id": "o1", "amount": "1.00"})";
  const std::string key = key_of(first, 17);
  EXPECT_EQ(key.rfind("text e1,", 0), 0U);
  EXPECT_EQ(key_of(first, 18), key);
  // What nobody reads makes no other message of it.
  EXPECT_EQ(key_of(R"({"sent": 2, "event_id": "e1", "order_id": "o1", "amount": "1.00"})", 19),
            key);
  EXPECT_NE(key_of(R"({"event_id": "e1", "order_id": "o1", "amount": "1.01"})", 20), key);
}

TEST(PlainMessages, WithoutAKeyEachIsARowOfItsOwn) {
  const char* const text = R"({"order_id": "o1", "amount": "1.00"})";
  EXPECT_NE(Hear(Orders(), text, 17).keys, Hear(Orders(), text, 18).keys);
}

TEST(PlainMessages, ThatCannotBeReadAreToldAsSuch) {
  EXPECT_THAT(Rows(Hear(Orders(), "no JSON")),
              ElementsAre("unreadable shop.order_paid message orders/3:17: it is no JSON: Invalid "
                          "value. (byte 1)"));
  EXPECT_THAT(Rows(Hear(Orders(), "[1]")), ElementsAre(HasSubstr("it is no JSON object")));
  EXPECT_THAT(Rows(Hear(Orders({"event_id"}), R"({"order_id": "o1"})")),
              ElementsAre(HasSubstr("row 0: column event_id of its key is missing")));
}

TEST(PlainMessages, AColumnThatCannotBeReadSpoilsOnlyWhatReadsIt) {
  EXPECT_THAT(Rows(Hear(Orders(), R"({"order_id": "o1", "amount": {"value": 1}})")),
              ElementsAre(HasSubstr("amount=unreadable is an array or an object, which is no "
                                    "column's value order_id=text o1")));
}

TEST(PlainMessages, ATombstoneSaysNothingAndMovesOn) {
  EXPECT_THAT(Hear(Orders(), std::nullopt).lines,
              ElementsAre("begin orders/3:17 by 0 at 1000", "end"));
}

TEST(LostMessages, AreToldForEveryTableOfTheTopic) {
  TopicSettings settings;
  settings.envelope = EnvelopeKind::kCanal;
  settings.rows = {{"pay.payment", {"id"}, {}}, {"pay.refund", {"id"}, {}}};
  Notes notes;
  ASSERT_TRUE(MessageReader(settings).TellLost("orders/3:1-9", "deleted", notes).ok());
  EXPECT_THAT(notes.lines,
              ElementsAre("begin orders/3:1-9 by 0 at 0", "unreadable pay.payment deleted",
                          "unreadable pay.refund deleted", "end"));
}

}  // namespace
}  // namespace fundgate::envelope
