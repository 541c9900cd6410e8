#include "connection/guarded_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/security/temporary_folder.h"
#include "tests/security/test_authority.h"

namespace fundgate::connection {
namespace {

using security::testing::WriteFile;
using ::testing::HasSubstr;
using ::testing::Not;

struct Case {
  unsigned int mode;
  bool for_owner;
  bool for_group;
  bool for_everybody;
};

TEST(GuardedFile, PermissionsDecideWhetherItIsRead) {
  const security::testing::TemporaryFolder folder;
  const std::string path = folder.path() + "/secret";
  for (const Case& row : {Case{0600, true, true, true}, Case{0400, true, true, true},
                          Case{0640, false, true, true}, Case{0644, false, false, true},
                          Case{0604, false, false, true}, Case{0660, false, false, false},
                          Case{0666, false, false, false}, Case{0602, false, false, false}}) {
    WriteFile(path, "abc", row.mode);
    EXPECT_EQ(ReadGuardedFile(path, Readers::kOwner).ok(), row.for_owner) << std::oct << row.mode;
    EXPECT_EQ(ReadGuardedFile(path, Readers::kOwnerAndGroup).ok(), row.for_group)
        << std::oct << row.mode;
    EXPECT_EQ(ReadGuardedFile(path, Readers::kEverybody).ok(), row.for_everybody)
        << std::oct << row.mode;
  }
}

TEST(GuardedFile, TheRefusalSaysWhatToDoAndNothingOfTheSecret) {
  const security::testing::TemporaryFolder folder;
  const std::string path = folder.path() + "/secret";
  WriteFile(path, "abc-secret", 0644);
  const std::string message(ReadGuardedFile(path, Readers::kOwner).status().message());
  EXPECT_THAT(message, HasSubstr(path + " has permissions 644, which let others read it"));
  EXPECT_THAT(message, HasSubstr("chmod 600"));
  EXPECT_THAT(message, Not(HasSubstr("abc-secret")));
}

TEST(GuardedFile, WhatIsNoFileOrEmptyOrTooLongIsRefused) {
  const security::testing::TemporaryFolder folder;
  EXPECT_TRUE(absl::IsNotFound(ReadGuardedFile(folder.path() + "/no", Readers::kOwner).status()));
  EXPECT_FALSE(ReadGuardedFile(folder.path(), Readers::kEverybody).ok());
  EXPECT_FALSE(ReadGuardedFile("/dev/zero", Readers::kEverybody).ok());
  const std::string path = folder.path() + "/file";
  WriteFile(path, "");
  EXPECT_FALSE(ReadGuardedFile(path, Readers::kOwner).ok());
  WriteFile(path, std::string(kMaxGuardedBytes, 'x'));
  EXPECT_TRUE(ReadGuardedFile(path, Readers::kOwner).ok());
  WriteFile(path, std::string(kMaxGuardedBytes + 1, 'x'));
  EXPECT_FALSE(ReadGuardedFile(path, Readers::kOwner).ok());
}

}  // namespace
}  // namespace fundgate::connection
