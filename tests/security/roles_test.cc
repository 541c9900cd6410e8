#include "server/security/roles.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "tests/places/places.h"

namespace fundgate::security {
namespace {

// The calls that the contract declares: "Gate/Check".
std::set<std::string> CallsOfTheContract() {
  std::set<std::string> calls;
  for (const auto& file :
       std::filesystem::directory_iterator(places::Source("proto/fundgate/v1"))) {
    std::ifstream text(file.path());
    std::string service;
    for (std::string line; std::getline(text, line);) {
      if (line.starts_with("service ")) service = line.substr(8, line.find(' ', 8) - 8);
      if (line.starts_with("  rpc "))
        calls.insert(service + "/" + line.substr(6, line.find('(') - 6));
    }
  }
  return calls;
}

TEST(Roles, EveryCallOfTheContractHasOneRowAndNoRowIsLeftOver) {
  std::set<std::string> rows;
  for (const RpcRule& rule : RpcRules()) {
    EXPECT_TRUE(rows.emplace(rule.rpc).second) << rule.rpc << " stands there twice";
  }
  EXPECT_EQ(rows, CallsOfTheContract());
  EXPECT_GE(rows.size(), 40U);
}

TEST(Roles, EveryRowOfTheDocumentedTableIsTheTables) {
  std::ifstream page(places::Source("docs/security.md"));
  std::set<std::string> shown;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("| `") && line.find('/') != std::string::npos) shown.insert(line);
  }
  std::set<std::string> expected;
  for (const RpcRule& rule : RpcRules()) {
    std::string row = "| `" + std::string(rule.rpc) + "` |";
    for (const Role role : {Role::ROLE_PAYMENT_SERVICE, Role::ROLE_SIDECAR, Role::ROLE_OPERATOR,
                            Role::ROLE_APPROVER, Role::ROLE_AUDITOR, Role::ROLE_ADMIN}) {
      row += rule.roles.Has(role) ? " yes |" : " |";
    }
    expected.insert(row);
  }
  EXPECT_EQ(shown, expected);
}

TEST(Roles, OnlyAnApproverReviewsHolds) {
  for (const char* rpc : {"Holds/ApproveHold", "Holds/RejectHold"}) {
    ASSERT_NE(FindRpc(rpc), nullptr);
    EXPECT_EQ(NamesOf(FindRpc(rpc)->roles), "approver");
  }
}

TEST(Roles, OnlyAPaymentServiceAsks) {
  for (const char* rpc :
       {"Gate/Check", "Gate/BatchCheck", "Gate/StreamChecks", "Gate/Confirm", "Gate/Release"}) {
    ASSERT_NE(FindRpc(rpc), nullptr);
    EXPECT_EQ(NamesOf(FindRpc(rpc)->roles), "payment_service");
  }
}

TEST(Roles, AuditorsSeeSensitiveValuesAndServicesWhereTheyAsk) {
  for (const RpcRule& rule : RpcRules()) {
    const bool is_asking = rule.rpc.starts_with("Gate/") || rule.rpc.starts_with("Leases/");
    EXPECT_TRUE(SeesSensitive(rule.rpc, {Role::ROLE_AUDITOR})) << rule.rpc;
    EXPECT_TRUE(SeesSensitive(rule.rpc, {Role::ROLE_OPERATOR, Role::ROLE_AUDITOR})) << rule.rpc;
    EXPECT_EQ(SeesSensitive(rule.rpc, {Role::ROLE_PAYMENT_SERVICE}), is_asking) << rule.rpc;
    for (const Role role : {Role::ROLE_OPERATOR, Role::ROLE_APPROVER, Role::ROLE_ADMIN,
                            Role::ROLE_SIDECAR, Role::ROLE_UNSPECIFIED}) {
      EXPECT_FALSE(SeesSensitive(rule.rpc, {role})) << rule.rpc;
    }
  }
  EXPECT_TRUE(AllSeeSensitive(*FindRpc("Gate/Check")));
  EXPECT_FALSE(AllSeeSensitive(*FindRpc("Gate/GetDecision")));
  EXPECT_FALSE(AllSeeSensitive(*FindRpc("Audit/ExportTraces")));
}

TEST(Roles, WhatIsNotInTheTableIsNobodys) { EXPECT_EQ(FindRpc("Gate/Empty"), nullptr); }

}  // namespace
}  // namespace fundgate::security
