#include <memory>
#include <ostream>

#include "CLI/CLI.hpp"
#include "client/fundctl/output.h"
#include "client/fundctl/verbs.h"
#include "fundgate/v1/status.grpc.pb.h"
#include "google/protobuf/util/time_util.h"

namespace fundgate::fundctl {
namespace {

void PrintStatus(Context& context, const v1::GetStatusResponse& status) {
  PrintPairs(
      context,
      {{"gate", status.serving() ? "serving" : "NOT SERVING: " + status.not_serving_reason()},
       {"ready", status.ready() ? "yes" : "NOT YET: " + status.not_ready_reason()},
       {"policy", "version " + std::to_string(status.policy_version())},
       {"journal", "record " + std::to_string(status.last_sequence())},
       {"time", TextOf(status.gate_time())},
       {"clock", status.clock_state() == v1::CLOCK_STATE_DRIFTED
                     ? "DRIFTED: `fundctl status accept-time` once the wall clock is right"
                     : "in step"},
       {"breakers", std::to_string(status.breakers_open()) + " open, " +
                        std::to_string(status.breakers_half_open()) + " half open"},
       {"queue", std::to_string(status.queue_depth()) + " of " +
                     std::to_string(status.queue_capacity()) + ", " +
                     std::to_string(status.parked_checks()) + " parked"},
       {"unproven", std::to_string(status.unproven_scopes()) + " scopes"},
       {"alerts", std::to_string(status.alerts_waiting()) + " waiting" +
                      (status.has_oldest_alert_at()
                           ? " since " + TextOf(status.oldest_alert_at()) + ": `fundctl alert list`"
                           : "") +
                      ", " + std::to_string(status.open_groups()) + " groups open"},
       {"blind", std::to_string(status.blind_permille()) + " of 1000"}});
  std::vector<std::vector<std::string>> rows = {{"SOURCE", "FEEDER", "POSITION", "PROVEN PAST"}};
  for (const v1::SourceStatus& source : status.sources()) {
    rows.push_back({source.name(), source.feeder_connected() ? "connected" : "NONE",
                    source.position().empty() ? "-" : source.position(),
                    source.has_proven_past() ? TextOf(source.proven_past()) : "never"});
  }
  PrintTable(context, rows);
}

ExitCode RunStatus(Context& context) {
  grpc::ClientContext call;
  context.SetDeadline(call);
  v1::GetStatusResponse response;
  const grpc::Status status =
      v1::Status::NewStub(context.channel())->GetStatus(&call, v1::GetStatusRequest(), &response);
  if (!status.ok()) return context.Fail(status);
  context.json ? PrintJson(context, response) : PrintStatus(context, response);
  return kOk;
}

ExitCode RunAcceptTime(Context& context, const std::string& actor, const std::string& reason) {
  v1::AcceptTimeRequest request;
  request.set_actor(context.ActorOf(actor));
  request.set_reason(reason);
  grpc::ClientContext call;
  context.SetDeadline(call);
  v1::AcceptTimeResponse response;
  const grpc::Status status =
      v1::Status::NewStub(context.channel())->AcceptTime(&call, request, &response);
  if (!status.ok()) return context.Fail(status);
  if (context.json) {
    PrintJson(context, response);
  } else {
    context.out << "The gate's time is " << TextOf(response.gate_time()) << ".\n";
  }
  return kOk;
}

}  // namespace

void AddStatus(CLI::App& app, Context& context) {
  CLI::App* status = app.add_subcommand("status", "How the gate is, and how blind");
  status->callback([&context] {
    if (!context.run) context.run = [&context] { return RunStatus(context); };
  });
  auto actor = std::make_shared<std::string>();
  auto reason = std::make_shared<std::string>();
  CLI::App* accept = status->add_subcommand("accept-time", "Says that the wall clock is right now");
  AddActor(*accept, *actor);
  accept->add_option("--reason", *reason, "What was wrong with it")->required();
  accept->callback([&context, actor, reason] {
    context.run = [&context, actor, reason] { return RunAcceptTime(context, *actor, *reason); };
  });
}

}  // namespace fundgate::fundctl
