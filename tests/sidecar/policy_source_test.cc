#include "server/sidecar/policy_source.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/str_replace.h"
#include "server/sidecar/session.h"

namespace fundgate::sidecar {
namespace {

std::string WorkedPolicy() {
  std::ifstream file(FUNDGATE_SOURCE_DIR "/config/policy-mariadb.yaml", std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(PolicySource, SaysWhereTheDatabaseIsAndWhichTablesAreRead) {
  const auto source = ReadPolicySource(WorkedPolicy(), 7, "pay_db");
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_EQ(source->version, 7U);
  EXPECT_EQ(source->primary.hosts, std::vector<std::string>{"127.0.0.1:3306"});
  EXPECT_EQ(source->primary.user, "fundgate");
  EXPECT_EQ(source->primary.password_file, "/etc/fundgate/pay_db.password");
  EXPECT_FALSE(source->primary.tls.has_value());
  EXPECT_EQ(source->tables.count("pay.refund"), 1U);
  EXPECT_EQ(source->tables.count("pay.other"), 0U);
  EXPECT_NE(source->mapper.mapping_version(), 0U);
}

TEST(PolicySource, TlsIsSpokenWhereThePolicySaysSo) {
  const auto source =
      ReadPolicySource(absl::StrReplaceAll(WorkedPolicy(), {{"pay_db.password}",
                                                             "pay_db.password, tls: {ca_file: "
                                                             "/etc/fundgate/ca.pem}}"}}),
                       1, "pay_db");
  ASSERT_TRUE(source.ok()) << source.status();
  ASSERT_TRUE(source->primary.tls.has_value());
  EXPECT_EQ(source->primary.tls->ca_file, "/etc/fundgate/ca.pem");
  EXPECT_EQ(source->primary.tls->cert_file, "");
}

TEST(PolicySource, AnUnknownOneIsNamed) {
  const auto source = ReadPolicySource(WorkedPolicy(), 1, "elsewhere");
  EXPECT_TRUE(absl::IsNotFound(source.status()));
  EXPECT_NE(source.status().message().find("elsewhere"), std::string::npos);
}

TEST(PolicySource, ADocumentThatThisVersionCannotReadIsRefusedWithItsProblems) {
  const auto source = ReadPolicySource("books: {order: 7}", 3, "pay_db");
  EXPECT_TRUE(absl::IsInvalidArgument(source.status()));
  EXPECT_NE(source.status().message().find("policy version 3"), std::string::npos);
  EXPECT_NE(source.status().message().find("policy:1:"), std::string::npos) << source.status();
}

TEST(DefaultServerIds, AreTheSameForASourceAndMeetNoUsualServersId) {
  EXPECT_EQ(DefaultServerId("pay_db"), DefaultServerId("pay_db"));
  EXPECT_NE(DefaultServerId("pay_db"), DefaultServerId("ledger"));
  EXPECT_GE(DefaultServerId("pay_db"), 0x80000000U);
}

}  // namespace
}  // namespace fundgate::sidecar
