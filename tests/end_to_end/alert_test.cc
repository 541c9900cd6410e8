// Alerts leave the gate at least once: to a real Alertmanager and to a web server, through failures
// of theirs and of the gate.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>
#include <fstream>
#include <future>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "fundgate/v1/alerts.grpc.pb.h"
#include "fundgate/v1/policies.grpc.pb.h"
#include "fundgate/v1/violations.grpc.pb.h"
#include "google/protobuf/util/json_util.h"
#include "tests/end_to_end/alertmanager.h"
#include "tests/end_to_end/processes.h"
#include "tests/export/web_server.h"
#include "tests/gate/gate_world.h"
#include "tests/gate/test_feeder.h"
#include "tests/places/places.h"

namespace fundgate::end_to_end {
namespace {

using exporting::testing::Posted;
using exporting::testing::WebServer;
using gate::testing::TestFeeder;

std::string TextOf(const google::protobuf::Value& alert, const std::string& field,
                   const std::string& name) {
  return alert.struct_value().fields().at(field).struct_value().fields().at(name).string_value();
}

v1::Alert AlertOf(const Posted& posted) {
  v1::Alert alert;
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(posted.body, &alert).ok()) << posted.body;
  return alert;
}

// A gate with a feeder of its source.
class Fed {
 public:
  Fed(const std::string& folder, const std::vector<std::string>& options)
      : gate_(folder, options),
        channel_(grpc::CreateChannel(gate_.address(), grpc::InsecureChannelCredentials())),
        feeder_(channel_, "ledger") {}

  void Ungated(int from, int count) {
    for (int i = from; i < from + count; ++i) {
      feeder_.Happened("refund", absl::StrCat("u", i), absl::StrCat("o", i), 500);
    }
  }
  // Money comes in, so that no invariant is broken by what is refunded.
  void Paid(int from, int count) {
    for (int i = from; i < from + count; ++i) {
      feeder_.Happened("payment", absl::StrCat("p", i), absl::StrCat("o", i), 1000);
    }
  }
  v1::ListAlertsResponse Alerts() {
    grpc::ClientContext context;
    v1::ListAlertsResponse response;
    const grpc::Status status = v1::Alerts::NewStub(channel_)->ListAlerts(&context, {}, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  // Asks until it is so, for a minute at most.
  template <typename Condition>
  void AwaitAlerts(const Condition& holds) {
    const absl::Time deadline = absl::Now() + absl::Minutes(1);
    while (!holds(Alerts()) && absl::Now() < deadline) {
    }
    EXPECT_TRUE(holds(Alerts()));
  }
  void Resolve(const std::string& id) {
    v1::ResolveViolationRequest request;
    request.set_id(id);
    request.set_cause(v1::VIOLATION_CAUSE_BAD_DATA);
    request.set_actor("ann");
    request.set_reason("a wrong import");
    grpc::ClientContext context;
    v1::ResolveViolationResponse response;
    const grpc::Status status =
        v1::Violations::NewStub(channel_)->ResolveViolation(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
  }
  const std::shared_ptr<grpc::Channel>& channel() { return channel_; }
  Process& process() { return gate_.process(); }

 private:
  GateProcess gate_;
  std::shared_ptr<grpc::Channel> channel_;
  TestFeeder feeder_;
};

TEST(Alerts, ReachAnAlertmanagerThatWasDownOnceItIsUpGrouped) {
  const TemporaryFolder folder;
  Alertmanager alertmanager;
  {
    Fed gate(folder.path(), {"--alertmanager", alertmanager.url(), "--alert-longest-wait", "1"});
    gate.Paid(0, 50);
    gate.Ungated(0, 50);
    gate.AwaitAlerts([](const v1::ListAlertsResponse& listed) {
      return listed.alerts_size() == 1 && listed.attempts_size() == 1 &&
             listed.attempts(0).sink() == "alertmanager" &&
             listed.attempts(0).error().find("no answer from") == 0;
    });
    ASSERT_NO_FATAL_FAILURE(alertmanager.Start());
    const auto alerts = alertmanager.Await(1);
    ASSERT_EQ(alerts.values_size(), 1);
    EXPECT_EQ(TextOf(alerts.values(0), "labels", "alertname"), "ungated");
    EXPECT_EQ(TextOf(alerts.values(0), "labels", "severity"), "critical");
    EXPECT_EQ(TextOf(alerts.values(0), "labels", "movement"), "refund");
    EXPECT_EQ(TextOf(alerts.values(0), "annotations", "count"), "50");
    EXPECT_EQ(TextOf(alerts.values(0), "annotations", "sum"), "CNY 250.00");
    gate.AwaitAlerts([](const v1::ListAlertsResponse& listed) {
      return listed.alerts().empty() && listed.attempts().empty();
    });
    gate.Resolve(TextOf(alerts.values(0), "labels", "group"));
    alertmanager.Await(0);
    gate.process().Signal(SIGTERM);
    EXPECT_EQ(gate.process().Wait(), 0);
  }
  EXPECT_EQ(Verify(folder.path()), 0);
}

TEST(Alerts, AnAlertmanagerThatForgotEverythingIsToldAgain) {
  const TemporaryFolder folder;
  Alertmanager alertmanager;
  ASSERT_NO_FATAL_FAILURE(alertmanager.Start());
  Fed gate(folder.path(), {"--alertmanager", alertmanager.url(), "--alert-longest-wait", "1",
                           "--alert-repeat", "1"});
  gate.Paid(0, 1);
  gate.Ungated(0, 1);
  alertmanager.Await(1);
  alertmanager.Kill();
  ASSERT_NO_FATAL_FAILURE(alertmanager.Start());
  alertmanager.Await(1);
}

TEST(Alerts, ADeliveryThatTheGateDiedOverComesAgainUnderTheSameIdAndNoOtherDoes) {
  const TemporaryFolder folder;
  std::unique_ptr<Fed> gate;
  std::promise<void> died;
  std::shared_future<void> is_dead = died.get_future().share();
  const WebServer server([is_dead](int n, const Posted&) {
    if (n == 1) is_dead.wait();
    return 200;
  });
  const std::vector<std::string> options = {"--alert-webhook", server.url()};
  gate = std::make_unique<Fed>(folder.path(), options);
  gate->Paid(0, 1);
  gate->Ungated(0, 1);
  server.Await(1);
  gate->process().Signal(SIGKILL);  // it has told, and will never know that it was heard
  gate->process().Wait();
  died.set_value();
  EXPECT_EQ(Verify(folder.path()), 0);

  gate = std::make_unique<Fed>(folder.path(), options);
  server.Await(2);
  gate->AwaitAlerts([](const v1::ListAlertsResponse& listed) { return listed.alerts().empty(); });
  gate->process().Signal(SIGTERM);
  EXPECT_EQ(gate->process().Wait(), 0);

  gate = std::make_unique<Fed>(folder.path(), options);
  gate->Resolve(AlertOf(server.posted().front()).group().id());
  const std::vector<Posted> posted = server.Await(3);
  EXPECT_EQ(posted[0].idempotency_key, posted[1].idempotency_key);
  EXPECT_EQ(AlertOf(posted[1]).kind(), v1::ALERT_KIND_OPENED);
  EXPECT_NE(posted[2].idempotency_key, posted[1].idempotency_key);
  EXPECT_EQ(AlertOf(posted[2]).kind(), v1::ALERT_KIND_RESOLVED);
}

TEST(Alerts, AReceiverThatNeverAnswersSlowsNoVerdict) {
  const TemporaryFolder folder;
  std::promise<void> test_ends;
  std::shared_future<void> ended = test_ends.get_future().share();
  {
    const WebServer server([ended](int, const Posted&) {
      ended.wait();
      return 200;
    });
    Fed gate(folder.path(), {"--alert-webhook", server.url(), "--alert-timeout", "60"});
    gate.Paid(0, 100);
    gate.Ungated(0, 1);
    server.Await(1);
    const auto stub = v1::Gate::NewStub(gate.channel());
    for (int i = 1; i < 100; ++i) {
      grpc::ClientContext context;
      context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
      v1::Decision decision;
      const v1::CheckRequest request =
          gate::testing::Refund(absl::StrCat("r", i), absl::StrCat("o", i), 10);
      ASSERT_TRUE(stub->Check(&context, request, &decision).ok());
      ASSERT_EQ(decision.verdict(), v1::VERDICT_ALLOW);
    }
    EXPECT_EQ(server.posted().size(), 1U);
    gate.process().Signal(SIGTERM);  // which doesn't wait for the receiver either
    EXPECT_EQ(gate.process().Wait(), 0);
    test_ends.set_value();
  }
}

TEST(Alerts, AnActionCallsItsEndpointWithTheViolation) {
  const TemporaryFolder folder;
  const WebServer items;
  const WebServer alerts;
  Fed gate(folder.path(),
           {"--action", "item_service=" + items.url("/off_sale"), "--alert-webhook", alerts.url()});
  std::ifstream file(places::Source("config/policy.yaml"));
  const std::string document(std::istreambuf_iterator<char>(file), {});
  v1::ApplyPolicyRequest request;
  request.set_document(absl::StrReplaceAll(
      document,
      {{"\nactions:\n", "\nactions:\n  take_off: {on: [ungated], call: item_service}\n"}}));
  request.set_actor("ann");
  request.set_comment("take it off sale");
  grpc::ClientContext context;
  v1::ApplyPolicyResponse response;
  const grpc::Status status =
      v1::Policies::NewStub(gate.channel())->ApplyPolicy(&context, request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  gate.Paid(0, 1);
  gate.Ungated(0, 1);
  const v1::Alert call = AlertOf(items.Await(1).front());
  EXPECT_EQ(items.posted().front().path, "/off_sale");
  EXPECT_EQ(call.kind(), v1::ALERT_KIND_CALL);
  EXPECT_EQ(call.action(), "take_off");
  EXPECT_EQ(call.violation().name(), "ungated");
  EXPECT_EQ(call.violation().order_id(), "o0");
  EXPECT_EQ(AlertOf(alerts.Await(1).front()).kind(), v1::ALERT_KIND_OPENED);
  gate.AwaitAlerts([](const v1::ListAlertsResponse& listed) { return listed.alerts().empty(); });
}

TEST(Alerts, ATokenThatOthersMayReadEndsTheStart) {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/token";
  std::ofstream(path) << "secret-of-the-pager\n";
  ASSERT_EQ(chmod(path.c_str(), 0644), 0);
  Process gate({places::Program("fundgated"), "--data", folder.path() + "/gate", "--alert-webhook",
                "http://127.0.0.1:9/", "--token-file", "webhook=" + path});
  EXPECT_EQ(gate.Wait(), 2);
  ASSERT_EQ(chmod(path.c_str(), 0600), 0);
  EXPECT_EQ(Fed(folder.path(),
                {"--alert-webhook", "http://127.0.0.1:9/", "--token-file", "webhook=" + path})
                .Alerts()
                .alerts_size(),
            0);
}

TEST(Alerts, AnAddressThatIsASecretStandsInAFile) {
  WebServer pager;
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/pager.url";
  std::ofstream(path) << pager.url("/hooks/hunter2") << "\n";
  ASSERT_EQ(chmod(path.c_str(), 0644), 0);
  Process open({places::Program("fundgated"), "--data", folder.path() + "/gate", "--alert-webhook",
                "@" + path});
  EXPECT_EQ(open.Wait(), 2) << "others may read it";
  Process named({places::Program("fundgated"), "--data", folder.path() + "/gate", "--alert-webhook",
                 "https://ann:hunter2@pager.example/"});
  EXPECT_NE(named.Wait(), 0) << "it holds a password";
  ASSERT_EQ(chmod(path.c_str(), 0600), 0);
  Fed gate(folder.path(), {"--alert-webhook", "@" + path});
  gate.Paid(0, 1);
  gate.Ungated(0, 1);
  pager.Await(1);
  EXPECT_EQ(pager.posted().front().path, "/hooks/hunter2");
  std::ifstream words(absl::StrCat("/proc/", gate.process().id(), "/cmdline"));
  const std::string command{std::istreambuf_iterator<char>(words), {}};
  EXPECT_NE(command.find("--alert-webhook"), std::string::npos);
  EXPECT_EQ(command.find("hunter2"), std::string::npos);
}

}  // namespace
}  // namespace fundgate::end_to_end
