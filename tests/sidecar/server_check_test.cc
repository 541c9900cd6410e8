#include "server/sidecar/feed/server_check.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace fundgate::feed {
namespace {

// Of three MySQL servers.
constexpr char kA[] = "aaaaaaaa-0000-11e1-9e33-c80aa9429562";
constexpr char kB[] = "bbbbbbbb-0000-11e1-9e33-c80aa9429562";

std::string Of(const char* server, const std::string& numbers) {
  return absl::StrCat(server, ":", numbers);
}

SourcePosition Parsed(const std::string& text, PositionForm form) {
  const auto position = SourcePosition::Parse(text, form);
  EXPECT_TRUE(position.ok()) << position.status();
  return *position;
}

absl::Status Mysql(const std::string& applied, const std::string& own_id, const std::string& head,
                   const std::string& purged = "") {
  constexpr PositionForm kForm = PositionForm::kGtidSets;
  return CheckServerHas(Parsed(applied, kForm),
                        {"db-2:3306", own_id, Parsed(head, kForm), Parsed(purged, kForm)});
}

absl::Status Mariadb(const std::string& applied, const std::string& own_id,
                     const std::string& head) {
  constexpr PositionForm kForm = PositionForm::kGtids;
  return CheckServerHas(Parsed(applied, kForm),
                        {"db-2:3306", own_id, Parsed(head, kForm), Parsed("", kForm)});
}

TEST(MysqlServerCheck, AServerThatHasWhatWasAppliedAndMoreIsRead) {
  EXPECT_TRUE(Mysql("", kA, "").ok());
  EXPECT_TRUE(Mysql("", kA, Of(kA, "1-5")).ok());
  EXPECT_TRUE(Mysql(Of(kA, "1-5"), kB, Of(kA, "1-9") + "," + Of(kB, "1-2")).ok());
  EXPECT_TRUE(Mysql(Of(kA, "1-5"), kB, Of(kA, "1-9"), Of(kA, "1-5")).ok());
}

TEST(MysqlServerCheck, OneThatIsBehindMayStillReceiveWhatItLacks) {
  const absl::Status status = Mysql(Of(kA, "1-9"), kB, Of(kA, "1-5"));
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_TRUE(absl::StrContains(status.message(), Of(kA, "6"))) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "behind what was applied")) << status;
}

TEST(MysqlServerCheck, OneThatLacksWhatItWroteItselfHasLostIt) {
  const absl::Status status = Mysql(Of(kA, "1-9"), kA, Of(kA, "1-5"));
  EXPECT_TRUE(absl::IsOutOfRange(status));
  EXPECT_TRUE(absl::StrContains(status.message(), "wrote itself")) << status;
}

TEST(MysqlServerCheck, OneThatTookWritesBeforeItHadAllHasAnotherHistory) {
  const absl::Status status = Mysql(Of(kA, "1-9"), kB, Of(kA, "1-5") + "," + Of(kB, "1"));
  EXPECT_TRUE(absl::IsOutOfRange(status));
  EXPECT_TRUE(absl::StrContains(status.message(), Of(kB, "1"))) << status;
}

TEST(MysqlServerCheck, WhatIsPurgedBeforeItWasReadIsNamed) {
  const absl::Status status = Mysql(Of(kA, "1-5"), kA, Of(kA, "1-20"), Of(kA, "1-7"));
  EXPECT_TRUE(absl::IsOutOfRange(status));
  EXPECT_TRUE(absl::StrContains(status.message(), "purged")) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), Of(kA, "6"))) << status;
}

TEST(MysqlServerCheck, ALargeTransactionOfWhichRowsWereSentMustBeThere) {
  SourcePosition applied = Parsed(Of(kA, "1-5"), PositionForm::kGtidSets);
  applied.AdvanceRows({kA, 6, std::nullopt}, 9000);
  const auto check = [&applied](const std::string& head) {
    return CheckServerHas(applied, {"db-2:3306", kB, Parsed(head, PositionForm::kGtidSets),
                                    Parsed("", PositionForm::kGtidSets)});
  };
  EXPECT_TRUE(check(Of(kA, "1-6")).ok());
  EXPECT_TRUE(check(Of(kA, "1-5:7:6")).ok());
  EXPECT_TRUE(absl::IsOutOfRange(check(Of(kA, "1-5"))));
  EXPECT_TRUE(absl::IsOutOfRange(check(Of(kA, "1-5:7"))));
}

TEST(MariadbServerCheck, IsDoneDomainByDomain) {
  EXPECT_TRUE(Mariadb("", "1", "").ok());
  EXPECT_TRUE(Mariadb("0-1-5", "2", "0-2-9,5-1-1").ok());
  EXPECT_TRUE(absl::IsUnavailable(Mariadb("0-1-5,5-1-1", "2", "0-2-9")));
}

TEST(MariadbServerCheck, OneThatIsBehindMayStillReceiveWhatItLacks) {
  EXPECT_TRUE(absl::IsUnavailable(Mariadb("0-1-9", "2", "0-1-5")));
}

TEST(MariadbServerCheck, OneThatLacksWhatItWroteItselfHasLostIt) {
  EXPECT_TRUE(absl::IsOutOfRange(Mariadb("0-1-9", "1", "0-1-5")));
}

TEST(MariadbServerCheck, AnotherTransactionUnderTheSameNumberIsAnotherHistory) {
  const absl::Status status = Mariadb("0-1-9", "2", "0-2-9");
  EXPECT_TRUE(absl::IsOutOfRange(status));
  EXPECT_TRUE(absl::StrContains(status.message(), "in place of 0-1-9")) << status;
}

}  // namespace
}  // namespace fundgate::feed
