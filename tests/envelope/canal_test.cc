// canal's flat messages.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/envelope/told.h"

namespace fundgate::envelope {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Hear;
using testing::Rows;

TopicSettings Refunds() {
  TopicSettings settings;
  settings.envelope = EnvelopeKind::kCanal;
  settings.rows = {{"pay.refund", {"id"}, {"amount", "status"}}};
  return settings;
}

std::string Flat(std::string_view type, std::string_view data, std::string_view old = "null",
                 bool is_ddl = false) {
  return absl::StrCat(
      R"({"database": "pay", "table": "refund", "es": 1795168800000, "ts": 1, "id": 9,
          "pkNames": ["id"], "sql": "",
          "sqlType": {"id": -5, "amount": 3, "status": 12, "rate": 8, "image": 2004},
          "isDdl": )",
      is_ddl ? "true" : "false", ", \"type\": \"", std::string(type),
      "\", \"data\": ", std::string(data), ", \"old\": ", std::string(old), "}");
}

TEST(Canal, EachRowOfAMessageIsAChangeOfItsOwn) {
  EXPECT_THAT(
      Hear(Refunds(), Flat("INSERT", R"([{"id": "1", "amount": "12.30", "status": "OK"},
                                         {"id": "18446744073709551615", "amount": null}])"))
          .lines,
      ElementsAre("begin orders/3:17 by 0 at 1795168800",
                  "insert pay.refund #0 amount=text 12.30 status=text OK id=int 1",
                  "insert pay.refund #1 amount=null status=absent id=uint 18446744073709551615",
                  "end"));
}

TEST(Canal, OldHasOnlyWhatChanged) {
  EXPECT_THAT(Rows(Hear(Refunds(), Flat("UPDATE", R"([{"id": "1", "amount": "2", "status": "B"},
                                                      {"id": "2", "amount": "3", "status": "B"}])",
                                        R"([{"status": "A"}, {"amount": null, "id": "5"}])"))),
              ElementsAre("update pay.refund #0 [amount=text 2 status=text A id=int 1] "
                          "amount=text 2 status=text B id=int 1",
                          "update pay.refund #1 [amount=null status=text B id=int 5] "
                          "amount=text 3 status=text B id=int 2"));
}

TEST(Canal, ADeletionHasTheRowThatWent) {
  EXPECT_THAT(Rows(Hear(Refunds(), Flat("DELETE", R"([{"id": "1", "amount": "2"}])"))),
              ElementsAre("delete pay.refund #0 [amount=text 2 status=absent id=int 1]"));
}

TEST(Canal, FloatingNumbersAreNoDecimalsAndBytesNoText) {
  TopicSettings settings = Refunds();
  settings.rows[0].columns = {"rate", "image"};
  EXPECT_THAT(Rows(Hear(settings, Flat("INSERT", R"([{"id": "1", "rate": "1.5", "image": "x"}])"))),
              ElementsAre(HasSubstr("rate=double 1.5 image=bytes x")));
}

TEST(Canal, ANumberThatIsNoneSpoilsItsColumnAlone) {
  TopicSettings settings = Refunds();
  settings.rows[0].key = {"status"};
  settings.rows[0].columns = {"id"};
  EXPECT_THAT(Rows(Hear(settings, Flat("INSERT", R"([{"id": "1.5", "status": "a"}])"))),
              ElementsAre(HasSubstr("id=unreadable is no whole number")));
}

TEST(Canal, DefinitionsSayNothingUnlessRowsGo) {
  EXPECT_TRUE(Rows(Hear(Refunds(), Flat("ALTER", "null", "null", true))).empty());
  EXPECT_TRUE(Rows(Hear(Refunds(), Flat("CREATE", "null", "null", true))).empty());
  for (const char* type : {"TRUNCATE", "ERASE"}) {
    EXPECT_THAT(
        Rows(Hear(Refunds(), Flat(type, "null", "null", true))),
        ElementsAre(HasSubstr(absl::StrCat("unreadable pay.refund message orders/3:17: ", type))));
  }
  // DML as text.
  EXPECT_THAT(Rows(Hear(Refunds(), Flat("QUERY", "null"))), ElementsAre(HasSubstr("unreadable")));
}

TEST(Canal, WhatIsDamagedIsToldAsUnreadable) {
  EXPECT_THAT(Rows(Hear(Refunds(), Flat("INSERT", "null"))), ElementsAre(HasSubstr("\"data\"")));
  EXPECT_THAT(Rows(Hear(Refunds(), Flat("UPDATE", R"([{"id": "1"}])"))),
              ElementsAre(HasSubstr("\"old\"")));
  EXPECT_THAT(Rows(Hear(Refunds(), R"({"id": 1})")),
              ElementsAre(HasSubstr("canal.mq.flatMessage")));
}

}  // namespace
}  // namespace fundgate::envelope
