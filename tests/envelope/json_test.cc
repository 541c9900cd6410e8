#include "server/sidecar/envelope/json.h"

#include <gtest/gtest.h>

#include <string>

namespace fundgate::envelope {
namespace {

std::string Refusal(std::string_view text) {
  return std::string(ParseJson(text).status().message());
}

TEST(Json, NumbersKeepTheirDigitsAndStayApartFromText) {
  const auto json = ParseJson(R"({"a": 12345678901234567890.10, "b": "12.30", "c": -0.0e-5})");
  ASSERT_TRUE(json.ok()) << json.status();
  EXPECT_EQ(json->Find("a")->kind, Json::Kind::kNumber);
  EXPECT_EQ(json->Find("a")->text, "12345678901234567890.10");
  EXPECT_EQ(json->Find("b")->kind, Json::Kind::kString);
  EXPECT_EQ(json->Find("c")->text, "-0.0e-5");
}

TEST(Json, WhatIsNestedIsFound) {
  const auto json = ParseJson(R"([{"a": {"b": [null, true, "x\u4e2d"]}}, {}])");
  ASSERT_TRUE(json.ok()) << json.status();
  const Json* list = json->items[0].Find("a")->Find("b");
  ASSERT_EQ(list->items.size(), 3U);
  EXPECT_TRUE(list->items[1].boolean);
  EXPECT_EQ(list->items[2].text, "x\u4e2d");
  EXPECT_EQ(json->items[1].Find("a"), nullptr);
}

TEST(Json, WhatIsNoneIsRefusedWithItsPlace) {
  EXPECT_EQ(Refusal(""), "it is no JSON: The document is empty. (byte 0)");
  EXPECT_NE(Refusal("{\"a\": 1} x").find("(byte 9)"), std::string::npos);
  for (const char* text : {"{", "nan", "'a'", "{\"a\":}", "01", "[1,]", "\"\\ud800\"", "\x80"}) {
    EXPECT_FALSE(ParseJson(text).ok()) << text;
  }
  EXPECT_FALSE(ParseJson("[\"\xff\"]").ok());
}

TEST(Json, AMemberThatStandsThereTwiceIsRefused) {
  EXPECT_EQ(Refusal(R"({"amount": 1, "amount": 2})"),
            "it is no JSON: member \"amount\" stands there twice (byte 22)");
}

TEST(Json, DepthAndWidthAreBounded) {
  const std::string deep(1'000'000, '[');
  EXPECT_NE(Refusal(deep).find("deeper than 64"), std::string::npos);
  std::string wide = "{";
  for (size_t i = 0; i <= kMaxMembers; ++i) wide += "\"" + std::to_string(i) + "\":0,";
  wide.back() = '}';
  EXPECT_NE(Refusal(wide).find("more than 4096 members"), std::string::npos);
}

TEST(Json, MembersThatAreNotThereAreEmptyOrZero) {
  const auto json = ParseJson(R"({"text": "a", "number": 5, "real": 5.5})");
  ASSERT_TRUE(json.ok());
  EXPECT_EQ(json->TextOf("text"), "a");
  EXPECT_EQ(json->TextOf("number"), "");
  EXPECT_EQ(json->WholeOf("number"), 5);
  EXPECT_EQ(json->WholeOf("real"), 0);
  EXPECT_EQ(json->WholeOf("none"), 0);
}

}  // namespace
}  // namespace fundgate::envelope
