#include "server/core/breaker_scope.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/world.h"

namespace fundgate::core::testing {
namespace {

using ::testing::Contains;
using ::testing::Not;

TEST(BreakerScope, WritesWhatItReads) {
  for (const char* text : {"*", "refund", "refund/account:m-1", "*/order:o%2F1",
                           "refund/channel:app", "cash_out/payee:%E4%B8%AD~._-"}) {
    absl::StatusOr<BreakerScope> scope = BreakerScope::Parse(text);
    ASSERT_TRUE(scope.ok()) << text << scope.status();
    EXPECT_EQ(scope->ToString(), text);
  }
}

TEST(BreakerScope, EveryByteOfAValueSurvives) {
  for (int byte = 1; byte < 256; ++byte) {
    const BreakerScope scope{"refund", "channel", std::string(1, static_cast<char>(byte))};
    EXPECT_EQ(BreakerScope::Parse(scope.ToString()).value(), scope) << byte;
  }
}

TEST(BreakerScope, HasOneCanonicalText) {
  EXPECT_EQ(BreakerScope::Parse("refund/channel:a%70p").value().ToString(), "refund/channel:app");
  EXPECT_EQ(BreakerScope::Parse("refund/channel:a/p").value().ToString(), "refund/channel:a%2Fp");
}

TEST(BreakerScope, RefusesWhatIsNone) {
  for (const char* text : {"", "/", "refund/", "refund/account", "refund/account:", "re fund",
                           "refund/:x", "refund/channel:%4", "refund/channel:%zz"}) {
    EXPECT_EQ(BreakerScope::Parse(text).status().code(), absl::StatusCode::kInvalidArgument)
        << text;
  }
}

TEST(BreakerScope, CoverEveryFieldOfACheckAndNoOther) {
  World world;
  CheckInput check = world.NewCheck("refund", "r1", "CNY 1.00", "o/1");
  check.attributes["channel"] = std::string("app");
  const std::vector<std::string> scopes = ScopesCovering(check);
  for (const char* scope : {"*", "refund", "refund/account:m1", "*/account:m1", "*/order:o%2F1",
                            "refund/currency:CNY", "refund/channel:app"}) {
    EXPECT_THAT(scopes, Contains(scope));
  }
  EXPECT_THAT(scopes, Not(Contains("cash_out")));
  EXPECT_THAT(scopes, Not(Contains("refund/account:m2")));
}

}  // namespace
}  // namespace fundgate::core::testing
