// A collector that is stopped and started, and a gate that is killed, under load: every decision
// arrives, in order.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "fundgate/v1/gate.grpc.pb.h"
#include "otlp/collector.h"
#include "server/export/sinks/otlp/span_exporter.h"
#include "server/log/log.h"
#include "tests/end_to_end/processes.h"
#include "tests/end_to_end/span_collector.h"
#include "tests/gate/gate_world.h"
#include "tests/gate/test_feeder.h"
#include "tests/places/places.h"

namespace fundgate::end_to_end {
namespace {

using opentelemetry::proto::trace::v1::Span;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A service that asks within traces of its own, one check after another.
class Service {
 public:
  explicit Service(std::string address) { Connect(address); }

  void Connect(const std::string& address) {
    stub_ = v1::Gate::NewStub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
  }

  void Ask(int count) {
    for (int i = 0; i < count; ++i) {
      const int number = ++asked_;
      v1::CheckRequest request;
      request.set_checkpoint("refund");
      request.set_idempotency_key(absl::StrCat("r", number));
      request.set_account_id("m1");
      request.set_order_id("o1");
      request.mutable_amount()->set_currency_code("CNY");
      request.mutable_amount()->set_minor_units(1);
      grpc::ClientContext context;
      context.AddMetadata("traceparent", absl::StrFormat("00-%032x-%016x-01", number, number));
      v1::Decision decision;
      const grpc::Status status = stub_->Check(&context, request, &decision);
      ASSERT_TRUE(status.ok()) << status.error_message();
      traces_[decision.decision_id()] = number;
    }
  }

  // The number of its trace, by decision.
  const std::map<std::string, int>& traces() const { return traces_; }
  std::set<std::string> decisions() const {
    std::set<std::string> ids;
    for (const auto& [id, trace] : traces_) ids.insert(id);
    return ids;
  }

 private:
  std::unique_ptr<v1::Gate::Stub> stub_;
  int asked_ = 0;
  std::map<std::string, int> traces_;
};

TEST(Otlp, EveryDecisionArrivesInOrderWhateverHappensToTheCollectorOrTheGate) {
  const TemporaryFolder folder;
  SpanCollector spans;
  spans.Start();
  const std::vector<std::string> options = {"--otlp", spans.url()};
  auto gate = std::make_unique<GateProcess>(folder.path(), options);
  const auto feed = [&gate] {
    auto feeder = std::make_unique<gate::testing::TestFeeder>(
        grpc::CreateChannel(gate->address(), grpc::InsecureChannelCredentials()), "ledger");
    return feeder;
  };
  auto feeder = feed();
  feeder->Happened("payment", "p1", "o1", 100'000);
  Service service(gate->address());
  service.Ask(50);
  spans.Await(service.decisions());

  // Down while services ask, and up again.
  spans.Stop();
  service.Ask(200);
  std::thread asking([&service] { service.Ask(100); });
  spans.Start();
  asking.join();
  spans.Await(service.decisions());

  // The gate is killed while the collector is down: its cursor is on disk.
  spans.Stop();
  service.Ask(100);
  gate->process().Signal(SIGKILL);
  gate->process().Wait();
  feeder.reset();
  gate = std::make_unique<GateProcess>(folder.path(), options);
  feeder = feed();
  service.Connect(gate->address());
  service.Ask(50);
  spans.Start();
  spans.Await(service.decisions());

  const std::map<std::string, Span> arrived = spans.spans();
  EXPECT_EQ(arrived.size(), service.traces().size());
  for (const auto& [id, trace] : service.traces()) {
    const Span& span = arrived.at(id);
    EXPECT_EQ(absl::BytesToHexString(span.trace_id()), absl::StrFormat("%032x", trace));
    EXPECT_EQ(absl::BytesToHexString(span.parent_span_id()), absl::StrFormat("%016x", trace));
  }
  // Decisions' names sort as they were made.
  const std::vector<std::string> order = spans.order();
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

// What a gate in the test's process logs and counts of its spans.
class Exported {
 public:
  Exported(const gate::Server& server, const std::string& folder, const SpanCollector& collector) {
    exporting::SpanExporterOptions options;
    options.collector = otlp::CollectorAddress::Parse(collector.url()).value();
    options.cursor_file = folder + "/otlp.cursor";
    options.version = "test";
    exporting::JournalAccess journal;
    journal.scan = [&server](Sequence first, const auto& visit) {
      return server.store().view()->ScanJournal(first, visit);
    };
    journal.newest = [&server] { return server.sequence(); };
    exporter_ = exporting::SpanExporter::Start(options, journal, Log()).value();
  }

  // Until the collector was told of all that is there.
  void AwaitEnd(const gate::Server& server) const {
    while (exporter_->next() <= server.sequence()) std::this_thread::yield();
  }
  double Count(std::string_view name) const {
    std::vector<metrics::Family> families;
    exporter_->ReadMetrics(families);
    for (const metrics::Family& family : families) {
      if (family.name == name) return family.samples.at(0).value;
    }
    return -1;
  }
  std::vector<std::string> lines() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return lines_;
  }

 private:
  logging::Log Log() {
    return logging::Log([this](const logging::Line& line) {
      const std::lock_guard<std::mutex> lock(mutex_);
      lines_.push_back(logging::ToText(line));
    });
  }

  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
  std::unique_ptr<exporting::SpanExporter> exporter_;  // last: it logs
};

TEST(Otlp, WhatTheCollectorRefusesIsCountedAndSaidAndNotSentAgain) {
  const TemporaryFolder folder;
  SpanCollector spans;
  spans.Start();
  gate::testing::GateWorld world;
  const auto feeder = world.Feed();
  feeder->Happened("payment", "p1", "o1", 100'000);
  Service service(world.server().address());
  {
    const Exported exported(world.server(), folder.path(), spans);
    service.Ask(3);
    spans.Await(service.decisions());
    exported.AwaitEnd(world.server());
    EXPECT_EQ(exported.Count("fundgate_otlp_rejected_total"), 0);
    EXPECT_THAT(exported.lines(), IsEmpty());

    spans.Refuse(1, "too old");
    service.Ask(1);
    exported.AwaitEnd(world.server());
    service.Ask(1);
    exported.AwaitEnd(world.server());
    EXPECT_EQ(exported.Count("fundgate_otlp_rejected_total"), 2);
    EXPECT_EQ(exported.Count("fundgate_otlp_spans_total"), 3);
    EXPECT_EQ(exported.Count("fundgate_otlp_failures_total"), 0);
    ASSERT_EQ(exported.lines().size(), 1U) << "the same is said once";
    EXPECT_THAT(exported.lines()[0], AllOf(HasSubstr("refused"), HasSubstr("reason=\"too old\"")));

    // More than were sent can't be refused; and a word without a refusal counts nothing.
    spans.Refuse(1'000'000, "too many");
    service.Ask(1);
    exported.AwaitEnd(world.server());
    EXPECT_EQ(exported.Count("fundgate_otlp_rejected_total"), 3);
    spans.Refuse(0, "you are behind the times");
    service.Ask(1);
    exported.AwaitEnd(world.server());
    EXPECT_EQ(exported.Count("fundgate_otlp_rejected_total"), 3);
    EXPECT_EQ(exported.Count("fundgate_otlp_spans_total"), 4);
    spans.Refuse(0, "");
    service.Ask(1);
    exported.AwaitEnd(world.server());
    EXPECT_THAT(exported.lines(),
                ElementsAre(HasSubstr("too old"), HasSubstr("too many"),
                            HasSubstr("behind the times"), HasSubstr("all of them again")));
  }
  EXPECT_EQ(spans.spans().size(), service.traces().size());
  // Nor is it by the next one: the cursor has gone on.
  const int requests = spans.requests();
  const Exported next(world.server(), folder.path(), spans);
  service.Ask(1);
  spans.Await(service.decisions());
  EXPECT_EQ(spans.requests(), requests + 1);
}

// By a copy of the journal's part that is asked for, to a collector that knew nothing.
TEST(Otlp, WhatFundctlExportsIsWhatTheGateSends) {
  const TemporaryFolder folder;
  SpanCollector sent;
  sent.Start();
  GateProcess gate(folder.path(), {"--otlp", sent.url()});
  gate::testing::TestFeeder feeder(
      grpc::CreateChannel(gate.address(), grpc::InsecureChannelCredentials()), "ledger");
  feeder.Happened("payment", "p1", "o1", 590);
  Service service(gate.address());
  service.Ask(600);  // ten more than were paid, and more than go by one request
  sent.Await(service.decisions());

  const auto send = [&gate](const std::string& url, const std::vector<std::string>& words) {
    std::vector<std::string> command = {
        places::Program("fundctl"), "--address", gate.address(), "trace", "export", "--otlp", url};
    command.insert(command.end(), words.begin(), words.end());
    Process fundctl(command);
    EXPECT_EQ(fundctl.ReadAll(), "");
    return fundctl.Wait();
  };
  const auto bytes = [](const SpanCollector& of) {
    std::map<std::string, std::string> spans;
    for (const auto& [id, span] : of.spans()) spans.emplace(id, span.SerializeAsString());
    return spans;
  };
  SpanCollector blocked;
  blocked.Start();
  EXPECT_EQ(send(blocked.url(), {"--verdict", "BLOCK", "--account", "m1"}), 0);
  EXPECT_EQ(blocked.spans().size(), 10U);

  SpanCollector exported;
  exported.Start();
  const std::string gone = exported.url();
  exported.Stop();
  EXPECT_EQ(send(gone, {}), 3) << "nobody listens there";
  exported.Start();
  EXPECT_EQ(send(exported.url(), {}), 0);
  EXPECT_EQ(bytes(exported), bytes(sent));
  EXPECT_EQ(exported.order(), sent.order());
  EXPECT_EQ(send("http://collector.example:4317", {}), 2) << "unencrypted, to another machine";
}

}  // namespace
}  // namespace fundgate::end_to_end
