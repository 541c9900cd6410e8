#include <memory>
#include <vector>

#include "CLI/CLI.hpp"
#include "client/fundctl/arguments.h"
#include "client/fundctl/output.h"
#include "client/fundctl/verbs.h"
#include "fundgate/types/status_macros.h"
#include "fundgate/v1/gate.grpc.pb.h"

namespace fundgate::fundctl {
namespace {

struct CheckOptions {
  std::string checkpoint;
  std::string key;
  std::string account;
  std::string order;
  std::string amount;
  std::string request_id;
  std::string max_staleness;
  std::vector<std::string> lines;
  std::vector<std::string> attributes;
  std::vector<std::string> after;
};

absl::StatusOr<v1::CheckRequest> RequestOf(const CheckOptions& options) {
  v1::CheckRequest request;
  request.set_checkpoint(options.checkpoint);
  request.set_idempotency_key(options.key);
  request.set_account_id(options.account);
  request.set_order_id(options.order);
  request.set_request_id(options.request_id);
  FUNDGATE_ASSIGN_OR_RETURN(*request.mutable_amount(), ParseMoney(options.amount));
  if (!options.max_staleness.empty()) {
    FUNDGATE_ASSIGN_OR_RETURN(*request.mutable_max_staleness(),
                              ParseDuration(options.max_staleness));
  }
  for (const std::string& line : options.lines) {
    FUNDGATE_ASSIGN_OR_RETURN(*request.add_lines(), ParseLine(line));
  }
  for (const std::string& attribute : options.attributes) {
    FUNDGATE_ASSIGN_OR_RETURN(const auto pair, ParsePair(attribute));
    (*request.mutable_attributes())[pair.first] = ParseValue(pair.second);
  }
  for (const std::string& position : options.after) {
    FUNDGATE_ASSIGN_OR_RETURN(const auto pair, ParsePair(position));
    (*request.mutable_after_positions())[pair.first] = pair.second;
  }
  return request;
}

ExitCode Run(Context& context, const CheckOptions& options) {
  const absl::StatusOr<v1::CheckRequest> request = RequestOf(options);
  if (!request.ok()) {
    context.err << "fundctl check: " << request.status().message() << "\n";
    return kUsage;
  }
  grpc::ClientContext call;
  context.SetDeadline(call);
  v1::Decision decision;
  const grpc::Status status =
      v1::Gate::NewStub(context.channel())->Check(&call, *request, &decision);
  if (!status.ok()) return context.Fail(status);
  PrintDecision(context, decision);
  return ExitCodeOf(decision.verdict());
}

}  // namespace

void AddCheck(CLI::App& app, Context& context) {
  auto options = std::make_shared<CheckOptions>();
  CLI::App* verb = app.add_subcommand("check", "Asks whether a movement may start");
  verb->footer(
      "\nExamples:\n"
      "  fundctl check refund --key r1 --account m1 --order o1 --amount \"CNY 60.00\"\n"
      "  fundctl check settlement --key s1 --account m1 --amount \"CNY 3.00\" \\\n"
      "      --line \"order=o1,amount=CNY 1.00,net=CNY 0.90,fee=CNY 0.10\" \\\n"
      "      --line \"order=o2,amount=CNY 2.00,net=CNY 1.80,fee=CNY 0.20\"\n");
  verb->add_option("checkpoint", options->checkpoint, "refund, settlement, cash_out ...")
      ->required();
  verb->add_option("--key", options->key, "Idempotency key of the movement")->required();
  verb->add_option("--account", options->account, "Account, such as the merchant")->required();
  verb->add_option("--order", options->order, "Order, where the movement names one");
  verb->add_option("--amount", options->amount, "Currency and amount: \"CNY 12.34\"")->required();
  verb->add_option("--line", options->lines, "One order of several: order=o1,amount=CNY 1.00");
  verb->add_option("--attribute", options->attributes, "NAME=VALUE for rules and breakers");
  verb->add_option("--max-staleness", options->max_staleness, "Stricter than the policy's: 500ms");
  verb->add_option("--after", options->after, "SOURCE=POSITION that must be applied first");
  verb->add_option("--request-id", options->request_id, "Echoed in the answer");
  verb->callback([&context, options] {
    context.run = [&context, options] { return Run(context, *options); };
  });
}

}  // namespace fundgate::fundctl
