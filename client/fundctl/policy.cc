#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "client/fundctl/output.h"
#include "client/fundctl/policy_document.h"
#include "client/fundctl/policy_release.h"
#include "client/fundctl/policy_review.h"
#include "client/fundctl/verbs.h"
#include "fundgate/v1/policies.grpc.pb.h"

namespace fundgate::fundctl {
namespace {

struct PolicyOptions {
  std::string file;
  std::string actor;
  std::string comment;
  uint64_t version = 0;
};

ExitCode RunValidate(Context& context, const PolicyOptions& options) {
  v1::ValidatePolicyRequest request;
  if (!ReadDocument(context, options.file, request)) return kUsage;
  grpc::ClientContext call;
  context.SetDeadline(call);
  v1::ValidatePolicyResponse response;
  const grpc::Status status =
      v1::Policies::NewStub(context.channel())->ValidatePolicy(&call, request, &response);
  if (!status.ok()) return context.Fail(status);
  if (context.json) PrintJson(context, response);
  PrintProblems(context, response.problems());
  if (response.problems_size() > 0) return kError;
  if (!context.json) context.out << options.file << " is valid.\n";
  return kOk;
}

// How many of the rules and checks tests make speak, and which none does.
void PrintCoverage(Context& context, const v1::TestPolicyResponse& response,
                   const std::string& file) {
  std::vector<std::string> lines;
  for (const v1::PolicyCoverage& covered : response.coverage()) {
    if (covered.tests_size() > 0) continue;
    lines.push_back("  " + file + ":" + std::to_string(covered.line()) + ": " + covered.path());
  }
  const int all = response.coverage_size();
  context.out << "Tests make " << all - static_cast<int>(lines.size()) << " of " << all
              << " rules and checks speak."
              << (lines.empty() ? "\n" : " None shows what these do:\n");
  for (const std::string& line : lines) context.out << line << "\n";
}

ExitCode RunTest(Context& context, const PolicyOptions& options) {
  v1::TestPolicyRequest request;
  if (!ReadDocument(context, options.file, request)) return kUsage;
  grpc::ClientContext call;
  context.SetDeadline(call);
  v1::TestPolicyResponse response;
  const grpc::Status status =
      v1::Policies::NewStub(context.channel())->TestPolicy(&call, request, &response);
  if (!status.ok()) return context.Fail(status);
  if (context.json) PrintJson(context, response);
  PrintProblems(context, response.problems());
  int failed = response.problems_size();
  for (const v1::PolicyTestResult& result : response.results()) {
    if (!result.passed()) ++failed;
    if (context.json) continue;
    PrintTestResult(context, result);
  }
  if (!context.json && response.problems().empty()) PrintCoverage(context, response, options.file);
  return failed == 0 ? kOk : kError;
}

ExitCode RunApply(Context& context, const PolicyOptions& options) {
  v1::ApplyPolicyRequest request;
  if (!ReadDocument(context, options.file, request)) return kUsage;
  request.set_actor(context.ActorOf(options.actor));
  request.set_comment(options.comment);
  if (options.version > 0) request.set_expected_current_version(options.version);
  grpc::ClientContext call;
  context.SetDeadline(call);
  v1::ApplyPolicyResponse response;
  const grpc::Status status =
      v1::Policies::NewStub(context.channel())->ApplyPolicy(&call, request, &response);
  if (!status.ok()) return context.Fail(status);
  if (context.json) {
    PrintJson(context, response);
  } else {
    context.out << "Version " << response.version().version()
                << (response.unchanged() ? " was in force already.\n" : " is in force.\n");
  }
  return kOk;
}

ExitCode RunGet(Context& context, const PolicyOptions& options) {
  v1::GetPolicyRequest request;
  if (options.version > 0) request.set_version(options.version);
  grpc::ClientContext call;
  context.SetDeadline(call);
  v1::GetPolicyResponse response;
  const grpc::Status status =
      v1::Policies::NewStub(context.channel())->GetPolicy(&call, request, &response);
  if (!status.ok()) return context.Fail(status);
  if (context.json) {
    PrintJson(context, response);
  } else {
    context.out << response.document();
  }
  return kOk;
}

ExitCode RunHistory(Context& context) {
  v1::ListPolicyVersionsRequest request;
  std::vector<std::vector<std::string>> rows = {{"VERSION", "APPLIED", "BY", "COMMENT"}};
  do {
    grpc::ClientContext call;
    context.SetDeadline(call);
    v1::ListPolicyVersionsResponse response;
    const grpc::Status status =
        v1::Policies::NewStub(context.channel())->ListPolicyVersions(&call, request, &response);
    if (!status.ok()) return context.Fail(status);
    for (const v1::PolicyVersion& version : response.versions()) {
      if (context.json) PrintJson(context, version);
      rows.push_back({std::to_string(version.version()), TextOf(version.applied_at()),
                      version.actor(), version.comment()});
    }
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  if (!context.json) PrintTable(context, rows);
  return kOk;
}

ExitCode RunRollback(Context& context, const PolicyOptions& options) {
  v1::RollbackPolicyRequest request;
  request.set_version(options.version);
  request.set_actor(context.ActorOf(options.actor));
  request.set_comment(options.comment);
  grpc::ClientContext call;
  context.SetDeadline(call);
  v1::RollbackPolicyResponse response;
  const grpc::Status status =
      v1::Policies::NewStub(context.channel())->RollbackPolicy(&call, request, &response);
  if (!status.ok()) return context.Fail(status);
  if (context.json) {
    PrintJson(context, response);
  } else {
    context.out << "Version " << response.version().version() << " is in force, with the text of "
                << options.version << ".\n";
  }
  return kOk;
}

// A verb that takes a file and runs `run`.
template <typename Run>
CLI::App* AddFileVerb(CLI::App& policy, Context& context, const std::string& name,
                      const std::string& description, const std::shared_ptr<PolicyOptions>& options,
                      Run run) {
  CLI::App* verb = policy.add_subcommand(name, description);
  verb->add_option("file", options->file, "The policy document, YAML")->required();
  verb->callback([&context, options, run] {
    context.run = [&context, options, run] { return run(context, *options); };
  });
  return verb;
}

}  // namespace

void AddPolicy(CLI::App& app, Context& context) {
  CLI::App* policy = app.add_subcommand("policy", "The document that declares everything");
  policy->require_subcommand(1);
  policy->footer(
      "\nExamples:\n"
      "  fundctl policy test config/policy.yaml\n"
      "  fundctl policy diff config/policy.yaml\n"
      "  fundctl policy backtest config/policy.yaml --from 2026-11-01T00:00:00Z\n"
      "  fundctl policy apply config/policy.yaml --comment \"hold refunds over 1000\"\n"
      "  fundctl policy promote refund_burst --percent 10 --comment \"a week without false "
      "alarms\"\n"
      "  fundctl policy rollback 3 --comment \"version 4 held too much\"\n");
  auto options = std::make_shared<PolicyOptions>();
  AddFileVerb(*policy, context, "validate", "Lists everything wrong with it", options, RunValidate);
  AddFileVerb(*policy, context, "test", "Runs the tests in it; changes nothing", options, RunTest);
  CLI::App* apply = AddFileVerb(*policy, context, "apply", "Puts it in force if its tests pass",
                                options, RunApply);
  apply->add_option("--comment", options->comment, "What changes and why")->required();
  AddActor(*apply, options->actor);
  apply->add_option("--expect-version", options->version, "Refuse if another one is in force");

  AddPolicyDiff(*policy, context);
  AddPolicyBacktest(*policy, context);
  AddPolicyRelease(*policy, context);
  CLI::App* get = policy->add_subcommand("get", "Prints the text in force, or of a version");
  get->add_option("version", options->version, "Version number");
  get->callback([&context, options] {
    context.run = [&context, options] { return RunGet(context, *options); };
  });
  CLI::App* history = policy->add_subcommand("history", "Lists all versions");
  history->callback([&context] { context.run = [&context] { return RunHistory(context); }; });
  CLI::App* rollback = policy->add_subcommand("rollback", "Applies an older version's text again");
  rollback->add_option("version", options->version, "Version number")->required();
  rollback->add_option("--comment", options->comment, "Why")->required();
  AddActor(*rollback, options->actor);
  rollback->callback([&context, options] {
    context.run = [&context, options] { return RunRollback(context, *options); };
  });
}

}  // namespace fundgate::fundctl
