#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "client/fundctl/arguments.h"
#include "client/fundctl/output.h"
#include "client/fundctl/verbs.h"
#include "fundgate/v1/policies.grpc.pb.h"

namespace fundgate::fundctl {
namespace {

struct RulesOptions {
  std::string name;
  std::string stale_after;
};

std::string Word(v1::RuleMode mode) { return WithoutPrefix(v1::RuleMode_Name(mode), "RULE_MODE_"); }
std::string Word(v1::RuleCondition condition) {
  return WithoutPrefix(v1::RuleCondition_Name(condition), "RULE_CONDITION_");
}

// "SHADOW", "ENFORCE", "ENFORCE 10%".
std::string ModeOf(const v1::Rule& rule) {
  const bool whole = rule.mode() != v1::RULE_MODE_ENFORCE || rule.rollout_percent() >= 100;
  return Word(rule.mode()) + (whole ? "" : " " + std::to_string(rule.rollout_percent()) + "%");
}

std::string TimeOrNever(bool known, const google::protobuf::Timestamp& time) {
  return known ? TextOf(time) : "never";
}

// "HOLD, violation high, freeze".
std::string ThenOf(const v1::Rule& rule) {
  std::string then;
  if (rule.verdict() != v1::VERDICT_UNSPECIFIED) {
    then = WithoutPrefix(v1::Verdict_Name(rule.verdict()), "VERDICT_");
  }
  if (rule.violation().empty()) return then;
  return then + (then.empty() ? "" : ", ") + "violation " + rule.violation() + ", " + rule.action();
}

// Broken ones first, then stale ones: whoever looks sees them.
void PrintList(Context& context, const v1::ListRulesResponse& response) {
  std::vector<std::vector<std::string>> rows = {{"RULE", "CONDITION", "MODE", "HITS", "TODAY",
                                                 "SHADOW", "ERRORS", "LAST HIT", "COST", "TESTS",
                                                 "DRILL", "SINCE", "OWNER"}};
  for (const v1::RuleCondition condition :
       {v1::RULE_CONDITION_BROKEN, v1::RULE_CONDITION_STALE, v1::RULE_CONDITION_FINE}) {
    for (const v1::Rule& rule : response.rules()) {
      if (rule.condition() != condition) continue;
      rows.push_back(
          {rule.name(), Word(condition), ModeOf(rule), std::to_string(rule.hits()),
           std::to_string(rule.hits_today()), std::to_string(rule.shadow_hits()),
           std::to_string(rule.errors()), TimeOrNever(rule.has_last_hit(), rule.last_hit()),
           std::to_string(rule.cost()), rule.tests() == 0 ? "none" : std::to_string(rule.tests()),
           TimeOrNever(rule.has_drilled_at(), rule.drilled_at()),
           "version " + std::to_string(rule.changed_version()), rule.owner()});
    }
  }
  PrintTable(context, rows);
}

std::string VersionText(uint64_t version, bool known, const google::protobuf::Timestamp& time) {
  return known ? "version " + std::to_string(version) + ", " + TextOf(time) : "";
}

void PrintRule(Context& context, const v1::Rule& rule) {
  std::string labels;
  const std::map<std::string, std::string> sorted(rule.labels().begin(), rule.labels().end());
  for (const auto& [name, value] : sorted) {
    absl::StrAppend(&labels, labels.empty() ? "" : ", ", name, "=", value);
  }
  context.out << rule.name() << ": " << Word(rule.condition())
              << (rule.condition_reason().empty() ? "" : ", ") << rule.condition_reason() << "\n";
  PrintPairs(
      context,
      {{"  on", rule.on()},
       {"  when", rule.when()},
       {"  then", ThenOf(rule)},
       {"  mode", ModeOf(rule)},
       {"  share by", rule.rollout_percent() < 100 ? rule.rollout_by() : ""},
       {"  owner", rule.owner()},
       {"  severity", rule.severity()},
       {"  runbook", rule.runbook()},
       {"  labels", labels},
       {"  hits", std::to_string(rule.hits())},
       {"  hits today", std::to_string(rule.hits_today())},
       {"  in shadow", std::to_string(rule.shadow_hits())},
       {"  last hit", TimeOrNever(rule.has_last_hit(), rule.last_hit())},
       {"  errors", std::to_string(rule.errors())},
       {"  last error", rule.has_last_error() ? TextOf(rule.last_error()) : ""},
       {"  error", rule.error()},
       {"  not recorded", rule.suppressed() > 0 ? std::to_string(rule.suppressed()) : ""},
       {"  cost", std::to_string(rule.cost()) + " steps at most"},
       {"  added", VersionText(rule.added_version(), rule.has_added_at(), rule.added_at())},
       {"  changed", VersionText(rule.changed_version(), rule.has_changed_at(), rule.changed_at())},
       {"  tests", rule.tests() == 0
                       ? "none makes it true"
                       : std::to_string(rule.tests()) + ", last run " + TextOf(rule.tested_at())},
       {"  drill", TimeOrNever(rule.has_drilled_at(), rule.drilled_at())}});
}

ExitCode Run(Context& context, const RulesOptions& options, bool show) {
  v1::ListRulesRequest request;
  request.set_name(options.name);
  if (!options.stale_after.empty()) {
    const auto stale_after = ParseDuration(options.stale_after);
    if (!stale_after.ok()) {
      context.err << "fundctl rules: --stale-after: " << stale_after.status().message() << "\n";
      return kUsage;
    }
    *request.mutable_stale_after() = *stale_after;
  }
  grpc::ClientContext call;
  context.SetDeadline(call);
  v1::ListRulesResponse response;
  const grpc::Status status =
      v1::Policies::NewStub(context.channel())->ListRules(&call, request, &response);
  if (!status.ok()) return context.Fail(status);
  if (context.json) {
    for (const v1::Rule& rule : response.rules()) PrintJson(context, rule);
  } else if (show) {
    for (const v1::Rule& rule : response.rules()) PrintRule(context, rule);
  } else {
    PrintList(context, response);
  }
  return kOk;
}

}  // namespace

void AddRules(CLI::App& app, Context& context) {
  CLI::App* rules = app.add_subcommand("rules", "What each rule did, and which need a look");
  rules->require_subcommand(1);
  auto options = std::make_shared<RulesOptions>();
  CLI::App* list = rules->add_subcommand("list", "All rules, those to be looked at first");
  CLI::App* show = rules->add_subcommand("show", "Everything about one rule");
  show->add_option("rule", options->name, "The rule's name")->required();
  for (CLI::App* verb : {list, show}) {
    verb->add_option("--stale-after", options->stale_after,
                     "Stale is what was neither true nor changed for this long; default: 720h");
    const bool is_show = verb == show;
    verb->callback([&context, options, is_show] {
      context.run = [&context, options, is_show] { return Run(context, *options, is_show); };
    });
  }
  rules->footer(
      "\nExamples:\n"
      "  fundctl rules list\n"
      "  fundctl rules show refund_burst\n"
      "  fundctl --output json rules list\n");
}

}  // namespace fundgate::fundctl
