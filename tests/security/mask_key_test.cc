#include "server/security/mask_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/security/temporary_folder.h"

namespace fundgate::security {
namespace {

using ::testing::HasSubstr;

class Masks : public ::testing::Test {
 protected:
  const testing::TemporaryFolder folder_;
  const std::string path_ = folder_.path() + "/masking.key";
};

TEST_F(Masks, TheSameValueHasTheSameMaskAlsoAfterARestart) {
  const auto first = MaskKey::Keep(path_);
  ASSERT_TRUE(first.ok()) << first.status();
  const auto again = MaskKey::Keep(path_);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(first->Mask("DE89370400440532013000"), again->Mask("DE89370400440532013000"));
  EXPECT_NE(first->Mask("DE89370400440532013000"), first->Mask("DE89370400440532013001"));
}

TEST_F(Masks, AnotherGatesKeyGivesAnotherMask) {
  const auto one = MaskKey::Keep(path_);
  const auto other = MaskKey::Keep(path_ + "2");
  ASSERT_TRUE(one.ok() && other.ok());
  EXPECT_NE(one->Mask("4242"), other->Mask("4242"));
}

// HMAC-SHA-256 of "what do ya want for nothing?" by the key "Jefe": RFC 4231, test case 2.
TEST(MaskKey, AMaskIsTheBeginningOfAnHmac) {
  EXPECT_EQ(MaskKey("Jefe").Mask("what do ya want for nothing?"), "masked-5bdcc146bf60");
}

TEST(MaskKey, AMaskIsKnownByItsForm) {
  EXPECT_TRUE(MaskKey::IsMask(MaskKey("Jefe").Mask("x")));
  for (const char* text : {"", "masked-", "masked-5bdcc146bf6", "masked-5bdcc146bf600",
                           "masked-5BDCC146BF60", "Masked-5bdcc146bf60", "5bdcc146bf60"}) {
    EXPECT_FALSE(MaskKey::IsMask(text)) << text;
  }
}

TEST_F(Masks, TheKeyIsItsOwnersAlone) {
  ASSERT_TRUE(MaskKey::Keep(path_).ok());
  struct stat file {};
  ASSERT_EQ(::stat(path_.c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 07777U, 0600U);
  std::filesystem::permissions(path_, std::filesystem::perms(0644));
  EXPECT_EQ(MaskKey::Keep(path_).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(Masks, AFileThatHoldsNoKeyIsRefusedAndNotReplaced) {
  std::ofstream(path_) << "0123456789abcdef\n";
  std::filesystem::permissions(path_, std::filesystem::perms(0600));
  const auto key = MaskKey::Keep(path_);
  EXPECT_EQ(key.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(key.status().message()), HasSubstr(path_));
  EXPECT_EQ(std::filesystem::file_size(path_), 17U);
}

// What a crash may leave between the writing of a key and its renaming.
TEST_F(Masks, AHalfWrittenKeyIsNoKey) {
  std::ofstream(path_ + ".new") << "01234";
  std::filesystem::permissions(path_ + ".new", std::filesystem::perms(0600));
  ASSERT_TRUE(MaskKey::Keep(path_).ok());
  EXPECT_FALSE(std::filesystem::exists(path_ + ".new"));
}

}  // namespace
}  // namespace fundgate::security
