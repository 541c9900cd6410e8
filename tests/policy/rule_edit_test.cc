#include "server/policy/rule_edit.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/policy/documents.h"

namespace fundgate::policy {
namespace {

using ::testing::HasSubstr;
using testing::MustLoad;
using testing::SmallPolicy;

std::string WithRule(const std::string& rule) { return SmallPolicy() + "rules:\n" + rule; }

absl::StatusOr<std::string> Edited(const std::string& text, std::optional<v1::RuleMode> mode,
                                   std::optional<int64_t> percent = std::nullopt) {
  return EditRule(text, MustLoad(text), {"large", mode, percent});
}

constexpr auto kEnforce = v1::RULE_MODE_ENFORCE;
constexpr auto kShadow = v1::RULE_MODE_SHADOW;

TEST(RuleEdit, ChangesTheWordAndKeepsCommentsAndLayout) {
  const std::string text = WithRule(
      "  large:                 # what is large\n"
      "    on:   check\n"
      "    when: request.line_count > 3   # many\n"
      "    then: HOLD\n"
      "    # nobody may see it yet\n"
      "    mode: 'shadow'  # since Monday\n"
      "    rollout: {by: account_id, percent: 10}\n"
      "  small: {on: check, when: 'true', then: HOLD, mode: shadow}\n");
  std::string expected = text;
  expected.replace(expected.find("'shadow'"), 8, "'enforce'");
  EXPECT_EQ(Edited(text, kEnforce).value(), expected);
  expected.replace(expected.find("percent: 10"), 11, "percent: 25");
  EXPECT_EQ(Edited(text, kEnforce, 25).value(), expected);
}

TEST(RuleEdit, WritesMissingFieldsOnLinesOfTheirOwn) {
  const std::string text = WithRule(
      "  large:\n"
      "      # first of all\n"
      "      on: check\n"
      "      when: request.line_count > 3\n"
      "      then: HOLD\n");
  EXPECT_EQ(Edited(text, kEnforce, 5).value(), WithRule("  large:\n"
                                                        "      # first of all\n"
                                                        "      mode: enforce\n"
                                                        "      rollout: {percent: 5}\n"
                                                        "      on: check\n"
                                                        "      when: request.line_count > 3\n"
                                                        "      then: HOLD\n"));
}

TEST(RuleEdit, WritesMissingFieldsBehindTheBrace) {
  const std::string text = WithRule(
      "  large: {on: check,  # at the gate\n"
      "          when: request.line_count > 3, then: HOLD}\n");
  EXPECT_EQ(Edited(text, kEnforce).value(),
            WithRule("  large: {mode: enforce, on: check,  # at the gate\n"
                     "          when: request.line_count > 3, then: HOLD}\n"));
}

TEST(RuleEdit, TakesARuleBackIntoTheShadow) {
  const std::string text =
      WithRule("  large: {on: check, when: 'true', then: HOLD, mode: enforce}\n");
  EXPECT_THAT(Edited(text, kShadow).value(), HasSubstr("mode: shadow}"));
}

TEST(RuleEdit, ARuleThatIsLikeThatAlreadyIsRefused) {
  const std::string text = WithRule("  large: {on: check, when: 'true', then: HOLD}\n");
  for (const auto& [mode, percent] :
       {std::pair<std::optional<v1::RuleMode>, std::optional<int64_t>>(kShadow, std::nullopt),
        {std::nullopt, 100},
        {kShadow, 100}}) {
    const auto edited = Edited(text, mode, percent);
    EXPECT_EQ(edited.status().code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(edited.status().message()), HasSubstr("mode shadow for 100 of 100"));
  }
}

TEST(RuleEdit, AnUnknownRuleIsNotFound) {
  const std::string text = WithRule("  small: {on: check, when: 'true', then: HOLD}\n");
  EXPECT_EQ(Edited(text, kEnforce).status().code(), absl::StatusCode::kNotFound);
}

TEST(RuleEdit, WhatItCannotRewriteIsLeftToTheAuthor) {
  const std::string text =
      WithRule("  large: {on: check, when: 'true', then: HOLD, mode: \"sh\\x61dow\"}\n");
  const auto edited = Edited(text, kEnforce);
  EXPECT_EQ(edited.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(edited.status().message()), HasSubstr("only its author"));
}

TEST(RuleEdit, ModesInCapitalsAreReplacedToo) {
  const std::string text =
      WithRule("  large: {on: check, when: 'true', then: HOLD, mode: SHADOW}\n");
  EXPECT_THAT(Edited(text, kEnforce).value(), HasSubstr("then: HOLD, mode: enforce}"));
}

TEST(RuleEdit, TheWordInOtherPlacesIsNotTouched) {
  const std::string text = WithRule(
      "  large: {on: check, when: '\"shadow\" != \"mode: shadow\"', owner: shadow, then: HOLD,\n"
      "          mode: shadow, labels: {mode: shadow}}\n"
      "# mode: shadow\n");
  std::string expected = text;
  expected.replace(expected.find("mode: shadow, labels"), 12, "mode: enforce");
  EXPECT_EQ(Edited(text, kEnforce).value(), expected);
}

}  // namespace
}  // namespace fundgate::policy
