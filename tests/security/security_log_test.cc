#include "server/security/security_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace fundgate::security {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct World {
  absl::Duration now = absl::Hours(1);
  std::vector<std::string> lines;
  SecurityLog log{
      logging::Log([this](const logging::Line& line) { lines.push_back(logging::ToText(line)); }),
      {[] { return absl::FromUnixSeconds(1'800'000'000); }, [this] { return now; }}};

  void Deny(v1::DenialReason reason, const std::string& caller) {
    v1::Denial denial;
    denial.set_reason(reason);
    denial.set_caller(caller);
    denial.set_rpc("Holds/ApproveHold");
    log.Add(denial);
  }

  v1::ListDenialsResponse List(int limit = 0, const std::string& caller = "") {
    v1::ListDenialsRequest request;
    request.set_limit(limit);
    request.set_caller(caller);
    v1::ListDenialsResponse response;
    log.Fill(request, response);
    return response;
  }
};

TEST(SecurityLog, TellsWhoWasRefusedWhatAndWhyAndCountsThem) {
  World world;
  world.Deny(v1::DENIAL_REASON_ROLE, "ann");
  world.Deny(v1::DENIAL_REASON_ROLE, "bob");
  world.Deny(v1::DENIAL_REASON_BAD_TOKEN, "");
  const v1::ListDenialsResponse response = world.List();
  ASSERT_EQ(response.denials_size(), 3);
  EXPECT_EQ(response.denials(0).reason(), v1::DENIAL_REASON_BAD_TOKEN);
  EXPECT_EQ(response.denials(1).caller(), "bob");
  EXPECT_EQ(response.denials(1).at().seconds(), 1'800'000'000);
  ASSERT_EQ(response.counts_size(), 2);
  EXPECT_EQ(response.counts(0).reason(), v1::DENIAL_REASON_BAD_TOKEN);
  EXPECT_EQ(response.counts(0).count(), 1U);
  EXPECT_EQ(response.counts(1).count(), 2U);
  EXPECT_EQ(world.List(1).denials_size(), 1);
  EXPECT_EQ(world.List(0, "ann").denials_size(), 1);
  ASSERT_EQ(world.lines.size(), 3U);
  EXPECT_EQ(world.lines[0], "denied reason=ROLE caller=ann rpc=Holds/ApproveHold");
  EXPECT_EQ(world.log.counts().at(v1::DENIAL_REASON_ROLE), 2U);
  EXPECT_EQ(world.log.counts().at(v1::DENIAL_REASON_RATE), 0U);
}

TEST(SecurityLog, AFloodIsCountedKeptAndWrittenWithinBounds) {
  World world;
  constexpr int kFlood = 5000;
  for (int i = 0; i < kFlood; ++i) world.Deny(v1::DENIAL_REASON_ROLE, "mallory");
  EXPECT_EQ(world.List(1000).denials_size(), 1000);
  EXPECT_EQ(world.List().counts(0).count(), 5000U);
  EXPECT_EQ(world.lines.size(), 200U);
  world.now += absl::Seconds(1);
  world.Deny(v1::DENIAL_REASON_ROLE, "mallory");
  EXPECT_THAT(world.lines.back(), HasSubstr(" unwritten_before=4800"));
  world.Deny(v1::DENIAL_REASON_ROLE, "mallory");
  EXPECT_THAT(world.lines.back(), Not(HasSubstr("unwritten")));
}

TEST(SecurityLog, WhatAStrangerChoseCantForgeALine) {
  World world;
  v1::Denial denial;
  denial.set_certificate("a\n2026-01-01 denied {}\x1b[2J\xff" + std::string(5000, 'x'));
  world.log.Add(denial);
  ASSERT_EQ(world.lines.size(), 1U);
  EXPECT_EQ(world.lines[0].find('\n'), std::string::npos);
  EXPECT_EQ(world.lines[0].find('\x1b'), std::string::npos);
  EXPECT_LT(world.lines[0].size(), 2000U);
}

}  // namespace
}  // namespace fundgate::security
