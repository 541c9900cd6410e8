// `fundctl violation`: what sources showed that should not have happened.
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"
#include "tests/client/fake_gate.h"
#include "tests/client/run_words.h"

namespace fundgate::fundctl {
namespace {

using ::fundgate::testing::Answers;
using ::fundgate::testing::FakeGate;
using ::fundgate::testing::GateTime;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

v1::Violation Ungated(const std::string& id) {
  v1::Violation violation;
  violation.set_id(id);
  violation.set_kind(v1::VIOLATION_KIND_UNGATED);
  violation.set_name("ungated");
  violation.set_checkpoint("refund");
  violation.set_idempotency_key("r-666");
  violation.set_account_id("m1");
  violation.set_order_id("o1");
  violation.mutable_amount()->set_currency_code("CNY");
  violation.mutable_amount()->set_minor_units(5000);
  violation.set_source("pay_db");
  violation.set_event_id("0-1-129/0");
  *violation.mutable_at() = GateTime();
  violation.set_message("it moved without having been asked for");
  violation.set_sequence(42);
  (*violation.mutable_fields())["moved"] = "CNY 50.00";
  return violation;
}

// Answers what it was asked with one violation a page.
Answers Listing(v1::ListViolationsRequest* seen, int pages) {
  Answers answers;
  answers.list_violations = [seen, pages](int attempt, const v1::ListViolationsRequest& request,
                                          v1::ListViolationsResponse* response) {
    *seen = request;
    if (pages > 0) *response->add_violations() = Ungated(absl::StrCat("v", attempt));
    if (attempt < pages) response->set_next_page_token(absl::StrCat("v", attempt));
    return grpc::Status::OK;
  };
  return answers;
}

TEST(FundctlViolation, ListShowsAllPages) {
  v1::ListViolationsRequest seen;
  FakeGate gate(Listing(&seen, 3));
  const Outcome outcome = RunWords({"violation", "list"}, gate.address());
  EXPECT_EQ(outcome.code, kOk) << outcome.err;
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr("v1"), HasSubstr("v3"), HasSubstr("ungated"),
                    HasSubstr("refund r-666"), HasSubstr("CNY 50.00"), Not(HasSubstr("older"))));
}

TEST(FundctlViolation, ListSendsItsFilters) {
  v1::ListViolationsRequest seen;
  FakeGate gate(Listing(&seen, 1));
  const Outcome outcome =
      RunWords({"violation", "list", "--kind", "duplicate_movement", "--account", "m1", "--order",
                "o1", "--since", "2026-11-20T14:00:00Z", "--limit", "7"},
               gate.address());
  EXPECT_EQ(outcome.code, kOk) << outcome.err;
  EXPECT_EQ(seen.kind(), v1::VIOLATION_KIND_DUPLICATE_MOVEMENT);
  EXPECT_EQ(seen.account_id(), "m1");
  EXPECT_EQ(seen.order_id(), "o1");
  EXPECT_EQ(seen.from_time().seconds(), 1'795'183'200);
  EXPECT_EQ(seen.page_size(), 7);
}

TEST(FundctlViolation, SinceMayBeHowLongAgo) {
  v1::ListViolationsRequest seen;
  FakeGate gate(Listing(&seen, 1));
  EXPECT_EQ(RunWords({"violation", "list", "--since", "30m"}, gate.address()).code, kOk);
  EXPECT_GT(seen.from_time().seconds(), 0);
}

TEST(FundctlViolation, ListStopsAtItsLimitAndSaysThatThereIsMore) {
  v1::ListViolationsRequest seen;
  FakeGate gate(Listing(&seen, 3));
  const Outcome outcome = RunWords({"violation", "list", "--limit", "2"}, gate.address());
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr("v2"), Not(HasSubstr("v3")), HasSubstr("--limit shows more")));
}

TEST(FundctlViolation, NoneIsSaidInWords) {
  v1::ListViolationsRequest seen;
  FakeGate gate(Listing(&seen, 0));
  EXPECT_EQ(RunWords({"violation", "list"}, gate.address()).out, "No violations.\n");
}

TEST(FundctlViolation, WrongFiltersAreUsageErrorsThatSayWhatIsExpected) {
  const Outcome kind = RunWords({"violation", "list", "--kind", "ungatd"});
  EXPECT_EQ(kind.code, kUsage);
  EXPECT_THAT(kind.err, HasSubstr("ungated"));
  const Outcome since = RunWords({"violation", "list", "--since", "yesterday"});
  EXPECT_EQ(since.code, kUsage);
  EXPECT_THAT(since.err, HasSubstr("--since: \"yesterday\": expected a time like"));
}

TEST(FundctlViolation, ShowHasEverythingThatIsKnown) {
  Answers answers;
  answers.get_violation = [](int, const v1::GetViolationRequest& request,
                             v1::GetViolationResponse* response) {
    *response->mutable_violation() = Ungated(request.id());
    return grpc::Status::OK;
  };
  FakeGate gate(std::move(answers));
  const Outcome outcome = RunWords({"violation", "show", "v2a-0"}, gate.address());
  EXPECT_EQ(outcome.code, kOk) << outcome.err;
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr("it moved without having been asked for"), HasSubstr("v2a-0"),
                    HasSubstr("0-1-129/0"), HasSubstr("record 42"), HasSubstr("moved  CNY 50.00")));
  const Outcome json = RunWords({"--output", "json", "violation", "show", "v2a-0"}, gate.address());
  v1::Violation violation;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(json.out, &violation).ok()) << json.out;
  EXPECT_EQ(violation.fields().at("moved"), "CNY 50.00");
}

TEST(FundctlViolation, WhereNoAmountIsWrongNoneIsShown) {
  Answers answers;
  answers.list_violations = [](int, const v1::ListViolationsRequest&,
                               v1::ListViolationsResponse* response) {
    v1::Violation& violation = *response->add_violations();
    violation = Ungated("v1");
    violation.set_kind(v1::VIOLATION_KIND_INVARIANT);
    violation.mutable_amount()->set_minor_units(0);
    return grpc::Status::OK;
  };
  FakeGate gate(std::move(answers));
  EXPECT_THAT(RunWords({"violation", "list"}, gate.address()).out,
              AllOf(HasSubstr("refund r-666  -\n"), Not(HasSubstr("CNY"))));
}

TEST(FundctlViolation, OneThatIsNotThereIsAnError) {
  Answers answers;
  answers.get_violation = [](int, const v1::GetViolationRequest& request,
                             v1::GetViolationResponse*) {
    return grpc::Status(grpc::StatusCode::NOT_FOUND, "there is no violation " + request.id());
  };
  FakeGate gate(std::move(answers));
  const Outcome outcome = RunWords({"violation", "show", "v9"}, gate.address());
  EXPECT_EQ(outcome.code, kError);
  EXPECT_THAT(outcome.err, HasSubstr("there is no violation v9"));
}

TEST(FundctlViolation, CompletionKnowsItsKinds) {
  EXPECT_THAT(RunWords({"completion", "bash"}).out, HasSubstr("movement_undone"));
}

}  // namespace
}  // namespace fundgate::fundctl
