#include "client/fundctl/top_page.h"

#include <sstream>
#include <string>

#include "client/fundctl/output.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace fundgate::fundctl {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

class TopPageTest : public ::testing::Test {
 protected:
  static TopReading At(int seconds, uint64_t allowed, uint64_t blocked) {
    TopReading reading;
    v1::GetStatusResponse& status = reading.status;
    status.set_serving(true);
    status.mutable_started_at()->set_seconds(1'800'000'000);
    status.mutable_gate_time()->set_seconds(1'800'000'000 + seconds);
    v1::CheckpointStatus& counts = *status.add_checkpoints();
    counts.set_checkpoint("refund");
    counts.set_allowed(allowed);
    counts.set_blocked(blocked);
    v1::SourceStatus& source = *status.add_sources();
    source.set_name("pay_db");
    source.mutable_lag()->set_nanos(120'000'000);
    return reading;
  }

  std::ostringstream out_;
  std::ostringstream err_;
  std::istringstream in_;
  Context context_{out_, err_, in_};
};

TEST_F(TopPageTest, RatesAreBetweenTwoLooks) {
  const TopReading before = At(100, 1000, 10);
  const TopReading now = At(102, 1500, 11);
  EXPECT_THAT(TopPage(context_, now, &before),
              ContainsRegex("refund +250\\.0 +0\\.0 +0\\.5 +1500"));
}

TEST_F(TopPageTest, TheFirstLookShowsTheRateSinceTheStart) {
  const std::string page = TopPage(context_, At(100, 1000, 10), nullptr);
  EXPECT_THAT(page, HasSubstr("CHECKS since the gate started"));
  EXPECT_THAT(page, ContainsRegex("refund +10\\.0 +0\\.0 +0\\.1"));
}

TEST_F(TopPageTest, AGateThatWasRestartedBetweenTwoLooksHasNoNegativeRate) {
  const TopReading before = At(100, 1000, 10);
  const TopReading now = At(102, 40, 0);
  EXPECT_THAT(TopPage(context_, now, &before), ContainsRegex("refund +20\\.0"));
  EXPECT_THAT(TopPage(context_, before, &before), ContainsRegex("refund +- "));
}

TEST_F(TopPageTest, WhatIsWrongIsSaidInWords) {
  TopReading now = At(10, 0, 0);
  now.status.set_serving(false);
  now.status.set_not_serving_reason("it drains");
  now.status.set_clock_state(v1::CLOCK_STATE_DRIFTED);
  v1::Breaker& breaker = now.breakers.emplace_back();
  breaker.set_scope("*");
  breaker.set_state(v1::BREAKER_STATE_OPEN);
  breaker.set_mode(v1::VERDICT_BLOCK);
  now.status.set_breakers_open(1);
  const std::string page = TopPage(context_, now, nullptr);
  for (const char* words :
       {"NOT SERVING: it drains", "CLOCK DRIFTED", "BREAKERS 1 open", "pay_db  NONE", "120ms"}) {
    EXPECT_THAT(page, HasSubstr(words));
  }
  EXPECT_THAT(page, Not(HasSubstr("\x1b")));
}

TEST_F(TopPageTest, ColoursTakeNoColumns) {
  context_.colour = true;
  const std::string painted = Painted(context_, v1::VERDICT_BLOCK);
  EXPECT_THAT(painted, HasSubstr("\x1b[31mBLOCK"));
  EXPECT_EQ(TableText({{"A", "B"}, {painted, "x"}, {"ALLOW", "y"}}),
            "A      B\n" + painted + "  x\nALLOW  y\n");
}

}  // namespace
}  // namespace fundgate::fundctl
