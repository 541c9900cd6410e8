#include "connection/token.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/security/temporary_folder.h"

namespace fundgate::connection {
namespace {

TEST(Token, ANewOneIsItsOwnersAloneAndItsHashIsWhatIsPrinted) {
  const security::testing::TemporaryFolder folder;
  const std::string path = folder.path() + "/token";
  const absl::StatusOr<TokenHash> hash = WriteNewToken(path);
  ASSERT_TRUE(hash.ok()) << hash.status();
  struct stat file {};
  ASSERT_EQ(::stat(path.c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 07777U, 0600U);
  std::string token;
  std::ifstream(path) >> token;
  EXPECT_GE(token.size(), kMinTokenBytes);
  EXPECT_TRUE(SameHash(HashOf(token), *hash));
  const absl::StatusOr<TokenHash> parsed = ParseTokenHash(TextOf(*hash));
  ASSERT_TRUE(parsed.ok());
  EXPECT_TRUE(SameHash(*parsed, *hash));
}

TEST(Token, AFileThatExistsIsLeftAlone) {
  const security::testing::TemporaryFolder folder;
  const std::string path = folder.path() + "/token";
  ASSERT_TRUE(WriteNewToken(path).ok());
  EXPECT_TRUE(absl::IsAlreadyExists(WriteNewToken(path).status()));
}

TEST(Token, EachNewOneIsAnother) {
  const security::testing::TemporaryFolder folder;
  const auto one = WriteNewToken(folder.path() + "/1");
  const auto two = WriteNewToken(folder.path() + "/2");
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_FALSE(SameHash(*one, *two));
}

TEST(Token, TheHashIsSha256) {
  EXPECT_EQ(TextOf(HashOf("abc")),
            "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Token, WhatIsNoHashIsRefused) {
  for (const char* text :
       {"", "sha256:", "sha256:ba", "ba7816bf8f01cfea414140de5dae2223b00361a39",
        "md5:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015adx",
        "sha256:xa7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}) {
    EXPECT_FALSE(ParseTokenHash(text).ok()) << text;
  }
}

}  // namespace
}  // namespace fundgate::connection
