// `fundctl trace`: how a decision came about, and what happened, for people.
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/fake_gate.h"
#include "tests/client/run_words.h"

namespace fundgate::fundctl {
namespace {

using ::fundgate::testing::Answers;
using ::fundgate::testing::DecisionOn;
using ::fundgate::testing::FakeGate;
using ::fundgate::testing::GateTime;
using ::testing::AllOf;
using ::testing::HasSubstr;

v1::Money Cny(int64_t fen) {
  v1::Money money;
  money.set_currency_code("CNY");
  money.set_minor_units(fen);
  return money;
}

// A settlement of one order that was blocked for two reasons.
v1::Trace BlockedSettlement() {
  v1::Trace trace;
  trace.set_sequence(21);
  trace.set_kind(v1::TRACE_KIND_CHECK);
  trace.set_hash(std::string("\x7e\xb5", 2));
  trace.set_logic_version(1);
  *trace.mutable_time() = GateTime(absl::Microseconds(1'234'567));
  v1::CheckRequest& check = *trace.mutable_check();
  check.set_checkpoint("settlement");
  check.set_idempotency_key("s1");
  check.set_account_id("m1");
  *check.mutable_amount() = Cny(100'00);
  v1::Line& line = *check.add_lines();
  line.set_order_id("o1");
  *line.mutable_amount() = Cny(100'00);
  (*line.mutable_parts())["net"] = Cny(99'00);
  (*line.mutable_parts())["fee"] = Cny(1'00);
  v1::Decision& decision = *trace.mutable_decision();
  decision = DecisionOn(check, v1::VERDICT_BLOCK);
  v1::SourceFreshness& source = *decision.add_sources();
  source.set_name("pay_db");
  source.set_position("0-77-26");
  *source.mutable_as_of() = GateTime();
  v1::Reason& invariant = *decision.add_reasons();
  invariant.set_code(v1::REASON_CODE_INVARIANT);
  invariant.set_name("escrow_covers");
  invariant.set_message("too little was paid");
  invariant.set_verdict(v1::VERDICT_BLOCK);
  v1::Reason& breaker = *decision.add_reasons();
  breaker.set_code(v1::REASON_CODE_BREAKER);
  breaker.set_name("*/account:m1");
  breaker.set_verdict(v1::VERDICT_HOLD);
  return trace;
}

TEST(FundctlTrace, GetTellsWhatWasAskedWhatTheAnswerRestsOnAndWhy) {
  Answers answers;
  answers.traces = {BlockedSettlement()};
  FakeGate gate(std::move(answers));
  const Outcome outcome = RunWords({"trace", "get", "d0000000000000005"}, gate.address());
  EXPECT_EQ(outcome.code, kOk) << outcome.err;
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr("settlement s1  CNY 100.00\n"), HasSubstr("account   m1\n"),
                    HasSubstr("line      o1  CNY 100.00  fee CNY 1.00, net CNY 99.00\n"),
                    HasSubstr("record 21, logic version 1, hash 7eb5\n"),
                    HasSubstr("rests on  pay_db at 0-77-26, proven past 20"), HasSubstr("BLOCK\n"),
                    HasSubstr("escrow_covers: too little was paid\n")));
}

TEST(FundctlTrace, ExportHasALineARecordThatSaysWhatCameOfIt) {
  Answers answers;
  answers.traces = {BlockedSettlement()};
  v1::Trace ingest;
  ingest.set_kind(v1::TRACE_KIND_INGEST);
  ingest.mutable_ingest()->set_source("pay_db");
  ingest.mutable_ingest()->set_position("0-77-27");
  ingest.mutable_ingest()->set_events(2);
  ingest.mutable_ingest()->set_violations(1);
  answers.traces.push_back(ingest);
  v1::Trace reset;
  reset.set_kind(v1::TRACE_KIND_BREAKER);
  reset.mutable_breaker()->set_scope("refund");
  reset.mutable_breaker()->set_state(v1::BREAKER_STATE_CLOSED);
  reset.mutable_breaker()->set_actor("li");
  reset.mutable_breaker()->set_reason("the cause is gone");
  answers.traces.push_back(reset);
  FakeGate gate(std::move(answers));
  const Outcome outcome = RunWords({"trace", "export"}, gate.address());
  EXPECT_EQ(outcome.code, kOk) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("CHECK  d0000000000000005  settlement s1  CNY 100.00  "
                                           "BLOCK  escrow_covers  BREAKER */account:m1\n"),
                                 HasSubstr("INGEST  pay_db at 0-77-27  2 events  1 violation\n"),
                                 HasSubstr("BREAKER  refund  CLOSED  by li: the cause is gone\n")));
}

TEST(FundctlTrace, TimesAreReadToTheMillisecond) {
  Answers answers;
  answers.traces = {BlockedSettlement()};
  FakeGate gate(std::move(answers));
  EXPECT_THAT(RunWords({"trace", "export"}, gate.address()).out, HasSubstr(".234Z  CHECK"));
}

}  // namespace
}  // namespace fundgate::fundctl
