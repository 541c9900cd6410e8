#include "server/policy/difference.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "server/policy/document.h"
#include "server/policy/document_text.h"
#include "server/policy/problem.h"
#include "tests/policy/documents.h"

namespace fundgate::policy {
namespace {

using testing::MustLoad;
using testing::ReadProjectFile;
using testing::SmallPolicy;

// The changes as lines: "+ path: after", "- path: before", "~ path: before -> after".
std::string Lines(const std::string& before, const std::string& after) {
  std::string lines;
  for (const Change& change : Difference(MustLoad(before).document, MustLoad(after).document)) {
    switch (change.kind) {
      case ChangeKind::kAdded:
        absl::StrAppend(&lines, "+ ", change.path, ": ", change.after, "\n");
        break;
      case ChangeKind::kRemoved:
        absl::StrAppend(&lines, "- ", change.path, ": ", change.before, "\n");
        break;
      case ChangeKind::kChanged:
        absl::StrAppend(&lines, "~ ", change.path, ": ", change.before, " -> ", change.after, "\n");
        break;
    }
  }
  return lines;
}

std::string After(const std::vector<std::pair<std::string, std::string>>& changes) {
  return Lines(SmallPolicy(), SmallPolicy(changes));
}

TEST(Difference, TextAloneIsNone) {
  EXPECT_EQ(After({{"books:\n", "# the books\nbooks:\n"},
                   {"{max_staleness: 5s}", "\n    max_staleness: 5000ms"}}),
            "");
}

TEST(Difference, AChangedFieldNamesBothValues) {
  EXPECT_EQ(After({{"max_staleness: 5s", "max_staleness: 2m"}}),
            "~ checkpoints.refund.max_staleness: 5s -> 2m\n");
  EXPECT_EQ(After({{"holds: refunded <= paid", "holds: refunded <= paid - 1, otherwise: HOLD"}}),
            "~ invariants.refunds_within_paid.holds: refunded <= paid -> refunded <= paid - 1\n"
            "+ invariants.refunds_within_paid.otherwise: HOLD\n");
}

TEST(Difference, ANewEntryIsOneChangeWithAllItHolds) {
  EXPECT_EQ(After({{"movements:\n",
                    "  payee: {key: [account_id], counters: [out, back]}\n"
                    "movements:\n"
                    "  payout: {effects: [+payee.out]}\n"}}),
            "+ books.payee: {key: [account_id], counters: [out, back]}\n"
            "+ movements.payout: {effects: [+payee.out]}\n");
}

TEST(Difference, ListsOfWordsChangeWhole) {
  EXPECT_EQ(After({{"emits: [payment, refund]", "emits: [payment]"}}),
            "~ sources.till.report.emits: [payment, refund] -> [payment]\n");
}

TEST(Difference, TestsAreKnownByTheirNames) {
  const std::string one =
      "  - name: first\n"
      "    check: {checkpoint: refund, idempotency_key: r1, account_id: m1, order_id: o1, amount: "
      "CNY 1.00}\n"
      "    expect: {verdict: HOLD}\n";
  std::string other = one;
  other.replace(other.find("first"), 5, "second");
  std::string cheaper = one;
  cheaper.replace(cheaper.find("1.00"), 4, "0.50");
  const std::string base = SmallPolicy() + "tests:\n";
  EXPECT_EQ(Lines(base + one + other, base + other + cheaper),
            "~ tests[first].check.amount: CNY 1.00 -> CNY 0.50\n");
}

TEST(Difference, OfADocumentWithItselfIsNone) {
  for (const char* path : {"config/policy.yaml", "config/policy-mariadb.yaml"}) {
    EXPECT_EQ(Lines(ReadProjectFile(path), ReadProjectFile(path)), "") << path;
  }
}

// The oracle of the texts: read again, they give the same document.
TEST(DocumentText, IsReadBackAsTheSameDocument) {
  for (const char* path : {"config/policy.yaml", "config/policy-mariadb.yaml"}) {
    Problems problems(path);
    const v1::Document document = ReadPolicyDocument(ReadProjectFile(path), problems).document;
    const std::string text = TextOf(document);
    const v1::Document again = ReadPolicyDocument(text, problems).document;
    EXPECT_EQ(Render(std::move(problems).Take()), "") << text;
    EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(document, again)) << text;
  }
}

TEST(DocumentText, QuotesWhatYamlWouldReadOtherwise) {
  v1::Test test;
  for (const char* name : {"", " a", "a: b", "true", "5", "it's", "a\nb", "#x", "a, b", "[x]",
                           "\"q\"", "back\\slash", "ü", "- a", "1e3"}) {
    test.set_name(name);
    Problems problems("t");
    const std::string document = absl::StrCat("{tests: [", TextOf(test), "]}");
    const v1::Document read = ReadPolicyDocument(document, problems).document;
    ASSERT_EQ(read.tests_size(), 1) << document;
    EXPECT_EQ(read.tests(0).name(), name) << document;
  }
}

}  // namespace
}  // namespace fundgate::policy
