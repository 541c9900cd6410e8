#include "server/log/log.h"

#include <gtest/gtest.h>

#include <string>

namespace fundgate::logging {
namespace {

// What one line looks like in both forms.
struct Written {
  std::string text;
  std::string json;
};

Written Write(Severity severity, std::string_view sentence, std::span<const Field> fields = {}) {
  Written written;
  const Log log([&written](const Line& line) {
    written.text = ToText(line);
    written.json = ToJson(line, absl::FromUnixMicros(1'800'000'000'123'456), "fundgated");
  });
  log.Write(severity, sentence, fields);
  return written;
}

TEST(Log, FieldsFollowTheSentenceAndAreQuotedWhereTheyMustBe) {
  const Field fields[] = {{"position", "0-1-7"}, {"reason", "it isn't \"x=1\"\n"}, {"host", ""}};
  EXPECT_EQ(Write(Severity::kError, "can't go on", fields).text,
            "can't go on position=0-1-7 reason=\"it isn't \\\"x=1\\\"\\n\" host=\"\"");
}

TEST(Log, ALineStaysOneLine) {
  EXPECT_EQ(Write(Severity::kInfo, "two\nlines").text, "two lines");
  EXPECT_EQ(Write(Severity::kInfo, "two\nlines").json.find('\n'), std::string::npos);
}

TEST(Log, JsonHasTimeProcessSeverityMessageAndEachField) {
  const Field fields[] = {{"decision_id", "d000000000000002a"}, {"reason", "a \"b\"\t\n"}};
  EXPECT_EQ(Write(Severity::kWarning, "held", fields).json,
            "{\"time\":\"2027-01-15T08:00:00.123456Z\",\"process\":\"fundgated\","
            "\"severity\":\"WARNING\",\"message\":\"held\",\"decision_id\":\"d000000000000002a\","
            "\"reason\":\"a \\\"b\\\"\\t\\n\"}");
}

TEST(Log, WhatIsNoUtf8IsEscapedSoThatTheLineStaysJson) {
  const Field fields[] = {{"key", "a\xffz"}, {"name", "Zürich"}};
  EXPECT_EQ(Write(Severity::kInfo, "seen", fields).json,
            "{\"time\":\"2027-01-15T08:00:00.123456Z\",\"process\":\"fundgated\","
            "\"severity\":\"INFO\",\"message\":\"seen\",\"key\":\"a\\\\xffz\","
            "\"name\":\"Zürich\"}");
}

}  // namespace
}  // namespace fundgate::logging
