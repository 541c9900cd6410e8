#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "google/protobuf/util/json_util.h"
#include "server/export/sinks/log/log_sink.h"
#include "server/export/sinks/webhook/webhook_sink.h"
#include "tests/export/web_server.h"

namespace fundgate::exporting {
namespace {

using testing::WebServer;

v1::Alert Escalated() {
  v1::Alert alert;
  alert.set_id("a000000000000002a-0");
  alert.set_kind(v1::ALERT_KIND_ESCALATED);
  alert.set_level(2);
  alert.set_stands_for(1);
  alert.mutable_group()->set_id("g1");
  alert.mutable_group()->set_name("ungated");
  alert.mutable_group()->set_risk_class("critical");
  alert.mutable_group()->set_count(3);
  alert.set_summary("3 ungated in pay.refund\nCNY 15.00");
  return alert;
}

TEST(LogSink, WritesOneLine) {
  std::string line;
  LogSink sink(logging::Log([&line](const logging::Line& told) { line = logging::ToText(told); }));
  EXPECT_TRUE(sink.Tell(Escalated()).ok());
  EXPECT_EQ(line,
            "ALERT escalated: 3 ungated in pay.refund CNY 15.00 alert=a000000000000002a-0 group=g1 "
            "risk_class=critical level=2 stands_for=1");
}

TEST(WebhookSink, PostsTheAlertAsJsonUnderItsId) {
  const WebServer server;
  WebhookSink sink("webhook", WebhookSink::Takes::kAlerts,
                   HttpPost::Make({.url = server.url()}).value());
  EXPECT_TRUE(sink.Tell(Escalated()).ok());
  const auto posted = server.posted();
  ASSERT_EQ(posted.size(), 1U);
  EXPECT_EQ(posted[0].idempotency_key, "a000000000000002a-0");
  v1::Alert read;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(posted[0].body, &read).ok());
  EXPECT_EQ(read.SerializeAsString(), Escalated().SerializeAsString());
  EXPECT_THAT(posted[0].body, ::testing::HasSubstr("\"risk_class\":\"critical\""));
}

}  // namespace
}  // namespace fundgate::exporting
