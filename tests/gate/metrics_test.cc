// What a gate tells of itself, after known business.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <numeric>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "fundgate/v1/leases.grpc.pb.h"
#include "fundgate/v1/plans.grpc.pb.h"
#include "server/gate/server.h"
#include "server/log/log.h"
#include "tests/gate/gate_world.h"

namespace fundgate::gate {
namespace {

using metrics::Family;
using metrics::Labels;
using metrics::Sample;
using testing::GateWorld;
using testing::Refund;

constexpr char kPrepared[] = R"yaml(
books:
  order: {key: [account_id, order_id], counters: [paid, refunded]}
movements:
  payment: {effects: [+order.paid]}
  refund: {effects: [+order.refunded], gated: true}
checkpoints:
  refund:
    when_unreachable: ALLOW
    blind_budget: {calls: 100, amount: CNY 1000.00}
    lease: {budget: {calls: 20, amount: CNY 60.00}}
plans:
  stop: {about: "all is wrong", owner: ann, toggles: [{scope: refund, mode: HOLD}]}
sources:
  ledger: {report: {emits: [payment, refund]}}
)yaml";

// The sample with these labels; fails the test if there is none.
Sample Find(const Server& server, std::string_view name, const Labels& labels = {}) {
  for (const Family& family : server.ReadMetrics()) {
    if (family.name != name) continue;
    for (const Sample& sample : family.samples) {
      if (sample.labels == labels) return sample;
    }
  }
  ADD_FAILURE() << "no " << name << " with these labels";
  return {};
}

double Value(const Server& server, std::string_view name, const Labels& labels = {}) {
  return Find(server, name, labels).value;
}

uint64_t CountOf(const Server& server, std::string_view name, const Labels& labels) {
  const Sample sample = Find(server, name, labels);
  if (!sample.reading.has_value()) return 0;
  const auto& counts = sample.reading->counts;
  return std::accumulate(counts.begin(), counts.end(), uint64_t{0});
}

double Decisions(const Server& server, const char* verdict, const char* reason) {
  return Value(server, "fundgate_decisions_total",
               {{"checkpoint", "refund"}, {"verdict", verdict}, {"reason", reason}});
}

double Pending(const Server& server) {
  return Value(server, "fundgate_reservations", {{"checkpoint", "refund"}, {"state", "pending"}});
}

TEST(GateMetrics, DecisionsAreCountedByVerdictAndReason) {
  GateWorld world;
  const auto feeder = world.Feed();
  EXPECT_EQ(Decisions(world.server(), "ALLOW", "none"), 0);
  feeder->Happened("payment", "p1", "o1", 100);
  ASSERT_EQ(world.Check(Refund("r1", "o1", 60)).verdict(), v1::VERDICT_ALLOW);
  ASSERT_TRUE(world.Check(Refund("r1", "o1", 60)).replayed());
  ASSERT_EQ(world.Check(Refund("r2", "o1", 60)).verdict(), v1::VERDICT_BLOCK);
  EXPECT_EQ(Decisions(world.server(), "ALLOW", "none"), 2);
  EXPECT_EQ(Decisions(world.server(), "BLOCK", "INVARIANT"), 1);
  EXPECT_EQ(Decisions(world.server(), "HOLD", "STALE_SOURCE"), 0);
  EXPECT_EQ(Value(world.server(), "fundgate_decisions_replayed_total", {{"checkpoint", "refund"}}),
            1);
  EXPECT_EQ(Value(world.server(), "fundgate_decision_reasons_total",
                  {{"checkpoint", "refund"}, {"reason", "INVARIANT"}}),
            2);  // both invariants of the order speak
  for (const char* stage : {"admission", "queue", "judge", "commit", "total"}) {
    EXPECT_EQ(CountOf(world.server(), "fundgate_check_stage_seconds", {{"stage", stage}}), 3U)
        << stage;
  }
  EXPECT_GT(CountOf(world.server(), "fundgate_group_inputs", {}), 0U);
}

TEST(GateMetrics, ABatchAndAStreamAreCountedCheckByCheck) {
  GateWorld world;
  const auto feeder = world.Feed();
  feeder->Happened("payment", "p1", "o1", 100);
  v1::BatchCheckRequest batch;
  *batch.add_requests() = Refund("r1", "o1", 1);
  *batch.add_requests() = Refund("r2", "o1", 1);
  grpc::ClientContext batching;
  v1::BatchCheckResponse answers;
  ASSERT_TRUE(world.gate->BatchCheck(&batching, batch, &answers).ok());
  grpc::ClientContext streaming;
  const auto stream = world.gate->StreamChecks(&streaming);
  v1::CheckRequest request = Refund("r3", "o1", 1);
  request.set_request_id("q");
  stream->Write(request);
  v1::Decision decision;
  ASSERT_TRUE(stream->Read(&decision));
  EXPECT_EQ(Decisions(world.server(), "ALLOW", "none"), 3);
  EXPECT_EQ(CountOf(world.server(), "fundgate_check_stage_seconds", {{"stage", "total"}}), 3U);
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
}

TEST(GateMetrics, CallsWithoutAnAnswerAreCountedByTheirCode) {
  GateWorld world;
  grpc::ClientContext context;
  v1::Decision decision;
  ASSERT_FALSE(world.gate->Check(&context, v1::CheckRequest(), &decision).ok());
  EXPECT_EQ(Value(world.server(), "fundgate_failed_calls_total", {{"code", "INVALID_ARGUMENT"}}),
            1);
}

TEST(GateMetrics, ReservationsAreCountedFromTheirAllowToTheirEnd) {
  GateWorld world;
  const auto feeder = world.Feed();
  feeder->Happened("payment", "p1", "o1", 100);
  const v1::Decision allowed = world.Check(Refund("r1", "o1", 10));
  ASSERT_EQ(world.Check(Refund("r2", "o1", 10)).verdict(), v1::VERDICT_ALLOW);
  EXPECT_EQ(Pending(world.server()), 2);
  v1::ConfirmRequest confirm;
  confirm.set_account_id("m1");
  confirm.set_checkpoint("refund");
  confirm.set_idempotency_key("r1");
  confirm.set_decision_id(allowed.decision_id());
  grpc::ClientContext context;
  v1::Reservation reservation;
  ASSERT_TRUE(world.gate->Confirm(&context, confirm, &reservation).ok());
  EXPECT_EQ(Pending(world.server()), 1);
  const Labels confirmed = {{"checkpoint", "refund"}, {"state", "confirmed"}};
  EXPECT_EQ(Value(world.server(), "fundgate_reservations", confirmed), 1);
  feeder->Happened("refund", "r1", "o1", 10);
  EXPECT_EQ(Value(world.server(), "fundgate_reservations", confirmed), 0);
  EXPECT_EQ(Value(world.server(), "fundgate_reservations_overdue", {{"checkpoint", "refund"}}), 0);
}

TEST(GateMetrics, OpenReservationsAreFoundAgainAfterARestart) {
  ServerSettings settings;
  GateWorld world([&settings](ServerSettings& own) { settings = own; });
  const auto feeder = world.Feed();
  feeder->Happened("payment", "p1", "o1", 100);
  ASSERT_EQ(world.Check(Refund("r1", "o1", 10)).verdict(), v1::VERDICT_ALLOW);
  ASSERT_EQ(world.Check(Refund("r2", "o1", 10)).verdict(), v1::VERDICT_ALLOW);
  feeder->Happened("refund", "r2", "o1", 10);
  world.server().Shutdown();
  const auto again = Server::Start(settings, logging::Log([](const logging::Line&) {}));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(Pending(**again), 1);
}

TEST(GateMetrics, ViolationsAreCountedOnceAlsoIfTheyAreReviewed) {
  GateWorld world;
  const auto feeder = world.Feed();
  feeder->Happened("payment", "p1", "o1", 100);
  feeder->Happened("refund", "by-hand", "o1", 10);
  const auto found = [&world] {
    double count = 0;
    for (const Family& family : world.server().ReadMetrics()) {
      if (family.name != "fundgate_violations_total") continue;
      for (const Sample& sample : family.samples) {
        EXPECT_EQ(sample.labels[0].second, "ungated");
        count += sample.value;
      }
    }
    return count;
  };
  EXPECT_EQ(found(), 1);
  v1::ListViolationsResponse listed;
  grpc::ClientContext listing;
  ASSERT_TRUE(world.audit->ListViolations(&listing, {}, &listed).ok());
  ASSERT_EQ(listed.violations_size(), 1);
  v1::AcknowledgeViolationRequest request;
  request.set_id(listed.violations(0).id());
  request.set_actor("ann");
  request.set_reason("looking");
  grpc::ClientContext context;
  v1::AcknowledgeViolationResponse response;
  ASSERT_TRUE(world.violations->AcknowledgeViolation(&context, request, &response).ok());
  EXPECT_EQ(found(), 1);
  EXPECT_GE(Value(world.server(), "fundgate_open_groups"), 1);
}

TEST(GateMetrics, ASourceShowsItsPositionAndHowFreshItIs) {
  GateWorld world;
  EXPECT_EQ(Value(world.server(), "fundgate_source_connected", {{"source", "ledger"}}), 0);
  EXPECT_EQ(
      Value(world.server(), "fundgate_source_proven_timestamp_seconds", {{"source", "ledger"}}), 0);
  EXPECT_EQ(Value(world.server(), "fundgate_blind_ratio"), 1);
  const auto feeder = world.Feed();
  feeder->Happened("payment", "p1", "o1", 100);
  EXPECT_EQ(Value(world.server(), "fundgate_source_connected", {{"source", "ledger"}}), 1);
  EXPECT_GE(Value(world.server(), "fundgate_source_proven_lag_seconds", {{"source", "ledger"}}), 0);
  EXPECT_EQ(Value(world.server(), "fundgate_blind_ratio"), 0);
  for (const Family& family : world.server().ReadMetrics()) {
    if (family.name != "fundgate_source_position") continue;
    ASSERT_EQ(family.samples.size(), 1U);
    EXPECT_GE(family.samples[0].value, 1);
  }
}

TEST(GateMetrics, RefusedChecksAreCountedByCauseAndPriority) {
  // Fifty a second, and nobody waits for one.
  GateWorld world([](ServerSettings& settings) {
    settings.sequencer.inputs_per_second = 50;
    settings.sequencer.longest_wait = absl::Milliseconds(1);
  });
  const auto refused = [&world](const char* cause, const char* priority) {
    return Value(world.server(), "fundgate_refused_checks_total",
                 {{"cause", cause}, {"priority", priority}});
  };
  EXPECT_EQ(refused("wait", "low"), 0);
  grpc::CompletionQueue queue;
  grpc::ClientContext context;
  v1::BatchCheckRequest batch;
  for (int i = 0; i < 100; ++i) *batch.add_requests() = Refund(absl::StrCat("k", i), "o1", 1);
  v1::BatchCheckResponse response;
  grpc::Status status;
  const auto call = world.gate->AsyncBatchCheck(&context, batch, &queue);
  call->Finish(&response, &status, nullptr);
  // Refunds are of low priority. The first of these may be taken, and then waits too.
  grpc::Status last;
  while (last.error_code() != grpc::StatusCode::RESOURCE_EXHAUSTED) {
    grpc::ClientContext asking;
    asking.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(50));
    v1::Decision decision;
    last = world.gate->Check(&asking, Refund("late", "o1", 1), &decision);
  }
  // How long depends on how fast the first of them were judged.
  const auto delay = testing::RetryInfoOf(last).retry_delay();
  EXPECT_TRUE(delay.seconds() > 0 || delay.nanos() > 0) << delay.ShortDebugString();
  EXPECT_EQ(refused("wait", "low") + refused("deadline", "low"), 1);
  EXPECT_EQ(refused("wait", "high"), 0);
  EXPECT_GT(Value(world.server(), "fundgate_queue_wait_seconds"), 0);
  context.TryCancel();
  void* tag = nullptr;
  bool ok = false;
  world.server().Shutdown();
  EXPECT_TRUE(queue.Next(&tag, &ok));
}

TEST(GateMetrics, LeasesAndPlansAreTold) {
  GateWorld world([](ServerSettings& settings) { settings.first_policy = kPrepared; });
  const auto leased = [&world] {
    return Value(world.server(), "fundgate_leased_minor_units",
                 {{"checkpoint", "refund"}, {"currency", "CNY"}});
  };
  EXPECT_EQ(Value(world.server(), "fundgate_leases", {{"checkpoint", "refund"}}), 0);
  EXPECT_EQ(leased(), 0);
  v1::TakeLeaseRequest take;
  take.set_checkpoint("refund");
  take.set_holder("pay-1");
  grpc::ClientContext taking;
  v1::TakeLeaseResponse taken;
  ASSERT_TRUE(v1::Leases::NewStub(world.channel())->TakeLease(&taking, take, &taken).ok());
  EXPECT_EQ(Value(world.server(), "fundgate_leases", {{"checkpoint", "refund"}}), 1);
  EXPECT_EQ(leased(), 6000);

  EXPECT_EQ(Value(world.server(), "fundgate_plan_running", {{"plan", "stop"}}), 0);
  v1::RunPlanRequest run;
  run.set_plan("stop");
  run.set_actor("ann");
  run.set_reason("a drill");
  grpc::ClientContext running;
  v1::RunPlanResponse ran;
  const grpc::Status status = v1::Plans::NewStub(world.channel())->RunPlan(&running, run, &ran);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(Value(world.server(), "fundgate_plan_running", {{"plan", "stop"}}), 1);
}

TEST(GateMetrics, NamesAndLabelsKeepToTheRules) {
  GateWorld world;
  const auto feeder = world.Feed();
  feeder->Happened("refund", "by-hand", "o1", 10);
  world.Check(Refund("r1", "o1", 10));
  // What there is no end of is no label.
  const std::set<std::string_view> bounded = {
      "cause", "checkpoint", "code",     "currency",      "job",    "kind",    "mode",   "name",
      "part",  "plan",       "priority", "logic_version", "how",    "stage",   "origin", "reason",
      "state", "risk_class", "source",   "table",         "stream", "verdict", "version"};
  std::set<std::string_view> names;
  for (const Family& family : world.server().ReadMetrics()) {
    EXPECT_TRUE(names.insert(family.name).second) << family.name << " is there twice";
    EXPECT_TRUE(absl::StartsWith(std::string(family.name), "fundgate_") ||
                absl::StartsWith(std::string(family.name), "process_"))
        << family.name;
    EXPECT_EQ(family.type == metrics::Type::kCounter,
              absl::EndsWith(std::string(family.name), "_total"))
        << family.name;
    EXPECT_TRUE(absl::EndsWith(std::string(family.help), ".")) << family.help;
    for (const Sample& sample : family.samples) {
      for (const auto& [label, value] : sample.labels) {
        EXPECT_TRUE(bounded.contains(label)) << family.name << " has " << label;
        EXPECT_NE(value, "m1") << family.name;
      }
    }
  }
}

}  // namespace
}  // namespace fundgate::gate
