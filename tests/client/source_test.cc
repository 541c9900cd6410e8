// `fundctl source`: how far each source is.
#include <algorithm>

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

// Two sources: one that is fed and waits for a probe, one that nobody feeds.
Answers TwoSources() {
  Answers answers;
  answers.get_status = [](int, const v1::GetStatusRequest&, v1::GetStatusResponse* response) {
    v1::SourceStatus& fed = *response->add_sources();
    fed.set_name("pay_db");
    fed.set_position("0-1-129");
    fed.set_epoch(3);
    *fed.mutable_proven_past() = GateTime();
    fed.mutable_lag()->set_nanos(250'000'000);
    fed.set_feeder_connected(true);
    fed.set_waiting_for_position("0-1-130");
    response->add_sources()->set_name("till");
    return grpc::Status::OK;
  };
  return answers;
}

TEST(FundctlSource, ListShowsEachSourceOnALine) {
  FakeGate gate(TwoSources());
  const Outcome outcome = RunWords({"source", "list"}, gate.address());
  EXPECT_EQ(outcome.code, kOk) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("SOURCE  FEEDER     PROVEN PAST"), HasSubstr("250ms"),
                                 HasSubstr("0-1-129"), HasSubstr("till    NONE       never")));
}

TEST(FundctlSource, ShowSaysWhatASourceWaitsFor) {
  FakeGate gate(TwoSources());
  const Outcome outcome = RunWords({"source", "show", "pay_db"}, gate.address());
  EXPECT_EQ(outcome.code, kOk) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("waiting for  0-1-130"), HasSubstr("epoch        3"),
                                 HasSubstr("connected"), Not(HasSubstr("till"))));
}

TEST(FundctlSource, ASourceThatNobodyFeedsSaysWhatToStart) {
  FakeGate gate(TwoSources());
  const Outcome outcome = RunWords({"source", "show", "till"}, gate.address());
  EXPECT_EQ(outcome.code, kOk);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("fundgate-sidecar"), HasSubstr("never read")));
}

TEST(FundctlSource, JsonIsOneObjectASource) {
  FakeGate gate(TwoSources());
  const Outcome list = RunWords({"--output", "json", "source", "list"}, gate.address());
  EXPECT_EQ(std::count(list.out.begin(), list.out.end(), '\n'), 2);
  const Outcome one = RunWords({"--output", "json", "source", "show", "pay_db"}, gate.address());
  v1::SourceStatus source;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(one.out, &source).ok()) << one.out;
  EXPECT_EQ(source.waiting_for_position(), "0-1-130");
}

TEST(FundctlSource, AnUnknownSourceIsAnErrorThatSaysWhereToLook) {
  FakeGate gate(TwoSources());
  const Outcome outcome = RunWords({"source", "show", "bank"}, gate.address());
  EXPECT_EQ(outcome.code, kError);
  EXPECT_THAT(outcome.err, HasSubstr("no source bank; `fundctl source list`"));
}

TEST(FundctlSource, WithoutAGateItsExitCodeSaysSo) {
  EXPECT_EQ(RunWords({"--timeout", "0.2", "source", "list"}).code, kUnreachable);
}

}  // namespace
}  // namespace fundgate::fundctl
