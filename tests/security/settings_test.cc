#include "server/security/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace fundgate::security {
namespace {

using ::testing::HasSubstr;

std::string Refusal(const Settings& settings, bool others_in, bool anybody = false) {
  return std::string(CheckTogether(settings, "0.0.0.0:7443", others_in, anybody).message());
}

TEST(SecuritySettings, PlainTextIsForThisMachineAlone) {
  EXPECT_EQ(Refusal({}, false), "");
  EXPECT_THAT(Refusal({}, true), HasSubstr("Give --tls-cert"));
  EXPECT_EQ(Refusal({}, true, true), "");
}

TEST(SecuritySettings, OthersAreLetInOnlyIfSomebodySaysWhoMayDoWhat) {
  Settings settings;
  settings.certificate_file = "gate.pem";
  EXPECT_EQ(Refusal(settings, false), "");
  EXPECT_THAT(Refusal(settings, true), HasSubstr("--access-file"));
  settings.client_authorities_file = "ca.pem";
  EXPECT_THAT(Refusal(settings, true), HasSubstr("--access-file"));
  settings.access_file = "access.yaml";
  EXPECT_EQ(Refusal(settings, true), "");
}

TEST(SecuritySettings, WhoSomebodyIsIsLearnedOverTlsAlone) {
  Settings settings;
  settings.access_file = "access.yaml";
  EXPECT_THAT(Refusal(settings, false), HasSubstr("--access-file needs --tls-cert"));
  EXPECT_THAT(Refusal(settings, true, true), HasSubstr("--access-file needs --tls-cert"));
  settings = {};
  settings.client_authorities_file = "ca.pem";
  EXPECT_THAT(Refusal(settings, false), HasSubstr("--tls-client-ca needs --tls-cert"));
  settings = {};
  settings.key_file = "key.pem";
  EXPECT_THAT(Refusal(settings, false), HasSubstr("--tls-key needs --tls-cert"));
  settings = {};
  settings.certificate_file = "gate.pem";
  settings.certificates_optional = true;
  EXPECT_THAT(Refusal(settings, false), HasSubstr("--tls-client-ca, which is missing"));
}

}  // namespace
}  // namespace fundgate::security
