#include "server/security/client_authorities.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/security/temporary_folder.h"
#include "tests/security/test_authority.h"

namespace fundgate::security {
namespace {

using ::testing::HasSubstr;
using testing::Leaf;
using testing::TestAuthority;

struct World {
  TestAuthority authority;
  std::shared_ptr<const ClientAuthorities> known =
      *ClientAuthorities::Parse(authority.pem(), "ca.pem");
};

TEST(ClientAuthorities, TheirCertificatesAreGood) {
  World world;
  const auto issued = world.authority.Issue({.names = "URI:spiffe://shop/pay"});
  EXPECT_FALSE(world.known->Refuse(issued.certificate, "").has_value());
}

TEST(ClientAuthorities, AnExpiredOneIsRefusedByName) {
  World world;
  const auto issued = world.authority.Issue({.names = "URI:spiffe://shop/pay,DNS:pay.shop",
                                             .begins = std::chrono::hours(-2),
                                             .ends = std::chrono::hours(-1)});
  const auto refused = world.known->Refuse(issued.certificate, "");
  ASSERT_TRUE(refused.has_value());
  EXPECT_EQ(refused->reason(), v1::DENIAL_REASON_EXPIRED_CERTIFICATE);
  EXPECT_EQ(refused->certificate(), "spiffe://shop/pay,pay.shop");
  EXPECT_THAT(refused->message(), HasSubstr("expired"));
}

TEST(ClientAuthorities, OneThatIsNotValidYetIsRefused) {
  World world;
  const auto issued =
      world.authority.Issue({.names = "DNS:pay.shop", .begins = std::chrono::minutes(30)});
  EXPECT_EQ(world.known->Refuse(issued.certificate, "")->reason(),
            v1::DENIAL_REASON_EXPIRED_CERTIFICATE);
}

TEST(ClientAuthorities, AForeignOnesCertificateIsRefusedByName) {
  World world;
  TestAuthority foreign;  // of the same name
  const auto issued = foreign.Issue({.names = "URI:spiffe://shop/pay"});
  for (const std::string& chain : {std::string(), foreign.pem()}) {
    const auto refused = world.known->Refuse(issued.certificate, chain);
    ASSERT_TRUE(refused.has_value());
    EXPECT_EQ(refused->reason(), v1::DENIAL_REASON_UNTRUSTED_CERTIFICATE);
    EXPECT_EQ(refused->certificate(), "spiffe://shop/pay");
  }
}

TEST(ClientAuthorities, ACertificateOfAServerAloneIsRefused) {
  World world;
  const auto issued = world.authority.Issue({.names = "DNS:pay.shop", .purposes = "serverAuth"});
  EXPECT_EQ(world.known->Refuse(issued.certificate, "")->reason(),
            v1::DENIAL_REASON_UNTRUSTED_CERTIFICATE);
}

TEST(ClientAuthorities, NoneAtAllAndNonsenseAreRefused) {
  World world;
  EXPECT_EQ(world.known->Refuse("", "")->reason(), v1::DENIAL_REASON_NO_CERTIFICATE);
  EXPECT_EQ(world.known->Refuse("nonsense", "")->reason(), v1::DENIAL_REASON_UNTRUSTED_CERTIFICATE);
}

TEST(ClientAuthorities, AFileWithoutCertificatesIsRefused) {
  EXPECT_FALSE(ClientAuthorities::Parse("nonsense", "ca.pem").ok());
}

TEST(OwnCertificate, MustBeValidAndGoWithItsKey) {
  const testing::TemporaryFolder folder;
  TestAuthority authority;
  const auto one = authority.Issue({.names = "DNS:gate"});
  const auto two = authority.Issue({.names = "DNS:gate"});
  const auto old = authority.Issue(
      {.names = "DNS:gate", .begins = std::chrono::hours(-2), .ends = std::chrono::hours(-1)});
  const auto write = [&](const char* name, const std::string& text, unsigned int mode = 0600) {
    testing::WriteFile(folder.path() + "/" + name, text, mode);
    return folder.path() + "/" + name;
  };
  const std::string both = write("both.pem", one.both());
  const std::string certificate = write("one.pem", one.certificate, 0644);
  const std::string key = write("one.key", one.key, 0640);
  EXPECT_TRUE(CheckOwnCertificate(both, both).ok());
  EXPECT_TRUE(CheckOwnCertificate(certificate, key).ok());
  EXPECT_THAT(std::string(CheckOwnCertificate(certificate, write("two.key", two.key)).message()),
              HasSubstr("isn't that of the certificate"));
  const std::string expired = write("old.pem", old.both());
  EXPECT_THAT(std::string(CheckOwnCertificate(expired, expired).message()), HasSubstr("expired"));
  EXPECT_THAT(
      std::string(CheckOwnCertificate(certificate, write("open.key", one.key, 0644)).message()),
      HasSubstr("chmod 640"));
  EXPECT_THAT(std::string(CheckOwnCertificate(certificate, certificate).message()),
              HasSubstr("chmod 640"));
  EXPECT_THAT(std::string(CheckOwnCertificate(certificate, write("no.key", "nonsense")).message()),
              HasSubstr("expected a key in PEM"));
}

}  // namespace
}  // namespace fundgate::security
