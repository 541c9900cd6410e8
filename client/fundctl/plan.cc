#include <memory>
#include <ostream>

#include "CLI/CLI.hpp"
#include "absl/time/time.h"
#include "client/fundctl/output.h"
#include "client/fundctl/verbs.h"
#include "fundgate/v1/plans.grpc.pb.h"
#include "google/protobuf/util/time_util.h"

namespace fundgate::fundctl {
namespace {

struct PlanOptions {
  std::string plan;
  std::string reason;
  std::string actor;
  std::string lasting;
};

// "cash_out BLOCK, refund WATCH"
std::string TogglesOf(const v1::Plan& plan) {
  std::string text;
  for (const v1::PlanToggle& toggle : plan.toggles()) {
    text += (text.empty() ? "" : ", ") + toggle.scope() + " " +
            (toggle.mode() == v1::VERDICT_ALLOW
                 ? "WATCH"
                 : WithoutPrefix(v1::Verdict_Name(toggle.mode()), "VERDICT_"));
  }
  return text;
}

std::string StateOf(const v1::Plan& plan) {
  if (!plan.has_run()) return "-";
  const v1::PlanRun& run = plan.run();
  std::string text = "since " + TextOf(run.started_at());
  if (run.has_until()) text += " until " + TextOf(run.until());
  text += " by " + run.actor() + ": " + run.reason();
  if (run.has_undo_wanted()) {
    text += "; " + run.undo_wanted().actor() + " wants it undone: waits for a second person";
  }
  return text;
}

void PrintPlan(Context& context, const v1::Plan& plan) {
  if (context.json) return PrintJson(context, plan);
  std::string switched;
  for (const std::string& scope : plan.run().switched()) {
    switched += (switched.empty() ? "" : ", ") + scope;
  }
  PrintPairs(context, {{"plan", plan.name()},
                       {"about", plan.about()},
                       {"owner", plan.owner()},
                       {"runbook", plan.runbook()},
                       {"toggles", TogglesOf(plan)},
                       {"in force", StateOf(plan)},
                       {"switched", switched}});
}

ExitCode RunList(Context& context) {
  grpc::ClientContext call;
  context.SetDeadline(call);
  v1::ListPlansResponse response;
  const grpc::Status status =
      v1::Plans::NewStub(context.channel())->ListPlans(&call, {}, &response);
  if (!status.ok()) return context.Fail(status);
  std::vector<std::vector<std::string>> rows = {{"PLAN", "IN FORCE", "TOGGLES", "OWNER", "ABOUT"}};
  for (const v1::Plan& plan : response.plans()) {
    if (context.json) {
      PrintJson(context, plan);
    } else {
      rows.push_back({plan.name(), StateOf(plan), TogglesOf(plan), plan.owner(), plan.about()});
    }
  }
  if (context.json) return kOk;
  if (rows.size() == 1) {
    context.out << "The policy has no plans.\n";
  } else {
    PrintTable(context, rows);
  }
  return kOk;
}

ExitCode RunRun(Context& context, const PlanOptions& options) {
  v1::RunPlanRequest request;
  request.set_plan(options.plan);
  request.set_reason(options.reason);
  request.set_actor(context.ActorOf(options.actor));
  if (!options.lasting.empty()) {
    absl::Duration lasting;
    if (!absl::ParseDuration(options.lasting, &lasting) || lasting <= absl::ZeroDuration()) {
      context.err << "fundctl plan run: --for: expected a duration like 30m, not \""
                  << options.lasting << "\"\n";
      return kUsage;
    }
    *request.mutable_lasts() =
        google::protobuf::util::TimeUtil::NanosecondsToDuration(absl::ToInt64Nanoseconds(lasting));
  }
  grpc::ClientContext call;
  context.SetDeadline(call);
  v1::RunPlanResponse response;
  const grpc::Status status =
      v1::Plans::NewStub(context.channel())->RunPlan(&call, request, &response);
  if (!status.ok()) return context.Fail(status);
  PrintPlan(context, response.plan());
  return kOk;
}

ExitCode RunUndo(Context& context, const PlanOptions& options) {
  v1::UndoPlanRequest request;
  request.set_plan(options.plan);
  request.set_reason(options.reason);
  request.set_actor(context.ActorOf(options.actor));
  grpc::ClientContext call;
  context.SetDeadline(call);
  v1::UndoPlanResponse response;
  const grpc::Status status =
      v1::Plans::NewStub(context.channel())->UndoPlan(&call, request, &response);
  if (!status.ok()) return context.Fail(status);
  PrintPlan(context, response.plan());
  return response.plan().has_run() ? kHold : kOk;
}

}  // namespace

void AddPlan(CLI::App& app, Context& context) {
  CLI::App* plan = app.add_subcommand("plan", "Sets of switches that the policy has prepared");
  plan->require_subcommand(1);
  CLI::App* list = plan->add_subcommand("list", "All plans, and which of them are in force");
  list->callback([&context] { context.run = [&context] { return RunList(context); }; });

  auto options = std::make_shared<PlanOptions>();
  CLI::App* run = plan->add_subcommand("run", "Switches all that a plan names");
  run->footer(
      "\nExample:\n"
      "  fundctl plan run pay_db_is_wrong --for 30m --reason \"rows without payments\"\n");
  run->add_option("plan", options->plan, "As plan list shows it")->required();
  run->add_option("--for", options->lasting, "Ends by itself after this long; else as it says");
  run->add_option("--reason", options->reason, "Why; shown to everybody who asks")->required();
  AddActor(*run, options->actor);
  run->callback([&context, options] {
    context.run = [&context, options] { return RunRun(context, *options); };
  });

  CLI::App* undo = plan->add_subcommand("undo", "Takes back what a plan has switched");
  undo->footer(
      "\nExample:\n"
      "  fundctl plan undo pay_db_is_wrong --reason \"the rows are mended\"\n");
  undo->add_option("plan", options->plan, "As plan list shows it")->required();
  undo->add_option("--reason", options->reason, "Why")->required();
  AddActor(*undo, options->actor);
  undo->callback([&context, options] {
    context.run = [&context, options] { return RunUndo(context, *options); };
  });
}

}  // namespace fundgate::fundctl
