#include "client/fundctl/explanation.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace fundgate::fundctl {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

v1::Trace Asked(v1::Verdict verdict) {
  v1::Trace trace;
  trace.set_sequence(42);
  trace.mutable_time()->set_seconds(1'800'000'000);
  v1::CheckRequest& check = *trace.mutable_check();
  check.set_checkpoint("refund");
  check.set_idempotency_key("r1");
  check.set_account_id("m1");
  check.set_order_id("o1");
  check.mutable_amount()->set_currency_code("CNY");
  check.mutable_amount()->set_minor_units(8000);
  v1::Decision& decision = *trace.mutable_decision();
  decision.set_verdict(verdict);
  decision.set_decision_id("d000000000000002a");
  decision.set_policy_version(3);
  v1::SourceFreshness& source = *decision.add_sources();
  source.set_name("ledger");
  source.set_position("ledger:7");
  source.mutable_as_of()->set_seconds(1'799'999'998);
  return trace;
}

v1::Reason& Add(v1::Trace& trace, v1::ReasonCode code, const std::string& name,
                v1::Verdict verdict) {
  v1::Reason& reason = *trace.mutable_decision()->add_reasons();
  reason.set_code(code);
  reason.set_name(name);
  reason.set_verdict(verdict);
  reason.set_message("the gate's own words");
  return reason;
}

TEST(Explanation, ABlockTellsTheInvariantAndItsNumbersAsMoney) {
  v1::Trace trace = Asked(v1::VERDICT_BLOCK);
  v1::Reason& reason = Add(trace, v1::REASON_CODE_INVARIANT, "escrow_covers", v1::VERDICT_BLOCK);
  (*reason.mutable_fields())["book"] = "order";
  (*reason.mutable_fields())["order_id"] = "o1";
  (*reason.mutable_fields())["paid"] = "8000";
  (*reason.mutable_fields())["refunded"] = "16000";
  const std::string text = Explain(trace);
  EXPECT_THAT(text, HasSubstr("BLOCK: the refund r1 of CNY 80.00 for order o1 of account m1"));
  EXPECT_THAT(text, HasSubstr("record 42 of the journal by policy version 3"));
  EXPECT_THAT(text, HasSubstr("invariant escrow_covers of book order would be broken"));
  EXPECT_THAT(text, HasSubstr("the gate's own words"));
  EXPECT_THAT(text, HasSubstr("paid      CNY 80.00"));
  EXPECT_THAT(text, HasSubstr("refunded  CNY 160.00"));
  EXPECT_THAT(text, HasSubstr("ledger at ledger:7: all up to 2027-01-15T07:59:58Z was known, 2s "
                              "before it was judged"));
}

TEST(Explanation, AnAllowTellsWhatIsReservedAndUntilWhen) {
  v1::Trace trace = Asked(v1::VERDICT_ALLOW);
  v1::Decision& decision = *trace.mutable_decision();
  *decision.mutable_reservation()->mutable_amount() = trace.check().amount();
  decision.mutable_valid_until()->set_seconds(1'800'000'120);
  EXPECT_THAT(Explain(trace),
              AllOf(HasSubstr("ALLOW: the refund r1"), HasSubstr("Nothing spoke against it"),
                    HasSubstr("CNY 80.00 are reserved"), HasSubstr("2027-01-15T08:02:00Z")));
}

TEST(Explanation, AHoldTellsWhetherAskingAgainHelps) {
  v1::Trace trace = Asked(v1::VERDICT_HOLD);
  Add(trace, v1::REASON_CODE_BREAKER, "refund/account:m1", v1::VERDICT_HOLD);
  EXPECT_THAT(Explain(trace), AllOf(HasSubstr("The breaker refund/account:m1 stands in the way"),
                                    HasSubstr("An operator must look")));
  trace.mutable_decision()->mutable_retry_after()->set_seconds(5);
  EXPECT_THAT(Explain(trace), AllOf(HasSubstr("asking again, with the same key, after 5s"),
                                    Not(HasSubstr("An operator must look"))));
}

TEST(Explanation, WhatDoesNotCountIsToldApart) {
  v1::Trace trace = Asked(v1::VERDICT_BLOCK);
  Add(trace, v1::REASON_CODE_INVARIANT, "other", v1::VERDICT_ALLOW);
  v1::Reason& shadow = *trace.mutable_decision()->add_shadow_reasons();
  shadow.set_name("burst");
  shadow.set_verdict(v1::VERDICT_HOLD);
  shadow.set_message("rule burst: windows.count > 3");
  (*shadow.mutable_fields())["windows.count"] = "4";
  EXPECT_THAT(Explain(trace),
              AllOf(HasSubstr("Only reported, it doesn't count here"), HasSubstr("In shadow"),
                    HasSubstr("HOLD: rule burst"), HasSubstr("windows.count  4")));
}

TEST(Explanation, AReplayAndAnEarlierDecisionAreNamed) {
  v1::Trace trace = Asked(v1::VERDICT_BLOCK);
  trace.mutable_decision()->set_first_decision_id("d0000000000000007");
  Add(trace, v1::REASON_CODE_ALREADY_MOVED, "idempotency_key", v1::VERDICT_BLOCK);
  EXPECT_THAT(Explain(trace), HasSubstr("fundctl trace explain d0000000000000007"));
}

TEST(Explanation, WhatALeaseAllowedIsToldWithItsHolder) {
  v1::Trace trace = Asked(v1::VERDICT_ALLOW);
  v1::ReportAllowedRequest& report = *trace.mutable_report_allowed();
  *report.mutable_check() = Asked(v1::VERDICT_ALLOW).check();
  report.set_holder("pay-1");
  report.set_lease_id("l7");
  const std::string text = Explain(trace);
  EXPECT_THAT(text, HasSubstr("ALLOW: the refund r1 of CNY 80.00 for order o1 of account m1"));
  EXPECT_THAT(text, HasSubstr("pay-1 had allowed it by its lease l7"));
}

TEST(Explanation, EveryReasonHasASentence) {
  const google::protobuf::EnumDescriptor& codes = *v1::ReasonCode_descriptor();
  for (int i = 0; i < codes.value_count(); ++i) {
    const auto code = static_cast<v1::ReasonCode>(codes.value(i)->number());
    if (code == v1::REASON_CODE_UNSPECIFIED) continue;
    v1::Trace trace = Asked(v1::VERDICT_HOLD);
    Add(trace, code, "name", v1::VERDICT_HOLD);
    EXPECT_THAT(Explain(trace), Not(HasSubstr("1. name."))) << codes.value(i)->name();
  }
}

}  // namespace
}  // namespace fundgate::fundctl
