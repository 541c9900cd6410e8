// Which tables belong to an online schema change.
#include "server/sidecar/binlog/shadow.h"

#include <gtest/gtest.h>

#include "server/sidecar/binlog/statement.h"

namespace fundgate::binlog {
namespace {

TEST(Shadows, AreKnownByTheirNames) {
  for (const char* shadow : {"_refund_gho", "_refund_new", "___refund_new"}) {
    EXPECT_TRUE(BecomesTable(shadow, "refund")) << shadow;
    EXPECT_TRUE(IsShadowOf(shadow, "refund")) << shadow;
  }
  for (const char* other :
       {"_refund_ghc", "_refund_del", "_refund_old", "_refund_20261120100000_del"}) {
    EXPECT_FALSE(BecomesTable(other, "refund")) << other;
    EXPECT_TRUE(IsShadowOf(other, "refund")) << other;
  }
  EXPECT_TRUE(IsShadowOf("__x_gho", "_x"));
  for (const char* none : {"refund", "refund_new", "_refund", "_refunds_gho", "_refund_ghost"}) {
    EXPECT_FALSE(IsShadowOf(none, "refund")) << none;
  }
}

TEST(Shadows, TakingTheTablesPlaceChangesNoRows) {
  const auto names = [](const char* sql) {
    std::string text;
    for (const TableName& name : Classify(sql, "pay").tables) text += name.table + " ";
    return text;
  };
  EXPECT_EQ(names("RENAME TABLE `pay`.`refund` TO `pay`.`_refund_old`, `pay`.`_refund_new` TO "
                  "`pay`.`refund`"),
            "_refund_old _refund_new ");
  EXPECT_EQ(names("rename /* gh-ost */ table refund to _refund_del, _refund_gho to refund"),
            "_refund_del _refund_gho ");
  EXPECT_EQ(names("RENAME TABLE refund TO _refund_old"), "refund _refund_old ");
  EXPECT_EQ(names("RENAME TABLE refund TO refund_old, refund_new TO refund"),
            "refund refund_old refund_new refund ");
}

}  // namespace
}  // namespace fundgate::binlog
