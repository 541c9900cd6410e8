#include "server/security/access_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/places/places.h"

namespace fundgate::security {
namespace {

using ::testing::HasSubstr;

const std::string kToken = "0123456789012345678901234567890123456789012";

std::string Hash(const std::string& token) { return connection::TextOf(connection::HashOf(token)); }

std::shared_ptr<const AccessList> Parse(const std::string& text) {
  auto list = AccessList::Parse(text, "access.yaml");
  EXPECT_TRUE(list.ok()) << list.status();
  return list.ok() ? *list : nullptr;
}

std::string Problem(const std::string& text) {
  const auto list = AccessList::Parse(text, "access.yaml");
  EXPECT_FALSE(list.ok()) << text;
  return std::string(list.status().message());
}

TEST(AccessList, KnowsCallersByCertificateAndByToken) {
  const auto list = Parse(
      "callers:\n"
      "  payments:\n"
      "    certificates: [\"spiffe://shop.example/payments\", payments.shop.example]\n"
      "    roles: [payment_service]\n"
      "    checkpoints: [refund]\n"
      "    limit: {per_second: 100, burst: 200}\n"
      "  ann:\n"
      "    token_hashes: [\"" +
      Hash(kToken) +
      "\"]\n"
      "    roles: [operator, approver]\n");
  ASSERT_NE(list, nullptr);
  const std::vector<std::string> names = {"payments.shop.example"};
  const Caller* payments = list->FindByCertificate(names);
  ASSERT_NE(payments, nullptr);
  EXPECT_EQ(payments->name, "payments");
  EXPECT_TRUE(payments->roles.Has(Role::ROLE_PAYMENT_SERVICE));
  EXPECT_FALSE(payments->roles.Has(Role::ROLE_OPERATOR));
  EXPECT_TRUE(payments->MayAsk("refund"));
  EXPECT_FALSE(payments->MayAsk("cash_out"));
  EXPECT_NE(payments->limit, nullptr);
  const Caller* ann = list->FindByToken(kToken);
  ASSERT_NE(ann, nullptr);
  EXPECT_EQ(ann->name, "ann");
  EXPECT_TRUE(ann->MayAsk("anything"));
  EXPECT_EQ(ann->limit, nullptr);
}

TEST(AccessList, StrangersAreNobody) {
  const auto list = Parse("callers: {ann: {token_hashes: [\"" + Hash(kToken) +
                          "\"], roles: [auditor], certificates: [ann.example]}}\n");
  ASSERT_NE(list, nullptr);
  for (const std::string& token : {std::string(), kToken + "x", kToken.substr(1), Hash(kToken)}) {
    EXPECT_EQ(list->FindByToken(token), nullptr) << token;
  }
  const std::vector<std::string> none;
  EXPECT_EQ(list->FindByCertificate(none), nullptr);
  const std::vector<std::string> other = {"ann.example.evil", "ANN.EXAMPLE"};
  EXPECT_EQ(list->FindByCertificate(other), nullptr);
}

TEST(AccessList, ATokenThatCouldBeGuessedIsNobodys) {
  const auto list =
      Parse("callers: {ann: {token_hashes: [\"" + Hash("secret") + "\"], roles: [auditor]}}\n");
  ASSERT_NE(list, nullptr);
  EXPECT_EQ(list->FindByToken("secret"), nullptr);
}

TEST(AccessList, ACertificateOfTwoCallersIsNobodys) {
  const auto list = Parse(
      "callers:\n"
      "  a: {certificates: [a.example], roles: [auditor]}\n"
      "  b: {certificates: [b.example], roles: [admin]}\n");
  ASSERT_NE(list, nullptr);
  const std::vector<std::string> both = {"a.example", "b.example"};
  EXPECT_EQ(list->FindByCertificate(both), nullptr);
}

TEST(AccessList, WhatIsWrongIsSaidWithItsPlace) {
  EXPECT_THAT(Problem("callers: {ann: {roles: [auditor]}}\n"),
              HasSubstr("access.yaml:1:11: 'ann': has neither certificates nor token_hashes"));
  EXPECT_THAT(Problem("callers: {ann: {certificates: [a], roles: []}}\n"),
              HasSubstr("has no role"));
  EXPECT_THAT(Problem("callers: {ann: {certificates: [a], roles: [oprator]}}\n"),
              HasSubstr("did you mean 'operator'"));
  EXPECT_THAT(Problem("callers: {ann: {certificate: [a], roles: [operator]}}\n"),
              HasSubstr("there is no field 'certificate'"));
  EXPECT_THAT(Problem("callers: {ann: {token_hashes: [abc], roles: [auditor]}}\n"),
              HasSubstr("expected sha256: and 64 digits"));
  EXPECT_THAT(Problem("callers: {a: {certificates: [x], roles: [auditor]}, "
                      "b: {certificates: [x], roles: [auditor]}}\n"),
              HasSubstr("names a already"));
  EXPECT_THAT(Problem("callers: {ann: {certificates: [a], roles: [auditor], "
                      "checkpoints: [refund]}}\n"),
              HasSubstr("means nothing without the role payment_service"));
  EXPECT_THAT(Problem("callers: {ann: {certificates: [a], roles: [sidecar], "
                      "limit: {per_second: 0}}}\n"),
              HasSubstr("must be 1 to 1000000"));
  EXPECT_THAT(Problem("callers: {fundgated: {certificates: [a], roles: [admin]}}\n"),
              HasSubstr("what the gate calls itself"));
  EXPECT_THAT(Problem("{}\n"), HasSubstr("'callers' is missing"));
  EXPECT_THAT(Problem("callers: {}\n"), HasSubstr("there is no caller"));
}

TEST(AccessList, TheExampleIsRight) {
  std::ifstream file(places::Source("config/access.yaml"));
  const auto list = Parse({std::istreambuf_iterator<char>(file), {}});
  ASSERT_NE(list, nullptr);
  EXPECT_EQ(list->size(), 7U);
}

TEST(AccessList, ATokenHasOneOwner) {
  EXPECT_THAT(Problem("callers: {a: {token_hashes: [\"" + Hash(kToken) +
                      "\"], roles: [auditor]}, b: {token_hashes: [\"" + Hash(kToken) +
                      "\"], roles: [auditor]}}\n"),
              HasSubstr("is a's already"));
}

}  // namespace
}  // namespace fundgate::security
