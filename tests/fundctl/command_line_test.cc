#include <sstream>
#include <string>
#include <vector>

#include "client/fundctl/exit_codes.h"
#include "client/fundctl/verbs.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace fundgate::fundctl {
namespace {

using ::testing::HasSubstr;

struct Outcome {
  int code = 0;
  std::string out;
  std::string err;
};

Outcome Fundctl(std::vector<const char*> words) {
  std::ostringstream out;
  std::ostringstream err;
  std::istringstream in;
  words.insert(words.begin(), "fundctl");
  Context context(out, err, in);
  const int code = RunFundctl(static_cast<int>(words.size()), words.data(), context);
  return {code, out.str(), err.str()};
}

TEST(CommandLine, HelpTeachesWithExamples) {
  for (const std::vector<const char*>& words : {std::vector<const char*>{"--help"},
                                                {"check", "--help"},
                                                {"breaker", "trip", "--help"},
                                                {"policy", "--help"},
                                                {"event", "send", "--help"},
                                                {"trace", "--help"},
                                                {"trace", "export", "--help"},
                                                {"trace", "verify", "--help"},
                                                {"account", "show", "--help"},
                                                {"top", "--help"},
                                                {"profile", "--help"},
                                                {"manual", "--help"}}) {
    const Outcome outcome = Fundctl(words);
    EXPECT_EQ(outcome.code, kOk);
    EXPECT_THAT(outcome.out, HasSubstr("Example")) << words.front();
  }
  EXPECT_THAT(Fundctl({"--help"}).out, HasSubstr("Exit codes"));
}

TEST(CommandLine, WhatIsWrongIsUsageAndNothingIsSent) {
  for (const std::vector<const char*>& words :
       {std::vector<const char*>{},
        {"chek"},
        {"check", "refund"},
        {"--output", "xml", "status"},
        {"breaker", "trip", "refund", "--reason", "x", "--mode", "ALLOW"},
        {"check", "refund", "--key", "r1", "--account", "m1", "--amount", "12.34"},
        {"event", "send", "--source", "ledger"},
        {"trace", "verify", "--anchors", "/no/such/file"},
        {"trace", "verify", "--anchors", "/no/such/file", "--public-key", "/no/such/key"},
        {"trace", "export", "--kind", "NOTHING"},
        {"manual", "nothing"},
        {"policy", "test", "/no/such/file.yaml"}}) {
    EXPECT_EQ(Fundctl(words).code, kUsage);
  }
}

TEST(CommandLine, AGateThatDoesNotAnswerIsItsOwnExitCode) {
  const Outcome outcome =
      Fundctl({"--address", "127.0.0.1:1", "--timeout", "2", "check", "refund", "--key", "r1",
               "--account", "m1", "--order", "o1", "--amount", "CNY 1.00"});
  EXPECT_EQ(outcome.code, kUnreachable);
  EXPECT_THAT(outcome.err, HasSubstr("127.0.0.1:1"));
}

TEST(CommandLine, CompletionKnowsEveryVerb) {
  const std::string script = Fundctl({"completion", "bash"}).out;
  for (const char* words :
       {"'breaker'*", "half-open reset history watch", "--max-staleness", "account"}) {
    EXPECT_THAT(script, HasSubstr(words));
  }
  EXPECT_LT(script.find("'breaker trip'*"), script.find("'breaker'*"));
  EXPECT_THAT(Fundctl({"completion", "fish"}).out, HasSubstr("complete -c fundctl"));
  EXPECT_THAT(Fundctl({"completion", "zsh"}).out, HasSubstr("#compdef fundctl"));
}

TEST(CommandLine, TheManualHasWhatHelpHas) {
  const std::string overview = Fundctl({"manual"}).out;
  EXPECT_THAT(overview, HasSubstr(".TH FUNDCTL 1"));
  EXPECT_THAT(overview, HasSubstr("FUNDGATE_ADDRESS"));
  EXPECT_THAT(overview, HasSubstr("fundctl\\-trace"));
  EXPECT_THAT(overview, HasSubstr("Exit codes"));
  const std::string trace = Fundctl({"manual", "trace"}).out;
  for (const char* words : {".SS fundctl trace export", "fB\\-\\-verdict", "ALLOW | HOLD | BLOCK",
                            "fundctl trace explain d0000000000000005"}) {
    EXPECT_THAT(trace, HasSubstr(words));
  }
}

TEST(CommandLine, ColourIsForTerminals) {
  EXPECT_EQ(Fundctl({"completion", "bash"}).out.find('\x1b'), std::string::npos);
}

TEST(ExitCodes, TellVerdictsApart) {
  EXPECT_EQ(ExitCodeOf(v1::VERDICT_ALLOW), 0);
  EXPECT_EQ(ExitCodeOf(v1::VERDICT_HOLD), 10);
  EXPECT_EQ(ExitCodeOf(v1::VERDICT_BLOCK), 11);
  EXPECT_EQ(ExitCodeOf(absl::UnavailableError("")), 3);
  EXPECT_EQ(ExitCodeOf(absl::FailedPreconditionError("")), 1);
}

}  // namespace
}  // namespace fundgate::fundctl
