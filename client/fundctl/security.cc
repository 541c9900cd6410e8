#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "client/fundctl/output.h"
#include "client/fundctl/verbs.h"
#include "fundgate/v1/security.grpc.pb.h"

namespace fundgate::fundctl {
namespace {

struct DenialOptions {
  std::string caller;
  int limit = 100;
};

std::string NameOf(v1::DenialReason reason) {
  return WithoutPrefix(v1::DenialReason_Name(reason), "DENIAL_REASON_");
}

std::string OrDash(const std::string& text) { return text.empty() ? "-" : text; }

void PrintDenials(Context& context, const v1::ListDenialsResponse& response) {
  std::vector<std::vector<std::string>> counts = {
      {"DENIED SINCE " + TextOf(response.since()), "TIMES"}};
  for (const v1::DenialCount& count : response.counts()) {
    counts.push_back({NameOf(count.reason()), absl::StrCat(count.count())});
  }
  if (counts.size() == 1) {
    context.out << "Nobody was denied since " << TextOf(response.since()) << ".\n";
    return;
  }
  PrintTable(context, counts);
  std::vector<std::vector<std::string>> rows = {
      {"AT", "REASON", "CALLER", "CERTIFICATE", "CALL", "FROM", "WHY"}};
  for (const v1::Denial& denial : response.denials()) {
    rows.push_back({TextOf(denial.at()), NameOf(denial.reason()), OrDash(denial.caller()),
                    OrDash(denial.certificate()), OrDash(denial.rpc()), OrDash(denial.peer()),
                    denial.message()});
  }
  if (rows.size() == 1) return;
  context.out << "\n";
  PrintTable(context, rows);
}

ExitCode RunDenials(Context& context, const DenialOptions& options) {
  v1::ListDenialsRequest request;
  request.set_limit(options.limit);
  request.set_caller(options.caller);
  grpc::ClientContext call;
  context.SetDeadline(call);
  v1::ListDenialsResponse response;
  const grpc::Status status =
      v1::Security::NewStub(context.channel())->ListDenials(&call, request, &response);
  if (!status.ok()) return context.Fail(status);
  context.json ? PrintJson(context, response) : PrintDenials(context, response);
  return kOk;
}

}  // namespace

void AddSecurity(CLI::App& app, Context& context) {
  CLI::App* security = app.add_subcommand("security", "Who was refused");
  security->require_subcommand(1);
  auto options = std::make_shared<DenialOptions>();
  CLI::App* denials = security->add_subcommand(
      "denials", "Shows the newest first, and how many there were since the gate started");
  denials->footer("\nExample:\n  fundctl security denials --caller payments\n");
  denials->add_option("--caller", options->caller, "Only this one's, as the access file names it");
  denials->add_option("--limit", options->limit, "At most this many")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  denials->callback([&context, options] {
    context.run = [&context, options] { return RunDenials(context, *options); };
  });
}

}  // namespace fundgate::fundctl
