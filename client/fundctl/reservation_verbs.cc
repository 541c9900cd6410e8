// confirm, release and decision: what becomes of an allowed movement.
#include <memory>

#include "CLI/CLI.hpp"
#include "client/fundctl/arguments.h"
#include "client/fundctl/movement_key.h"
#include "client/fundctl/output.h"
#include "client/fundctl/verbs.h"
#include "fundgate/v1/gate.grpc.pb.h"

namespace fundgate::fundctl {
namespace {

struct ReservationOptions {
  MovementKey key;
  std::string amount;
  std::string reason;
};

ExitCode RunConfirm(Context& context, const ReservationOptions& options) {
  v1::ConfirmRequest request;
  options.key.FillIn(request);
  if (!options.amount.empty()) {
    const absl::StatusOr<v1::Money> amount = ParseMoney(options.amount);
    if (!amount.ok()) {
      context.err << "fundctl confirm: --amount: " << amount.status().message() << "\n";
      return kUsage;
    }
    *request.mutable_amount() = *amount;
  }
  grpc::ClientContext call;
  context.SetDeadline(call);
  v1::Reservation reservation;
  const grpc::Status status =
      v1::Gate::NewStub(context.channel())->Confirm(&call, request, &reservation);
  if (!status.ok()) return context.Fail(status);
  PrintReservation(context, reservation);
  return kOk;
}

ExitCode RunRelease(Context& context, const ReservationOptions& options) {
  v1::ReleaseRequest request;
  options.key.FillIn(request);
  request.set_reason(options.reason);
  grpc::ClientContext call;
  context.SetDeadline(call);
  v1::Reservation reservation;
  const grpc::Status status =
      v1::Gate::NewStub(context.channel())->Release(&call, request, &reservation);
  if (!status.ok()) return context.Fail(status);
  PrintReservation(context, reservation);
  return kOk;
}

ExitCode RunDecision(Context& context, const MovementKey& key) {
  v1::GetDecisionRequest request;
  key.FillIn(request);
  grpc::ClientContext call;
  context.SetDeadline(call);
  v1::Decision decision;
  const grpc::Status status =
      v1::Gate::NewStub(context.channel())->GetDecision(&call, request, &decision);
  if (!status.ok()) return context.Fail(status);
  PrintDecision(context, decision);
  return kOk;
}

}  // namespace

void AddConfirm(CLI::App& app, Context& context) {
  auto options = std::make_shared<ReservationOptions>();
  CLI::App* verb = app.add_subcommand("confirm", "Says that an allowed movement has moved");
  verb->footer(
      "\nExample:\n"
      "  fundctl confirm refund --key r1 --account m1 --decision d0000000000000005\n");
  options->key.AddTo(*verb, true);
  verb->add_option("--amount", options->amount, "Where less moved than was allowed: \"CNY 5.00\"");
  verb->callback([&context, options] {
    context.run = [&context, options] { return RunConfirm(context, *options); };
  });
}

void AddRelease(CLI::App& app, Context& context) {
  auto options = std::make_shared<ReservationOptions>();
  CLI::App* verb = app.add_subcommand("release", "Says that a movement did not and will not move");
  verb->footer(
      "\nExample:\n"
      "  fundctl release refund --key r1 --account m1 --decision d0000000000000005 \\\n"
      "      --reason \"the bank refused it\"\n");
  options->key.AddTo(*verb, true);
  verb->add_option("--reason", options->reason, "Why; kept in the trace")->required();
  verb->callback([&context, options] {
    context.run = [&context, options] { return RunRelease(context, *options); };
  });
}

void AddDecision(CLI::App& app, Context& context) {
  CLI::App* decision = app.add_subcommand("decision", "Decisions made before");
  decision->require_subcommand(1);
  auto key = std::make_shared<MovementKey>();
  CLI::App* verb = decision->add_subcommand("get", "Shows one by its id, or a key's newest");
  verb->footer(
      "\nExamples:\n"
      "  fundctl decision get --decision d0000000000000005\n"
      "  fundctl decision get refund --key r1 --account m1\n");
  key->AddTo(*verb, false);
  verb->callback(
      [&context, key] { context.run = [&context, key] { return RunDecision(context, *key); }; });
}

}  // namespace fundgate::fundctl
