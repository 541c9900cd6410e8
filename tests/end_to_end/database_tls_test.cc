// The connection to the database over TLS: verified, or not made.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/sidecar/sources/mariadb/primary.h"
#include "tests/end_to_end/certificates.h"
#include "tests/end_to_end/sidecar_world.h"

namespace fundgate::end_to_end {
namespace {

WorldSettings Over(const Authority& authority, const std::string& ca_file) {
  const Certificate server = authority.Issue("127.0.0.1");
  WorldSettings settings = WorkedExample(
      {"--ssl-ca=" + authority.certificate_file(), "--ssl-cert=" + server.certificate_file,
       "--ssl-key=" + server.key_file, "--require-secure-transport=ON"});
  settings.replacements["user: fundgate,"] =
      absl::StrCat("user: fundgate, tls: {ca_file: ", ca_file, "},");
  return settings;
}

// As the sidecar connects.
absl::Status Connect(SidecarWorld& world, const std::string& ca_file, const Certificate& own = {}) {
  sources::PrimarySettings settings;
  settings.hosts = {absl::StrCat("127.0.0.1:", world.database().port())};
  settings.user = "fundgate";
  settings.password_file = world.password_file();
  settings.tls = {ca_file, own.certificate_file, own.key_file};
  settings.server_id = 4711;
  return sources::ConnectToPrimary(settings).status();
}

TEST(DatabaseTls, RowsComeOverAConnectionWhoseServerIsVerified) {
  const Authority authority("ours");
  SidecarWorld world(Over(authority, authority.certificate_file()));
  EXPECT_TRUE(Connect(world, authority.certificate_file()).ok());
  world.StartSidecar();
  world.Pay("p1", "o1", 1'00);
  world.AwaitApplied();
  EXPECT_EQ(world.Posted("o1", "paid"), 1'00);
}

TEST(DatabaseTls, AUserWhoMustShowACertificateDoes) {
  const Authority authority("ours");
  const Certificate own = authority.Issue("127.0.0.1");
  WorldSettings settings = Over(authority, authority.certificate_file());
  settings.replacements["user: fundgate,"] =
      absl::StrCat("user: fundgate, tls: {ca_file: ", authority.certificate_file(),
                   ", cert_file: ", own.certificate_file, ", key_file: ", own.key_file, "},");
  SidecarWorld world(settings);
  world.database().Execute("ALTER USER fundgate@'127.0.0.1' REQUIRE X509");
  EXPECT_TRUE(absl::IsPermissionDenied(Connect(world, authority.certificate_file())));
  const Authority other("theirs");
  EXPECT_FALSE(Connect(world, authority.certificate_file(), other.Issue("127.0.0.1")).ok());
  const absl::Status shown = Connect(world, authority.certificate_file(), own);
  EXPECT_TRUE(shown.ok()) << shown;
  world.StartSidecar();
  world.Pay("p1", "o1", 1'00);
  world.AwaitApplied();
  EXPECT_EQ(world.Posted("o1", "paid"), 1'00);
}

TEST(DatabaseTls, AServerOfAnotherAuthorityIsRefused) {
  const Authority authority("ours");
  const Authority other("theirs");
  SidecarWorld world(Over(authority, other.certificate_file()));
  const absl::Status status = Connect(world, other.certificate_file());
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(status.message(), testing::HasSubstr("certificate"));
}

TEST(DatabaseTls, AServerOfAnotherNameIsRefused) {
  const Authority authority("ours");
  const Certificate server = authority.Issue("192.0.2.1");
  SidecarWorld world(
      WorkedExample({"--ssl-ca=" + authority.certificate_file(),
                     "--ssl-cert=" + server.certificate_file, "--ssl-key=" + server.key_file}));
  EXPECT_FALSE(Connect(world, authority.certificate_file()).ok());
}

TEST(DatabaseTls, AServerThatSpeaksNoneIsRefused) {
  const Authority authority("ours");
  SidecarWorld world(WorkedExample({"--skip-ssl"}));
  EXPECT_FALSE(Connect(world, authority.certificate_file()).ok());
}

}  // namespace
}  // namespace fundgate::end_to_end
