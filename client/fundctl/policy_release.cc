#include "client/fundctl/policy_release.h"

#include <memory>
#include <optional>
#include <ostream>
#include <string>

#include "CLI/CLI.hpp"
#include "client/fundctl/output.h"
#include "client/fundctl/policy_review.h"
#include "fundgate/v1/policies.grpc.pb.h"

namespace fundgate::fundctl {
namespace {

struct ReleaseOptions {
  std::string rule;
  std::optional<int64_t> percent;
  std::string actor;
  std::string comment;
  std::optional<uint64_t> expected_version;
  bool dry_run = false;
};

// What changed or would change. In a dry run also the tests that would refuse it.
void Print(Context& context, const v1::ChangeRuleResponse& response, int failed) {
  for (const v1::PolicyChange& change : response.changes()) PrintChange(context, change);
  for (const v1::PolicyTestResult& result : response.results()) {
    if (!result.passed()) PrintTestResult(context, result);
  }
  if (response.has_version()) {
    context.out << "Version " << response.version().version() << " is in force.\n";
  } else {
    context.out << "Nothing was applied: this is what would change in version "
                << response.base_version() << (failed > 0 ? ", and be refused" : "") << ".\n";
  }
}

ExitCode Run(Context& context, const ReleaseOptions& options, v1::RuleMode mode) {
  v1::ChangeRuleRequest request;
  request.set_rule(options.rule);
  request.set_mode(mode);
  if (options.percent.has_value()) request.set_rollout_percent(*options.percent);
  request.set_actor(context.ActorOf(options.actor));
  request.set_comment(options.comment);
  if (options.expected_version.has_value()) {
    request.set_expected_current_version(*options.expected_version);
  }
  request.set_dry_run(options.dry_run);
  grpc::ClientContext call;
  context.SetDeadline(call);
  v1::ChangeRuleResponse response;
  const grpc::Status status =
      v1::Policies::NewStub(context.channel())->ChangeRule(&call, request, &response);
  if (!status.ok()) return context.Fail(status);
  int failed = 0;
  for (const v1::PolicyTestResult& result : response.results()) failed += result.passed() ? 0 : 1;
  if (context.json) {
    PrintJson(context, response);
  } else {
    Print(context, response, failed);
  }
  return failed == 0 ? kOk : kError;
}

CLI::App* AddVerb(CLI::App& policy, Context& context, const std::string& name,
                  const std::string& description, v1::RuleMode mode,
                  const std::shared_ptr<ReleaseOptions>& options) {
  CLI::App* verb = policy.add_subcommand(name, description);
  verb->add_option("rule", options->rule, "The rule's name")->required();
  verb->add_option("--comment", options->comment, "Why")->required();
  AddActor(*verb, options->actor);
  verb->add_option("--expect-version", options->expected_version,
                   "Refuse if another one is in force");
  verb->add_flag("--dry-run", options->dry_run, "Tell what would change, and change nothing");
  verb->callback([&context, options, mode] {
    context.run = [&context, options, mode] { return Run(context, *options, mode); };
  });
  return verb;
}

}  // namespace

void AddPolicyRelease(CLI::App& policy, Context& context) {
  const auto options = std::make_shared<ReleaseOptions>();
  CLI::App* promote = AddVerb(policy, context, "promote", "Lets a rule count that was in shadow",
                              v1::RULE_MODE_ENFORCE, options);
  promote->add_option("--percent", options->percent, "For how many of a hundred; default: as it is")
      ->check(CLI::Range(0, 100));
  promote->footer(
      "\nA new version of the policy that differs in this alone; its tests run before.\n"
      "Example:\n"
      "  fundctl policy promote refund_burst --percent 10 --comment \"a week without false "
      "alarms\"\n");
  CLI::App* rollout = AddVerb(policy, context, "rollout", "Sets for what share a rule counts",
                              v1::RULE_MODE_UNSPECIFIED, options);
  rollout->add_option("percent", options->percent, "For how many of a hundred")
      ->required()
      ->check(CLI::Range(0, 100));
  rollout->footer(
      "\nWho was in a smaller share stays in a larger one.\n"
      "Example:\n"
      "  fundctl policy rollout refund_burst 50 --comment \"no complaints at 10\"\n");
  CLI::App* demote = AddVerb(policy, context, "demote", "Puts a rule back into the shadow",
                             v1::RULE_MODE_SHADOW, options);
  demote->footer(
      "\nExample:\n"
      "  fundctl policy demote refund_burst --comment \"holds the sale of the year\"\n");
}

}  // namespace fundgate::fundctl
