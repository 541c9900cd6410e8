#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "client/fundctl/verbs.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace fundgate::fundctl {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

class Profiles : public ::testing::Test {
 protected:
  Profiles() {
    std::string folder = std::filesystem::temp_directory_path() / "fundgate-profiles-XXXXXX";
    folder_ = ::mkdtemp(folder.data());
    Write(
        "default = \"test\"\n"
        "# a comment\n"
        "[test]\n"
        "address = \"127.0.0.1:1\"\n"
        "[production]\n"
        "address = \"127.0.0.1:2\"\n"
        "timeout = 1.5\n"
        "output = \"json\"\n");
  }
  ~Profiles() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& text) const { std::ofstream(folder_ + "/profiles.toml") << text; }

  // Runs the words with the file; keeps what the options became.
  int Run(std::vector<std::string> words) {
    words.insert(words.begin(), {"fundctl", "--profiles", folder_ + "/profiles.toml"});
    std::vector<const char*> pointers;
    for (const std::string& word : words) pointers.push_back(word.c_str());
    std::ostringstream out;
    std::ostringstream err;
    std::istringstream in;
    Context context(out, err, in);
    const int code = RunFundctl(static_cast<int>(pointers.size()), pointers.data(), context);
    address_ = context.address;
    timeout_ = context.timeout_seconds;
    json_ = context.json;
    out_ = out.str();
    err_ = err.str();
    return code;
  }

  std::string folder_;
  std::string address_;
  double timeout_ = 0;
  bool json_ = false;
  std::string out_;
  std::string err_;
};

TEST_F(Profiles, TheDefaultIsUsedWhenNoneIsNamed) {
  EXPECT_EQ(Run({"completion", "bash"}), kOk);
  EXPECT_EQ(address_, "127.0.0.1:1");
  EXPECT_EQ(timeout_, 5);
}

TEST_F(Profiles, ANamedOneSetsItsOptions) {
  EXPECT_EQ(Run({"--profile", "production", "completion", "bash"}), kOk);
  EXPECT_EQ(address_, "127.0.0.1:2");
  EXPECT_EQ(timeout_, 1.5);
  EXPECT_TRUE(json_);
}

TEST_F(Profiles, TheCommandLineWins) {
  EXPECT_EQ(Run({"--profile", "production", "--address", "127.0.0.1:3", "completion", "bash"}),
            kOk);
  EXPECT_EQ(address_, "127.0.0.1:3");
  EXPECT_EQ(timeout_, 1.5);
}

TEST_F(Profiles, TheListShowsWhichIsInUse) {
  EXPECT_EQ(Run({"profile", "list"}), kOk);
  EXPECT_THAT(out_, ContainsRegex("production +- +address 127.0.0.1:2"));
  EXPECT_THAT(out_, ContainsRegex("test +yes +address"));
}

TEST_F(Profiles, WhatIsWrongIsUsageAndSaysWhere) {
  EXPECT_EQ(Run({"--profile", "nobody", "status"}), kUsage);
  EXPECT_THAT(err_, HasSubstr("has no profile nobody"));
  Write("[test]\nadress = \"x\"\n");
  EXPECT_EQ(Run({"--profile", "test", "status"}), kUsage);
  EXPECT_THAT(err_, HasSubstr("adress is no global option"));
  Write("[test]\ntimeout = \"soon\"\n");
  EXPECT_EQ(Run({"--profile", "test", "status"}), kUsage);
  Write("[test]\nprofile = \"test\"\n");
  EXPECT_EQ(Run({"--profile", "test", "status"}), kUsage);
  std::filesystem::remove(folder_ + "/profiles.toml");
  EXPECT_EQ(Run({"status"}), kUsage);
  EXPECT_THAT(err_, HasSubstr("there is no file of profiles"));
}

}  // namespace
}  // namespace fundgate::fundctl
