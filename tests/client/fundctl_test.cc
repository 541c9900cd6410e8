// fundctl's verbs, run without a process against a gate whose answers the tests write.
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <thread>
#include <utility>

#include "client/fundctl/input_lines.h"
#include "client/fundctl/verbs.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/json_util.h"
#include "google/protobuf/util/time_util.h"
#include "gtest/gtest.h"
#include "tests/client/fake_gate.h"
#include "tests/client/run_words.h"

namespace fundgate::fundctl {
namespace {

using ::fundgate::testing::Answers;
using ::fundgate::testing::BadField;
using ::fundgate::testing::DecisionOn;
using ::fundgate::testing::FakeGate;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

Answers AlwaysAnswer(v1::Verdict verdict) {
  Answers answers;
  answers.check = [verdict](int, const v1::CheckRequest& request, v1::Decision* decision) {
    *decision = DecisionOn(request, verdict);
    return grpc::Status::OK;
  };
  return answers;
}

const std::vector<const char*> kRefund = {"check",     "refund",    "--key",     "r1",
                                          "--account", "m1",        "--order",   "o1",
                                          "--amount",  "CNY 12.34", "--timeout", "10"};

TEST(FundctlCheck, ExitCodeIsTheVerdict) {
  const std::pair<v1::Verdict, int> cases[] = {
      {v1::VERDICT_ALLOW, 0}, {v1::VERDICT_HOLD, 10}, {v1::VERDICT_BLOCK, 11}};
  for (const auto& [verdict, code] : cases) {
    FakeGate gate(AlwaysAnswer(verdict));
    EXPECT_EQ(RunWords(kRefund, gate.address()).code, code) << v1::Verdict_Name(verdict);
  }
}

TEST(FundctlCheck, SendsWhatWasTyped) {
  FakeGate gate(AlwaysAnswer(v1::VERDICT_ALLOW));
  const Outcome outcome =
      RunWords({"check",           "settlement",
                "--key",           "s1",
                "--account",       "m1",
                "--amount",        "CNY 3.00",
                "--line",          "order=o1,amount=CNY 1.00,net=CNY 0.90,fee=CNY 0.10",
                "--line",          "order=o2,amount=CNY 2.00,net=CNY 1.80,fee=CNY 0.20",
                "--attribute",     "channel=app",
                "--attribute",     "tries=3",
                "--max-staleness", "500ms",
                "--after",         "ledger=ledger:7"},
               gate.address());
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const v1::CheckRequest seen = gate.checks().at(0);
  EXPECT_EQ(seen.amount().minor_units(), 300);
  ASSERT_EQ(seen.lines_size(), 2);
  EXPECT_EQ(seen.lines(1).order_id(), "o2");
  EXPECT_EQ(seen.lines(1).amount().minor_units(), 200);
  EXPECT_EQ(seen.lines(1).parts().at("net").minor_units(), 180);
  EXPECT_EQ(seen.attributes().at("channel").string_value(), "app");
  EXPECT_EQ(seen.attributes().at("tries").int_value(), 3);
  EXPECT_EQ(seen.max_staleness().nanos(), 500'000'000);
  EXPECT_EQ(seen.after_positions().at("ledger"), "ledger:7");
}

TEST(FundctlCheck, JsonIsOneObjectOnOneLine) {
  FakeGate gate(AlwaysAnswer(v1::VERDICT_HOLD));
  std::vector<const char*> words = kRefund;
  words.insert(words.begin(), {"--output", "json"});
  const Outcome outcome = RunWords(words, gate.address());
  v1::Decision decision;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(outcome.out, &decision).ok());
  EXPECT_EQ(decision.verdict(), v1::VERDICT_HOLD);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("decision_id"), Not(HasSubstr("\n{"))));
  EXPECT_EQ(outcome.out.find('\n'), outcome.out.size() - 1);
}

TEST(FundctlCheck, AnAmountIsReadByTheCurrencysOwnDecimals) {
  for (const char* wrong : {"CNY 12.345", "JPY 1.5", "12.34", "CNY 1,000.00", "XXQ 1"}) {
    FakeGate gate(AlwaysAnswer(v1::VERDICT_ALLOW));
    const Outcome outcome = RunWords(
        {"check", "refund", "--key", "r1", "--account", "m1", "--amount", wrong}, gate.address());
    EXPECT_EQ(outcome.code, 2) << wrong;
    EXPECT_THAT(outcome.err, StartsWith("fundctl check: ")) << wrong;
    EXPECT_TRUE(gate.checks().empty()) << wrong;
  }
}

TEST(FundctlErrors, ShowEachBadField) {
  Answers answers;
  answers.check = [](int, const v1::CheckRequest&, v1::Decision*) {
    return BadField("order_id", "is empty; book \"order\" needs it");
  };
  FakeGate gate(std::move(answers));
  const Outcome outcome = RunWords(kRefund, gate.address());
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("order_id: is empty; book \"order\" needs it"));
}

TEST(FundctlErrors, AGateThatIsNotThereHasItsOwnExitCodeAndSaysWhereItWasLookedFor) {
  std::string address;
  {
    FakeGate gate({});
    address = gate.address();
  }  // nobody listens there any more
  const Outcome outcome = RunWords(kRefund, address);
  EXPECT_EQ(outcome.code, 3);
  EXPECT_THAT(outcome.err, HasSubstr(address));
}

TEST(FundctlUsage, WrongWordsAreRefusedBeforeAnythingIsSent) {
  EXPECT_EQ(RunWords({}).code, 2);
  EXPECT_EQ(RunWords({"chekc"}).code, 2);
  EXPECT_EQ(RunWords({"check", "refund"}).code, 2);
  EXPECT_EQ(RunWords({"--output", "xml", "status"}).code, 2);
  EXPECT_EQ(RunWords({"--timeout", "0", "status"}).code, 2);
  EXPECT_EQ(RunWords({"event", "send", "--source", "ledger"}).code, 2);
  EXPECT_EQ(RunWords({"breaker", "half-open", "refund", "--reason", "try"}).code, 2);
}

TEST(FundctlHelp, EveryVerbExplainsItselfWithoutAGate) {
  const std::vector<std::vector<const char*>> verbs = {{"--help"},
                                                       {"check", "--help"},
                                                       {"confirm", "--help"},
                                                       {"release", "--help"},
                                                       {"decision", "get", "--help"},
                                                       {"breaker", "list", "--help"},
                                                       {"breaker", "trip", "--help"},
                                                       {"breaker", "half-open", "--help"},
                                                       {"breaker", "reset", "--help"},
                                                       {"breaker", "watch", "--help"},
                                                       {"book", "get", "--help"},
                                                       {"policy", "validate", "--help"},
                                                       {"policy", "test", "--help"},
                                                       {"policy", "apply", "--help"},
                                                       {"policy", "get", "--help"},
                                                       {"policy", "history", "--help"},
                                                       {"policy", "rollback", "--help"},
                                                       {"policy", "promote", "--help"},
                                                       {"policy", "rollout", "--help"},
                                                       {"policy", "demote", "--help"},
                                                       {"rules", "--help"},
                                                       {"trace", "get", "--help"},
                                                       {"trace", "export", "--help"},
                                                       {"trace", "verify", "--help"},
                                                       {"event", "send", "--help"},
                                                       {"source", "list", "--help"},
                                                       {"source", "show", "--help"},
                                                       {"violation", "list", "--help"},
                                                       {"violation", "show", "--help"},
                                                       {"status", "--help"},
                                                       {"completion", "--help"}};
  for (const auto& words : verbs) {
    const Outcome outcome = RunWords(words);
    EXPECT_EQ(outcome.code, 0) << words[0];
    EXPECT_THAT(outcome.out, HasSubstr("Example")) << words[0] << " " << words[1];
  }
}

TEST(FundctlReservations, ConfirmAndReleaseNameTheGeneration) {
  Answers answers;
  answers.confirm = [](int, const v1::ConfirmRequest& request, v1::Reservation* answer) {
    EXPECT_EQ(request.checkpoint(), "refund");
    EXPECT_EQ(request.amount().minor_units(), 500);
    answer->set_decision_id(request.decision_id());
    answer->set_state(v1::RESERVATION_STATE_CONFIRMED);
    return grpc::Status::OK;
  };
  answers.release = [](int, const v1::ReleaseRequest& request, v1::Reservation*) {
    return grpc::Status(grpc::StatusCode::FAILED_PRECONDITION, "it moved: " + request.reason());
  };
  FakeGate gate(std::move(answers));
  const Outcome confirmed = RunWords({"confirm", "refund", "--key", "r1", "--account", "m1",
                                      "--decision", "d5", "--amount", "CNY 5"},
                                     gate.address());
  EXPECT_EQ(confirmed.code, 0) << confirmed.err;
  EXPECT_THAT(confirmed.out, AllOf(HasSubstr("CONFIRMED"), HasSubstr("d5")));
  const Outcome released = RunWords({"release", "refund", "--key", "r1", "--account", "m1",
                                     "--decision", "d5", "--reason", "refused by the bank"},
                                    gate.address());
  EXPECT_EQ(released.code, 1);
  EXPECT_THAT(released.err, HasSubstr("it moved: refused by the bank"));
}

// Whatever this machine's clock says: breakers end by the gate's.
TEST(FundctlBreaker, LastsFromTheGatesTimeOn) {
  Answers answers;
  answers.get_status = [](int, const v1::GetStatusRequest&, v1::GetStatusResponse* status) {
    *status->mutable_gate_time() = fundgate::testing::GateTime();
    return grpc::Status::OK;
  };
  answers.trip_breaker = [](int, const v1::TripBreakerRequest& request,
                            v1::TripBreakerResponse* answer) {
    EXPECT_EQ(request.until(), fundgate::testing::GateTime(absl::Minutes(30)));
    answer->mutable_breaker()->set_scope(request.scope());
    return grpc::Status::OK;
  };
  FakeGate gate(std::move(answers));
  const Outcome outcome = RunWords(
      {"breaker", "trip", "refund", "--for", "30m", "--reason", "incident"}, gate.address());
  EXPECT_EQ(outcome.code, 0) << outcome.err;
}

TEST(FundctlBreaker, HalfOpenNeedsMoneyButNoCount) {
  Answers answers;
  answers.half_open_breaker = [](int, const v1::HalfOpenBreakerRequest& request,
                                 v1::HalfOpenBreakerResponse* answer) {
    EXPECT_FALSE(request.budget().has_calls());
    answer->mutable_breaker()->set_scope(request.scope());
    answer->mutable_breaker()->set_state(v1::BREAKER_STATE_HALF_OPEN);
    *answer->mutable_breaker()->mutable_budget_left() = request.budget();
    return grpc::Status::OK;
  };
  FakeGate gate(std::move(answers));
  const Outcome outcome =
      RunWords({"breaker", "half-open", "refund", "--amount", "CNY 1000.00", "--reason", "try"},
               gate.address());
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr("HALF_OPEN"), HasSubstr("CNY 1000.00"), Not(HasSubstr("0 calls"))));
}

TEST(FundctlBreaker, WatchShowsThePresentStateAndThenEachChange) {
  Answers answers;
  v1::WatchBreakersResponse open;
  open.mutable_breaker()->set_scope("refund/account:m1");
  open.mutable_breaker()->set_state(v1::BREAKER_STATE_OPEN);
  open.set_snapshot(true);
  v1::WatchBreakersResponse complete;
  complete.set_snapshot_complete(true);
  v1::WatchBreakersResponse closed = open;
  closed.mutable_breaker()->set_state(v1::BREAKER_STATE_CLOSED);
  closed.set_snapshot(false);
  answers.breaker_changes = {open, complete, closed};
  FakeGate gate(std::move(answers));
  const Outcome outcome = RunWords({"breaker", "watch"}, gate.address());
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_LT(outcome.out.find("is   OPEN  refund/account:m1"),
            outcome.out.find("now  CLOSED  refund/account:m1"));
}

TEST(FundctlPolicy, ProblemsAreShownAtTheirPlaceAndFail) {
  const std::string file = ::testing::TempDir() + "fundctl_test_policy.yaml";
  std::ofstream(file) << "books: {}\n";
  Answers answers;
  answers.validate_policy = [](int, const v1::ValidatePolicyRequest& request,
                               v1::ValidatePolicyResponse* answer) {
    EXPECT_EQ(request.document(), "books: {}\n");
    v1::PolicyProblem& problem = *answer->add_problems();
    problem.set_file(request.file_name());
    problem.set_line(1);
    problem.set_column(8);
    problem.set_message("no book is declared");
    return grpc::Status::OK;
  };
  FakeGate gate(std::move(answers));
  const Outcome outcome = RunWords({"policy", "validate", file.c_str()}, gate.address());
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr(file + ":1:8: no book is declared"));
  EXPECT_EQ(RunWords({"policy", "validate", "/nonexistent.yaml"}, gate.address()).code, 2);
}

TEST(FundctlBook, AmountsAreShownAsPeopleWriteThem) {
  Answers answers;
  answers.get_book = [](int, const v1::GetBookRequest& request, v1::GetBookResponse* answer) {
    EXPECT_EQ(request.key().at("account_id"), "m1");
    EXPECT_EQ(request.key().at("order_id"), "o1");
    v1::Counter& counter = *answer->mutable_book()->add_counters();
    counter.set_name("paid");
    counter.set_posted(10000);
    return grpc::Status::OK;
  };
  FakeGate gate(std::move(answers));
  const Outcome outcome =
      RunWords({"book", "get", "order", "--account", "m1", "--order", "o1", "--currency", "CNY"},
               gate.address());
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("paid"), HasSubstr("CNY 100.00")));
}

TEST(FundctlTrace, VerifyFailsOnDamageAndNamesTheRecord) {
  Answers answers;
  answers.verified.set_done(true);
  answers.verified.set_damaged_sequence(42);
  answers.verified.set_message("its hash does not fit");
  FakeGate gate(std::move(answers));
  const Outcome outcome = RunWords({"trace", "verify"}, gate.address());
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.out, HasSubstr("DAMAGED at record 42: its hash does not fit"));
}

TEST(FundctlTrace, ExportGivesOneObjectALine) {
  Answers answers;
  answers.traces.resize(3);
  for (int i = 0; i < 3; ++i) answers.traces[i].set_sequence(i + 1);
  FakeGate gate(std::move(answers));
  const Outcome outcome = RunWords({"trace", "export", "--output", "json"}, gate.address());
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(std::count(outcome.out.begin(), outcome.out.end(), '\n'), 3);
}

const std::vector<const char*> kPayment = {"event",   "send",  "--source", "ledger",    "--kind",
                                           "payment", "--key", "p1",       "--account", "m1",
                                           "--order", "o1",    "--amount", "CNY 100.00"};

TEST(FundctlEvent, SendsAtTheNextPositionAndProvesTheSource) {
  FakeGate gate({});
  gate.ingest().SetPosition("ledger:41");
  const Outcome outcome = RunWords(kPayment, gate.address());
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("ledger:42"));
  EXPECT_THAT(gate.ingest().event_ids(), ElementsAre("ledger:42"));
  const auto applied = gate.ingest().applied();
  const v1::Contribution& said = applied.at(0).events(0).movement().after();
  EXPECT_EQ(said.status(), v1::MOVEMENT_STATUS_HAPPENED);
  EXPECT_EQ(said.amount().minor_units(), 10000);
  EXPECT_EQ(applied.back().probe().head_position(), "ledger:42");
}

TEST(FundctlEvent, ReadsEventsFromLinesAndNamesALineThatIsNone) {
  FakeGate gate({});
  const std::string good =
      R"({"movement": {"kind": "payment", "after": {"status": "MOVEMENT_STATUS_HAPPENED",)"
      R"( "idempotency_key": "p1", "account_id": "m1",)"
      R"( "amount": {"currency_code": "CNY", "minor_units": 5}}}})";
  const Outcome outcome = RunWords({"event", "send", "--source", "ledger", "--stdin"},
                                   gate.address(), good + "\n\n" + good + "\n{\n");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("line 4"));
  EXPECT_THAT(gate.ingest().event_ids(), ElementsAre("ledger:1", "ledger:2"));
}

TEST(FundctlEvent, AnUnknownSourceIsRefusedWithTheGatesSentence) {
  FakeGate gate({});
  const Outcome outcome =
      RunWords({"event", "send", "--source", "leger", "--stdin"}, gate.address());
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("nearest: \"ledger\""));
}

TEST(FundctlEvent, StaysAndProbesOnTheBeatUntilASignalEndsItCleanly) {
  FakeGate gate({});
  std::thread operator_at_work([&gate] {
    EXPECT_TRUE(gate.ingest().WaitForProbes(4));
    std::raise(SIGTERM);
  });
  const Outcome outcome =
      RunWords({"event", "send", "--source", "ledger", "--stay", "--beat", "0.01"}, gate.address());
  operator_at_work.join();
  EXPECT_EQ(outcome.code, 0) << outcome.err;
}

TEST(FundctlEvent, ThatStaysComesBackAfterAnotherFeederHadItsTurn) {
  FakeGate gate({});
  std::thread operator_at_work([&gate] {
    EXPECT_TRUE(gate.ingest().WaitForProbes(2));
    EXPECT_EQ(RunWords(kPayment, gate.address()).code, 0);
    const size_t applied = gate.ingest().applied().size();
    EXPECT_TRUE(gate.ingest().WaitForProbes(static_cast<int>(applied) + 3));
    std::raise(SIGINT);
  });
  const Outcome outcome =
      RunWords({"event", "send", "--source", "ledger", "--stay", "--beat", "0.05"}, gate.address());
  operator_at_work.join();
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("feeding source ledger again"));
  EXPECT_THAT(gate.ingest().event_ids(), ElementsAre("ledger:1"));
}

// As `mkfifo` gives it to a feeder that stays: lines come one by one, and the end never does.
TEST(FundctlEvent, SendsALineAsSoonAsItComesWhileItStays) {
  FakeGate gate({});
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const std::string line =
      R"({"movement": {"kind": "payment", "after": {"idempotency_key": "p1"}}})"
      "\n";
  std::thread operator_at_work([&] {
    for (int i = 1; i <= 2; ++i) {
      EXPECT_EQ(::write(ends[1], line.data(), line.size()), static_cast<ssize_t>(line.size()));
      EXPECT_TRUE(gate.ingest().WaitForPosition("ledger:" + std::to_string(i)));
    }
    std::raise(SIGTERM);
  });
  std::ostringstream out;
  std::ostringstream err;
  std::istringstream in;
  Context context(out, err, in);
  context.in_descriptor = ends[0];
  const char* words[] = {"fundctl", "--address", gate.address().c_str(),
                         "event",   "send",      "--source",
                         "ledger",  "--stdin",   "--stay"};
  EXPECT_EQ(RunFundctl(std::size(words), words, context), 0) << err.str();
  operator_at_work.join();
  EXPECT_THAT(gate.ingest().event_ids(), ElementsAre("ledger:1", "ledger:2"));
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(InputLines, AreWholeLinesAndALastOneWithoutItsEnd) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  InputLines lines(ends[0]);
  EXPECT_EQ(::write(ends[1], "a\n\nb", 4), 4);
  EXPECT_TRUE(*lines.Read());
  EXPECT_EQ(lines.Next(), "a");
  EXPECT_EQ(lines.Next(), "");
  EXPECT_EQ(lines.Next(), std::nullopt);
  ::close(ends[1]);
  EXPECT_FALSE(*lines.Read());
  EXPECT_EQ(lines.Next(), "b");
  EXPECT_EQ(lines.Next(), std::nullopt);
  ::close(ends[0]);
}

// What bash offers after the words, the last of which is still being typed.
std::string Completions(const std::string& script, const std::string& words, int count) {
  const std::string file = ::testing::TempDir() + "fundctl_completion.bash";
  std::ofstream(file) << script << "\nCOMP_WORDS=(fundctl " << words << ")\nCOMP_CWORD=" << count
                      << "\n_fundctl\necho \"${COMPREPLY[@]}\"\n";
  FILE* bash = ::popen(("bash " + file).c_str(), "r");
  char buffer[4096] = {};
  const size_t size = std::fread(buffer, 1, sizeof(buffer) - 1, bash);
  EXPECT_EQ(::pclose(bash), 0);
  return std::string(buffer, size);
}

TEST(FundctlCompletion, BashOffersVerbsOptionsAndChoices) {
  const std::string script = RunWords({"completion", "bash"}).out;
  EXPECT_THAT(Completions(script, "br", 1), StartsWith("breaker"));
  EXPECT_THAT(Completions(script, "breaker ''", 2), AllOf(HasSubstr("trip"), HasSubstr("watch")));
  EXPECT_THAT(Completions(script, "breaker trip refund --re", 4), StartsWith("--reason"));
  EXPECT_THAT(Completions(script, "--address host:1 policy ''", 4), HasSubstr("rollback"));
  EXPECT_THAT(Completions(script, "breaker trip --mode ''", 4), StartsWith("HOLD BLOCK"));
  EXPECT_THAT(Completions(script, "--output ''", 2), StartsWith("table json"));
}

TEST(FundctlCompletion, KnowsThreeShells) {
  EXPECT_THAT(RunWords({"completion", "zsh"}).out, StartsWith("#compdef fundctl"));
  EXPECT_THAT(RunWords({"completion", "fish"}).out,
              AllOf(HasSubstr("complete -c fundctl"), HasSubstr("half-open")));
  EXPECT_EQ(RunWords({"completion", "tcsh"}).code, 2);
}

}  // namespace
}  // namespace fundgate::fundctl
