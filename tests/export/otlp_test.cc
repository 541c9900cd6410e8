// Trace contexts, spans of records, and the cursor.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <variant>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "connection/trace_context.h"
#include "otlp/collector.h"
#include "otlp/decision_span.h"
#include "server/export/sinks/otlp/journal_cursor.h"
#include "server/export/sinks/otlp/journal_decision.h"

namespace fundgate::exporting {
namespace {

using connection::kTraceparent;
using connection::ParseTraceContext;
using opentelemetry::proto::trace::v1::Span;
using otlp::CollectorAddress;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kTrace[] = "4bf92f3577b34da6a3ce929d0e0e4736";
constexpr char kParent[] = "00f067aa0ba902b7";

std::string Header() { return absl::StrCat("00-", kTrace, "-", kParent, "-01"); }

TEST(TraceContext, OfTheStandardIsRead) {
  const auto context = ParseTraceContext(Header());
  ASSERT_TRUE(context.has_value());
  EXPECT_EQ(absl::BytesToHexString(context->trace_id), kTrace);
  EXPECT_EQ(absl::BytesToHexString(context->parent_id), kParent);
}

TEST(TraceContext, OfLaterVersionsTheFirstFourPartsCount) {
  EXPECT_TRUE(ParseTraceContext(absl::StrCat("cc-", kTrace, "-", kParent, "-01-what")).has_value());
  EXPECT_FALSE(ParseTraceContext(absl::StrCat("cc-", kTrace, "-", kParent, "-01what")).has_value());
  EXPECT_FALSE(
      ParseTraceContext(absl::StrCat("00-", kTrace, "-", kParent, "-01-what")).has_value());
}

TEST(TraceContext, WhatIsNoneIsNone) {
  const std::string zeros(32, '0');
  for (const std::string& wrong :
       {std::string(), std::string("00"), absl::StrCat("ff-", kTrace, "-", kParent, "-01"),
        absl::StrCat("00-", zeros, "-", kParent, "-01"),
        absl::StrCat("00-", kTrace, "-0000000000000000-01"),
        absl::StrCat("00-4BF92F3577B34DA6A3CE929D0E0E4736-", kParent, "-01"),
        absl::StrCat("00-", kTrace, "-", kParent, "-0x"),
        absl::StrCat("00_", kTrace, "_", kParent, "_01")}) {
    EXPECT_FALSE(ParseTraceContext(wrong).has_value()) << wrong;
  }
}

store::JournalEntry Refused(const std::string& traceparent) {
  core::CheckInput check;
  check.request_id = "q-1";
  check.key = {MovementKind("refund"), IdempotencyKey("secret-key")};
  check.account = AccountId("secret-account");
  check.arrived_at = absl::FromUnixSeconds(1'800'000'000);
  if (!traceparent.empty()) check.attributes[kTraceparent] = traceparent;
  core::Decision decision;
  decision.id = core::DecisionId(0x2a);
  decision.verdict = core::Verdict::kBlock;
  decision.reasons.push_back(
      {core::ReasonCode::kInvariant, "refunds_within_paid", "no room", core::Verdict::kBlock, {}});
  store::JournalEntry entry;
  entry.sequence = 42;
  entry.input.time = check.arrived_at + absl::Milliseconds(3);
  entry.input.body = check;
  entry.answer = decision;
  entry.hash = std::string("0123456789abcdefghijklmnopqrstuv");
  return entry;
}

Span SpanOf(const std::string& traceparent) {
  return otlp::ToSpan(*DecisionOf(Refused(traceparent)));
}

TEST(DecisionSpan, LiesUnderItsCallersSpan) {
  const auto span = SpanOf(Header());
  EXPECT_EQ(absl::BytesToHexString(span.trace_id()), kTrace);
  EXPECT_EQ(absl::BytesToHexString(span.parent_span_id()), kParent);
  EXPECT_EQ(span.span_id(), "01234567");
  EXPECT_EQ(span.name(), "fundgate check refund");
  EXPECT_EQ(span.end_time_unix_nano() - span.start_time_unix_nano(), 3'000'000U);
  EXPECT_THAT(span.ShortDebugString(), HasSubstr("d000000000000002a"));
  EXPECT_THAT(span.ShortDebugString(), HasSubstr("BLOCK"));
  ASSERT_EQ(span.events_size(), 1);
  EXPECT_THAT(span.events(0).ShortDebugString(), HasSubstr("refunds_within_paid"));
}

TEST(DecisionSpan, WithoutAContextBeginsATraceOfItsOwn) {
  for (const std::string& traceparent : {std::string(), std::string("nonsense")}) {
    const auto span = SpanOf(traceparent);
    EXPECT_EQ(span.trace_id(), "89abcdefghijklmn");
    EXPECT_EQ(span.parent_span_id(), "");
  }
}

TEST(DecisionSpan, NamesNoAccountAndNoKey) {
  EXPECT_THAT(SpanOf(Header()).ShortDebugString(), Not(HasSubstr("secret")));
}

TEST(DecisionSpan, WhatALeaseAllowedIsOneToo) {
  store::JournalEntry entry = Refused(Header());
  core::ReportLeaseInput report;
  report.check = std::get<core::CheckInput>(entry.input.body);
  entry.input.body = report;
  const auto decision = DecisionOf(entry);
  ASSERT_TRUE(decision.has_value());
  const Span span = otlp::ToSpan(*decision);
  EXPECT_EQ(absl::BytesToHexString(span.trace_id()), kTrace);
  EXPECT_EQ(span.start_time_unix_nano(), span.end_time_unix_nano()) << "it waited for nobody";
}

TEST(DecisionSpan, OtherRecordsAreNone) {
  store::JournalEntry entry = Refused("");
  entry.answer = core::Done();
  EXPECT_FALSE(DecisionOf(entry).has_value());
}

TEST(CollectorAddress, IsAnUrlOfThisMachineOrEncrypted) {
  EXPECT_EQ(CollectorAddress::Parse("http://127.0.0.1:4317")->host_port, "127.0.0.1:4317");
  EXPECT_FALSE(CollectorAddress::Parse("http://localhost:4317/")->encrypted);
  EXPECT_EQ(CollectorAddress::Parse("https://collector.example:4317/")->host_port,
            "collector.example:4317");
  EXPECT_TRUE(CollectorAddress::Parse("https://127.0.0.1:4317")->encrypted);
  for (const char* wrong : {"", "127.0.0.1:4317", "grpc://127.0.0.1:4317", "http://127.0.0.1",
                            "http://collector.example:4317", "http://127.0.0.1:4317/v1/traces"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(CollectorAddress::Parse(wrong).status())) << wrong;
  }
}

// As it came over the wire.
otlp::PartialSuccess Partial(const std::string& bytes, size_t sent) {
  opentelemetry::proto::collector::trace::v1::ExportTraceServiceResponse response;
  EXPECT_TRUE(response.ParseFromString(bytes));
  return otlp::ReadPartialSuccess(response, sent);
}

TEST(PartialSuccess, IsReadAsLaterVersionsOfTheProtocolWriteIt) {
  EXPECT_TRUE(Partial("", 9).empty());
  const otlp::PartialSuccess some = Partial(std::string("\x0a\x05\x08\x07\x12\x01x"), 9);
  EXPECT_EQ(some.rejected_spans, 7U);
  EXPECT_EQ(some.message, "x");
  EXPECT_FALSE(some.empty());
  EXPECT_EQ(Partial(std::string("\x0a\x02\x08\x07"), 5).rejected_spans, 5U)
      << "no more than were sent";
}

TEST(PartialSuccess, WhatIsNoneSaysNothing) {
  for (const std::string& other :
       {std::string("\x0a\x03\x08\x07\x12"), std::string("\x08\x07"),
        std::string("\x12\x02\x08\x07"),
        // Fewer than none.
        std::string("\x0a\x0b\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")}) {
    EXPECT_TRUE(Partial(other, 9).empty()) << absl::CEscape(other);
  }
  EXPECT_EQ(
      Partial(absl::StrCat("\x0a\xb3\x10\x12\xb0\x10", std::string(2096, 'x')), 9).message.size(),
      1024U);
}

class CursorFile : public ::testing::Test {
 protected:
  CursorFile() {
    std::string folder = std::filesystem::temp_directory_path() / "fundgate-cursor-XXXXXX";
    folder_ = ::mkdtemp(folder.data());
  }
  ~CursorFile() override { std::filesystem::remove_all(folder_); }

  std::string folder_;
};

TEST_F(CursorFile, IsThereAgain) {
  const JournalCursor cursor(folder_ + "/cursor");
  EXPECT_EQ(*cursor.Load(), std::nullopt);
  ASSERT_TRUE(cursor.Store(17).ok());
  ASSERT_TRUE(cursor.Store(18).ok());
  EXPECT_EQ(*JournalCursor(folder_ + "/cursor").Load(), 18U);
}

TEST_F(CursorFile, ThatHoldsSomethingElseIsRefused) {
  std::ofstream(folder_ + "/cursor") << "seventeen\n";
  const auto loaded = JournalCursor(folder_ + "/cursor").Load();
  EXPECT_TRUE(absl::IsDataLoss(loaded.status()));
}

TEST_F(CursorFile, ThatCantBeWrittenIsSaidSo) {
  EXPECT_TRUE(absl::IsUnavailable(JournalCursor(folder_ + "/none/cursor").Store(1)));
}

}  // namespace
}  // namespace fundgate::exporting
