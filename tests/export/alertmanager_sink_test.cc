#include "server/export/sinks/alertmanager/alertmanager_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"

namespace fundgate::exporting {
namespace {

v1::Alert Ungated() {
  v1::Alert alert;
  alert.set_id("a1");
  alert.set_summary("3 ungated");
  v1::ViolationGroup& group = *alert.mutable_group();
  group.set_id("g1");
  group.set_name("ungated");
  group.set_risk_class("critical");
  group.set_count(3);
  group.mutable_since()->set_seconds(1'800'000'000);
  group.mutable_review()->set_state(v1::REVIEW_STATE_OPEN);
  (*group.mutable_labels())["table"] = "pay.refund";
  (*group.mutable_labels())["marker.team"] = "payments";
  (*group.mutable_common())["account"] = "m1";
  v1::Money& sum = *group.add_sums();
  sum.set_currency_code("CNY");
  sum.set_minor_units(1500);
  return alert;
}

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'060);

google::protobuf::ListValue BodyOf(const v1::Alert& alert) {
  google::protobuf::ListValue list;
  EXPECT_TRUE(
      google::protobuf::util::JsonStringToMessage(AlertmanagerSink::BodyFor(alert, kNow), &list)
          .ok());
  return list;
}

std::string TextOf(const google::protobuf::Value& alert, const std::string& field) {
  return alert.struct_value().fields().at(field).string_value();
}

std::string TextOf(const google::protobuf::Value& alert, const std::string& field,
                   const std::string& name) {
  const auto& fields = alert.struct_value().fields().at(field).struct_value().fields();
  const auto found = fields.find(name);
  return found == fields.end() ? "" : found->second.string_value();
}

TEST(AlertmanagerSink, AnOpenGroupFiresForAnHour) {
  const auto body = BodyOf(Ungated());
  ASSERT_EQ(body.values_size(), 1);
  const auto& alert = body.values(0);
  EXPECT_EQ(TextOf(alert, "startsAt"), "2027-01-15T08:00:00.000Z");
  EXPECT_EQ(TextOf(alert, "endsAt"), "2027-01-15T09:01:00.000Z");
  EXPECT_EQ(TextOf(alert, "labels", "alertname"), "ungated");
  EXPECT_EQ(TextOf(alert, "labels", "group"), "g1");
  EXPECT_EQ(TextOf(alert, "labels", "level"), "0");
  EXPECT_EQ(TextOf(alert, "labels", "severity"), "critical");
  EXPECT_EQ(TextOf(alert, "labels", "table"), "pay.refund");
  EXPECT_EQ(TextOf(alert, "labels", "marker_team"), "payments");
  EXPECT_EQ(TextOf(alert, "annotations", "summary"), "3 ungated");
  EXPECT_EQ(TextOf(alert, "annotations", "count"), "3");
  EXPECT_EQ(TextOf(alert, "annotations", "sum"), "CNY 15.00");
  EXPECT_EQ(TextOf(alert, "annotations", "common"), "account=m1");
}

TEST(AlertmanagerSink, WhatMembersHaveInCommonIsNoLabelBecauseItChanges) {
  EXPECT_EQ(TextOf(BodyOf(Ungated()).values(0), "labels", "account"), "");
}

TEST(AlertmanagerSink, AHigherLevelFiresAndEndsTheLowerOnes) {
  v1::Alert alert = Ungated();
  alert.mutable_group()->set_level(2);
  const auto body = BodyOf(alert);
  ASSERT_EQ(body.values_size(), 3);
  EXPECT_EQ(TextOf(body.values(0), "endsAt"), "2027-01-15T08:01:00.000Z");
  EXPECT_EQ(TextOf(body.values(1), "endsAt"), "2027-01-15T08:01:00.000Z");
  EXPECT_EQ(TextOf(body.values(2), "endsAt"), "2027-01-15T09:01:00.000Z");
  EXPECT_EQ(TextOf(body.values(2), "labels", "level"), "2");
}

TEST(AlertmanagerSink, AResolvedGroupEndsAllItsLevels) {
  v1::Alert alert = Ungated();
  alert.mutable_group()->set_level(1);
  alert.mutable_group()->mutable_review()->set_state(v1::REVIEW_STATE_RESOLVED);
  const auto body = BodyOf(alert);
  ASSERT_EQ(body.values_size(), 2);
  for (const auto& value : body.values()) {
    EXPECT_EQ(TextOf(value, "endsAt"), "2027-01-15T08:01:00.000Z");
  }
}

TEST(AlertmanagerSink, ItsAddressIsUnderTheAlertmanagers) {
  EXPECT_EQ(AlertmanagerSink::AddressOf("http://h:9093"), "http://h:9093/api/v2/alerts");
  EXPECT_EQ(AlertmanagerSink::AddressOf("http://h/am/"), "http://h/am/api/v2/alerts");
}

}  // namespace
}  // namespace fundgate::exporting
