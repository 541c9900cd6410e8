#include <map>
#include <ostream>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "client/fundctl/output.h"
#include "client/fundctl/verbs.h"
#include "fundgate/v1/alerts.grpc.pb.h"

namespace fundgate::fundctl {
namespace {

void PrintAlerts(Context& context, const v1::ListAlertsResponse& response) {
  if (response.alerts().empty()) context.out << "No alerts wait.\n";
  std::vector<std::vector<std::string>> rows = {{"ALERT", "SINCE", "KIND", "LEVEL", "WHAT"}};
  for (const v1::Alert& alert : response.alerts()) {
    rows.push_back({alert.id(), TextOf(alert.at()),
                    WithoutPrefix(v1::AlertKind_Name(alert.kind()), "ALERT_KIND_"),
                    absl::StrCat(alert.level()), alert.summary()});
  }
  if (rows.size() > 1) PrintTable(context, rows);
  std::vector<std::vector<std::string>> attempts = {
      {"LAST FAILURE OF", "TO", "AT", "ATTEMPTS", "ERROR"}};
  for (const v1::DeliveryAttempt& attempt : response.attempts()) {
    attempts.push_back({attempt.alert_id(), attempt.sink(), TextOf(attempt.at()),
                        absl::StrCat(attempt.attempts()), attempt.error()});
  }
  if (attempts.size() > 1) PrintTable(context, attempts);
}

ExitCode RunList(Context& context) {
  grpc::ClientContext call;
  context.SetDeadline(call);
  v1::ListAlertsResponse response;
  const grpc::Status status =
      v1::Alerts::NewStub(context.channel())->ListAlerts(&call, v1::ListAlertsRequest(), &response);
  if (!status.ok()) return context.Fail(status);
  context.json ? PrintJson(context, response) : PrintAlerts(context, response);
  return kOk;
}

}  // namespace

void AddAlert(CLI::App& app, Context& context) {
  CLI::App* alert = app.add_subcommand("alert", "What waits to be told to people");
  alert->require_subcommand(1);
  CLI::App* list =
      alert->add_subcommand("list", "Shows what waits, and what went wrong with it last");
  list->footer("\nExample:\n  fundctl alert list\n");
  list->callback([&context] { context.run = [&context] { return RunList(context); }; });
}

}  // namespace fundgate::fundctl
