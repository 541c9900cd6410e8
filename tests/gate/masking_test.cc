#include "server/gate/masking.h"

#include <gmock/gmock.h>
#include <google/protobuf/dynamic_message.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "fundgate/v1/alerts.pb.h"
#include "fundgate/v1/audit.pb.h"
#include "fundgate/v1/security.pb.h"
#include "server/security/roles.h"
#include "tests/gate/gate_world.h"

namespace fundgate::gate {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using ::testing::AllOf;
using ::testing::EndsWith;
using testing::GateWorld;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// Nothing else says this.
constexpr char kIban[] = "DE89370400440532013000";

class Masks : public ::testing::Test {
 protected:
  const Masking& masking() { return world_.server().masking(); }
  std::string MaskOf(const std::string& value) {
    return masking().Shown(Sight::kMasked, "*/payee:" + value).substr(8);
  }

  // The worked example names `payee` sensitive.
  GateWorld world_;
};

// Puts a sensitive value wherever a message of the contract can hold one. `choice` says which
// member of each oneof there is.
void Fill(Message& message, int choice, int depth) {
  const Reflection& reflection = *message.GetReflection();
  const Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    const auto* oneof = field.real_containing_oneof();
    if (oneof != nullptr && oneof->field(choice % oneof->field_count()) != &field) continue;
    if (field.type() == FieldDescriptor::TYPE_STRING && field.name() != "document") {
      const std::string text = absl::StrCat("breaker refund/payee:", kIban, " was opened");
      if (field.is_repeated()) {
        reflection.AddString(&message, &field, text);
      } else {
        reflection.SetString(&message, &field, text);
      }
      continue;
    }
    if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE || depth == 0) continue;
    if (!field.is_map()) {
      Fill(field.is_repeated() ? *reflection.AddMessage(&message, &field)
                               : *reflection.MutableMessage(&message, &field),
           choice, depth - 1);
      continue;
    }
    const FieldDescriptor& value = *field.message_type()->map_value();
    for (const char* name : {"payee", "request.attributes.payee", "left.payee", "payee.before"}) {
      Message& entry = *reflection.AddMessage(&message, &field);
      entry.GetReflection()->SetString(&entry, field.message_type()->map_key(), name);
      if (value.type() == FieldDescriptor::TYPE_STRING) {
        entry.GetReflection()->SetString(&entry, &value, kIban);
      } else if (value.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        Message& told = *entry.GetReflection()->MutableMessage(&entry, &value);
        auto* attribute = dynamic_cast<v1::Value*>(&told);
        attribute != nullptr ? attribute->set_string_value(kIban) : Fill(told, choice, depth - 1);
      }
    }
  }
}

TEST_F(Masks, NoAnswerOfAnyCallTellsASensitiveValue) {
  int answers = 0;
  for (const security::RpcRule& rule : security::RpcRules()) {
    const auto* method = google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(
        "fundgate.v1." + absl::StrReplaceAll(std::string(rule.rpc), {{"/", "."}}));
    ASSERT_NE(method, nullptr) << rule.rpc;
    const Message& prototype =
        *google::protobuf::MessageFactory::generated_factory()->GetPrototype(method->output_type());
    // More than any oneof has members.
    for (int choice = 0; choice < 24; ++choice) {
      const std::unique_ptr<Message> answer(prototype.New());
      Fill(*answer, choice, 6);
      const bool told = answer->SerializeAsString().find(kIban) != std::string::npos;
      EXPECT_EQ(masking().Mask(*answer), told) << rule.rpc;
      EXPECT_THAT(answer->SerializeAsString(), Not(HasSubstr(kIban))) << rule.rpc << "\n"
                                                                      << answer->DebugString();
      EXPECT_FALSE(masking().Mask(*answer)) << rule.rpc << ": masks stay as they are";
      answers += told ? 1 : 0;
    }
  }
  EXPECT_GE(answers, 1000);
}

TEST_F(Masks, EqualValuesHaveEqualMasksInEveryPlace) {
  v1::Trace trace;
  (*trace.mutable_check()->mutable_attributes())["payee"].set_string_value(kIban);
  (*trace.mutable_check()->mutable_attributes())["channel"].set_string_value("app");
  v1::Reason& reason = *trace.mutable_decision()->add_reasons();
  reason.set_name(absl::StrCat("cash_out/payee:", kIban));
  (*reason.mutable_fields())["request.attributes.payee"] = kIban;
  (*reason.mutable_fields())["request.amount"] = "CNY 1.00";
  trace.set_hash("the hash");
  EXPECT_TRUE(masking().Mask(trace));
  const std::string mask = trace.check().attributes().at("payee").string_value();
  EXPECT_TRUE(security::MaskKey::IsMask(mask)) << mask;
  EXPECT_EQ(reason.name(), "cash_out/payee:" + mask);
  EXPECT_EQ(reason.fields().at("request.attributes.payee"), mask);
  EXPECT_EQ(reason.fields().at("request.amount"), "CNY 1.00");
  EXPECT_EQ(trace.check().attributes().at("channel").string_value(), "app");
  EXPECT_TRUE(trace.masked());
  EXPECT_EQ(trace.hash(), "the hash");
}

TEST_F(Masks, NumbersAndAmountsAreMaskedAsTheirTextsAre) {
  for (const auto& [fill, text] :
       std::vector<std::pair<std::function<void(v1::Value&)>, std::string>>{
           {[](v1::Value& value) { value.set_int_value(4242); }, "4242"},
           {[](v1::Value& value) { value.set_bool_value(true); }, "true"},
           {[](v1::Value& value) {
              value.mutable_money_value()->set_currency_code("CNY");
              value.mutable_money_value()->set_minor_units(150);
            },
            "CNY%201.50"}}) {
    v1::CheckRequest request;
    fill((*request.mutable_attributes())["payee"]);
    EXPECT_TRUE(masking().Mask(request));
    EXPECT_EQ(request.attributes().at("payee").string_value(), MaskOf(text)) << text;
  }
}

TEST_F(Masks, SentencesEndWhereTheyBeginToTellAValue) {
  v1::Violation violation;
  violation.set_message(
      absl::StrCat("order_paid and payment of o1 don't agree: amount is CNY 1.00 "
                   "in order_paid and CNY 2.00 in payment; payee is ",
                   kIban, " in order_paid and DE00 in payment"));
  (*violation.mutable_fields())["left.payee"] = kIban;
  (*violation.mutable_fields())["right.payee"] = "nothing";
  EXPECT_TRUE(masking().Mask(violation));
  EXPECT_THAT(violation.message(), AllOf(HasSubstr("amount is CNY 1.00"), Not(HasSubstr("DE")),
                                         EndsWith("payee is masked, and what followed")));
  EXPECT_TRUE(security::MaskKey::IsMask(violation.fields().at("left.payee")));
  EXPECT_EQ(violation.fields().at("right.payee"), "nothing");

  v1::Breaker breaker;
  breaker.set_created_by(v1::BREAKER_CREATOR_FREEZE);
  breaker.set_reason(absl::StrCat("payees: row 7 of pay.out was updated (payee from ", kIban,
                                  " to DE00), which \"false\" does not allow"));
  EXPECT_TRUE(masking().Mask(breaker));
  EXPECT_THAT(breaker.reason(), AllOf(StartsWith("payees: row 7 of pay.out was updated (payee is "),
                                      Not(HasSubstr("DE"))));
}

TEST_F(Masks, WhatAPersonWroteAndOtherNamesStayAsTheyAre) {
  v1::Breaker breaker;
  breaker.set_created_by(v1::BREAKER_CREATOR_OPERATOR);
  breaker.set_scope("refund/account:m-1");
  breaker.set_reason("the payee is on a list; see http://wiki/payees:7");
  const std::string before = breaker.SerializeAsString();
  EXPECT_FALSE(masking().Mask(breaker));
  EXPECT_EQ(breaker.SerializeAsString(), before);
  v1::Violation violation;
  violation.set_message("copayee is A in x and B in y");
  (*violation.mutable_fields())["payee_count"] = "3";
  EXPECT_FALSE(masking().Mask(violation));
}

TEST_F(Masks, AStatementShowsItsShapeWithoutLiterals) {
  v1::Violation violation;
  (*violation.mutable_fields())["origin.statement"] =
      absl::StrCat("UPDATE out SET payee = '", kIban, "' WHERE id = 7");
  EXPECT_TRUE(masking().Mask(violation));
  EXPECT_THAT(violation.fields().at("origin.statement"),
              AllOf(StartsWith("UPDATE"), Not(HasSubstr(kIban))));
}

TEST_F(Masks, APolicyWithoutSensitiveNamesMasksNothing) {
  const GateWorld open([](ServerSettings& settings) {
    settings.first_policy =
        absl::StrReplaceAll(settings.first_policy, {{"sensitive: [payee]", ""}});
  });
  GateWorld& world = const_cast<GateWorld&>(open);
  v1::CheckRequest request;
  (*request.mutable_attributes())["payee"].set_string_value(kIban);
  EXPECT_FALSE(world.server().masking().Mask(request));
  EXPECT_EQ(request.attributes().at("payee").string_value(), kIban);
}

// The policy in force counts, from the moment it is.
TEST_F(Masks, ANewPolicysNamesCountAtOnce) {
  v1::CheckRequest request;
  (*request.mutable_attributes())["channel"].set_string_value("app");
  EXPECT_FALSE(masking().Mask(request));
  v1::ApplyPolicyRequest apply;
  apply.set_document(absl::StrReplaceAll(testing::WorkedPolicy(),
                                         {{"sensitive: [payee]", "sensitive: [payee, channel]"}}));
  apply.set_actor("eva");
  apply.set_comment("channels, too");
  grpc::ClientContext context;
  v1::ApplyPolicyResponse applied;
  const grpc::Status status = world_.policies->ApplyPolicy(&context, apply, &applied);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_TRUE(masking().Mask(request));
}

TEST_F(Masks, ReceiversOfAlertsSeeMasksAlsoWhereNobodyIsAskedWhoCalls) {
  const auto feeder = world_.Feed();
  v1::IngestRequest batch;
  v1::MovementEvent& moved = *batch.add_events()->mutable_movement();
  moved.set_kind("cash_out");
  moved.mutable_row()->set_table("cash_out");
  moved.mutable_row()->set_primary_key("1");
  v1::Contribution& after = *moved.mutable_after();
  after.set_status(v1::MOVEMENT_STATUS_HAPPENED);
  after.set_idempotency_key("c1");
  after.set_account_id("m1");
  after.mutable_amount()->set_currency_code("CNY");
  after.mutable_amount()->set_minor_units(100);
  (*after.mutable_attributes())["payee"].set_string_value(kIban);
  feeder->Send(batch);

  grpc::ClientContext context;
  v1::ListViolationsResponse listed;
  ASSERT_TRUE(world_.audit->ListViolations(&context, {}, &listed).ok());
  EXPECT_THAT(listed.ShortDebugString(), HasSubstr(kIban));
  const auto clear = world_.server().outbox().ListWaiting(Sight::kClear);
  const auto waiting = world_.server().outbox().ListWaiting();
  ASSERT_TRUE(clear.ok() && waiting.ok());
  ASSERT_GT(waiting->size(), 0U);
  const auto tells = [](const auto& list) {
    return std::any_of(list.begin(), list.end(), [](const OutboxAccess::Waiting& entry) {
      return entry.alert.SerializeAsString().find(kIban) != std::string::npos;
    });
  };
  EXPECT_FALSE(tells(*waiting));
  const auto groups = world_.server().outbox().ListOpenGroups();
  ASSERT_TRUE(groups.ok());
  for (const v1::Alert& alert : *groups) {
    EXPECT_THAT(alert.SerializeAsString(), Not(HasSubstr(kIban)));
  }
}

}  // namespace
}  // namespace fundgate::gate
