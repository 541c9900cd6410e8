#include "server/policy/loader.h"

#include <algorithm>
#include <string>

#include "gtest/gtest.h"
#include "server/policy/yaml_tree.h"
#include "tests/policy/documents.h"

namespace fundgate::policy {
namespace {

using testing::SmallPolicy;

std::string ProblemsOf(const std::string& text) {
  return Render(LoadPolicy(text, "p.yaml").problems);
}

TEST(Loader, AValidDocumentHasAPolicyAndNoProblems) {
  const LoadResult result = LoadPolicy(SmallPolicy(), "p.yaml");
  EXPECT_TRUE(result.ok());
  EXPECT_TRUE(result.problems.empty());
}

TEST(Loader, AllProblemsComeInOneGoSortedByPlace) {
  const LoadResult result =
      LoadPolicy(SmallPolicy({{"single_currency: true", "single_currency: maybe"},
                              {"+order.paid", "+order.payed"},
                              {"5s", "5"},
                              {"refunded <= paid", "refunded <= pad"}}),
                 "p.yaml");
  EXPECT_FALSE(result.ok());
  ASSERT_EQ(result.problems.size(), 4u) << Render(result.problems);
  EXPECT_TRUE(std::is_sorted(result.problems.begin(), result.problems.end(),
                             [](const Problem& a, const Problem& b) { return a.line < b.line; }));
}

TEST(Loader, AnExpressionsProblemIsLocatedInsideItsText) {
  const std::string plain = ProblemsOf(SmallPolicy({{"refunded <= paid", "refunded <= pad"}}));
  const std::string quoted = ProblemsOf(SmallPolicy({{"refunded <= paid", "\"refunded <= pad\""}}));
  EXPECT_EQ(plain.substr(0, 12), "p.yaml:10:57") << plain;
  EXPECT_EQ(quoted.substr(0, 12), "p.yaml:10:58") << quoted;
}

TEST(Loader, CarriageReturnsAndAByteOrderMarkAreHarmless) {
  std::string text = "\xEF\xBB\xBF";
  for (const char c : SmallPolicy()) text += c == '\n' ? std::string("\r\n") : std::string(1, c);
  EXPECT_EQ(ProblemsOf(text), "");
}

TEST(Loader, ADocumentPastItsBoundsIsRefused) {
  EXPECT_NE(ProblemsOf(std::string(kMaxDocumentBytes + 1, '#')).find("at most 1048576"),
            std::string::npos);
  EXPECT_NE(ProblemsOf(std::string(1, '\0')).find("NUL"), std::string::npos);
  EXPECT_NE(ProblemsOf(std::string(100'000, '[')).find("deep"), std::string::npos);
  std::string many = "books: [";
  for (size_t i = 0; i < kMaxNodes; ++i) many += "1,";
  EXPECT_NE(ProblemsOf(many + "]").find("more than 100000 values"), std::string::npos);
  EXPECT_NE(ProblemsOf(SmallPolicy({{"[+order.paid]", "[" + std::string(40 * 12, ' ') +
                                                          [] {
                                                            std::string list;
                                                            for (int i = 0; i < 40; ++i)
                                                              list += "+order.paid,";
                                                            return list;
                                                          }() +
                                                          "]"}}))
                .find("'effects' has 40 entries; at most 32"),
            std::string::npos);
}

TEST(Loader, ProblemsAreBounded) {
  std::string text = SmallPolicy() + "tests:\n";
  for (int i = 0; i < 900; ++i) text += "  - {nam: x, chck: y}\n";
  const LoadResult result = LoadPolicy(text, "p.yaml");
  EXPECT_EQ(result.problems.size(), kMaxProblems + 1);
}

TEST(Loader, AMisspelledSectionDoesNotMakeItsNamesUnknown) {
  const std::string problems = ProblemsOf(SmallPolicy({{"books:", "boks:"}}));
  EXPECT_NE(problems.find("did you mean 'books'?"), std::string::npos);
  EXPECT_EQ(problems.find("there is no book"), std::string::npos) << problems;
}

}  // namespace
}  // namespace fundgate::policy
