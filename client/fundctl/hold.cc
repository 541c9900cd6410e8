#include <algorithm>
#include <memory>
#include <ostream>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/fundctl/arguments.h"
#include "client/fundctl/output.h"
#include "client/fundctl/verbs.h"
#include "fundgate/v1/holds.grpc.pb.h"

namespace fundgate::fundctl {
namespace {

constexpr int kMaxPage = 1000;  // of the contract

struct HoldOptions {
  std::string checkpoint;
  std::string key;
  std::string account;
  std::string state = "OPEN";
  std::string decision;
  std::string actor;
  std::string reason;
  int limit = 100;
};

std::string StateOf(const v1::Hold& hold) {
  return WithoutPrefix(v1::HoldState_Name(hold.state()), "HOLD_STATE_");
}

std::string WhyOf(const v1::Hold& hold) {
  std::vector<std::string> names;
  for (const v1::Reason& reason : hold.reasons()) {
    if (reason.verdict() != v1::VERDICT_HOLD) continue;
    names.push_back(absl::StrCat(WithoutPrefix(v1::ReasonCode_Name(reason.code()), "REASON_CODE_"),
                                 " ", reason.name()));
  }
  return absl::StrJoin(names, ", ");
}

std::vector<std::string> RowOf(const v1::Hold& hold) {
  return {TextOf(hold.held_at()),     StateOf(hold),     hold.checkpoint(),
          hold.idempotency_key(),     hold.account_id(), TextOf(hold.amount()),
          absl::StrCat(hold.asked()), WhyOf(hold)};
}

void PrintHold(Context& context, const v1::Hold& hold) {
  if (context.json) return PrintJson(context, hold);
  PrintPairs(context,
             {{"hold", absl::StrCat(hold.checkpoint(), " ", hold.idempotency_key())},
              {"  state", StateOf(hold)},
              {"  account", hold.account_id()},
              {"  orders", absl::StrJoin(hold.order_ids(), ", ")},
              {"  amount", TextOf(hold.amount())},
              {"  held since", hold.has_held_at() ? TextOf(hold.held_at()) : ""},
              {"  asked", hold.asked() > 0 ? absl::StrCat(hold.asked(), " times, last at ",
                                                          TextOf(hold.last_asked_at()))
                                           : ""},
              {"  decision", hold.decision_id()},
              {"  to approve", hold.reviewable().empty() ? "nothing: only knowledge can end it"
                                                         : absl::StrJoin(hold.reviewable(), ", ")},
              {"  reviewed by", hold.reviewed_by()},
              {"  because", hold.review_reason()},
              {"  approved until", hold.has_approved_until() ? TextOf(hold.approved_until()) : ""},
              {"  alert group", hold.group_id()}});
}

void PrintBook(Context& context, const v1::Book& book) {
  std::vector<std::string> key;
  for (const auto& [name, value] : book.key()) key.push_back(value);
  std::sort(key.begin(), key.end());
  context.out << "  book " << book.book() << " " << absl::StrJoin(key, " ") << " "
              << book.currency_code() << (book.unproven() ? "  UNPROVEN: " : "")
              << book.unproven_reason() << "\n";
  for (const v1::Counter& counter : book.counters()) {
    context.out << "    " << counter.name() << "  posted " << counter.posted() << ", pending +"
                << counter.pending_up() << " -" << counter.pending_down() << "\n";
  }
}

void PrintDetails(Context& context, const v1::GetHoldResponse& response) {
  if (context.json) return PrintJson(context, response);
  PrintHold(context, response.hold());
  for (const v1::Reason& reason : response.hold().reasons()) {
    context.out << "  " << WithoutPrefix(v1::Verdict_Name(reason.verdict()), "VERDICT_") << "  "
                << WithoutPrefix(v1::ReasonCode_Name(reason.code()), "REASON_CODE_") << "  "
                << reason.name() << ": " << reason.message() << "\n";
    for (const auto& [name, value] : reason.fields()) {
      context.out << "      " << name << "  " << value << "\n";
    }
  }
  for (const v1::Book& book : response.books()) PrintBook(context, book);
  for (const v1::Breaker& breaker : response.breakers()) {
    context.out << "  breaker " << breaker.scope() << "  "
                << WithoutPrefix(v1::BreakerState_Name(breaker.state()), "BREAKER_STATE_")
                << "  by " << breaker.actor() << ": " << breaker.reason() << "\n";
  }
  for (const v1::Decision& decision : response.decisions()) {
    context.out << "  decision " << decision.decision_id() << "  "
                << WithoutPrefix(v1::Verdict_Name(decision.verdict()), "VERDICT_") << "  "
                << TextOf(decision.decided_at()) << "\n";
  }
  for (const v1::Violation& violation : response.violations()) {
    context.out << "  violation " << violation.id() << "  " << violation.name() << "  "
                << WithoutPrefix(v1::ReviewState_Name(violation.review().state()), "REVIEW_STATE_")
                << "  " << TextOf(violation.amount()) << "  " << violation.message() << "\n";
  }
  context.out << std::flush;
}

ExitCode RunList(Context& context, const HoldOptions& options) {
  v1::ListHoldsRequest request;
  request.set_account_id(options.account);
  request.set_checkpoint(options.checkpoint);
  v1::HoldState state = v1::HOLD_STATE_OPEN;
  v1::HoldState_Parse("HOLD_STATE_" + options.state, &state);
  request.set_state(state);
  std::vector<std::vector<std::string>> rows = {
      {"HELD SINCE", "STATE", "CHECKPOINT", "KEY", "ACCOUNT", "AMOUNT", "ASKED", "WHY"}};
  int left = options.limit;
  do {
    request.set_page_size(std::min(left, kMaxPage));
    grpc::ClientContext call;
    context.SetDeadline(call);
    v1::ListHoldsResponse response;
    const grpc::Status status =
        v1::Holds::NewStub(context.channel())->ListHolds(&call, request, &response);
    if (!status.ok()) return context.Fail(status);
    for (const v1::Hold& hold : response.holds()) {
      context.json ? PrintJson(context, hold) : rows.push_back(RowOf(hold));
    }
    left -= response.holds_size();
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty() && left > 0);
  if (context.json) return kOk;
  if (rows.size() == 1) {
    context.out << "No holds.\n";
  } else {
    PrintTable(context, rows);
  }
  if (!request.page_token().empty()) {
    context.out << "There are newer ones; --limit shows more.\n";
  }
  return kOk;
}

grpc::Status GetHold(Context& context, const HoldOptions& options, v1::GetHoldResponse& response) {
  v1::GetHoldRequest request;
  request.set_checkpoint(options.checkpoint);
  request.set_idempotency_key(options.key);
  grpc::ClientContext call;
  context.SetDeadline(call);
  return v1::Holds::NewStub(context.channel())->GetHold(&call, request, &response);
}

ExitCode RunShow(Context& context, const HoldOptions& options) {
  v1::GetHoldResponse response;
  const grpc::Status status = GetHold(context, options, response);
  if (!status.ok()) return context.Fail(status);
  PrintDetails(context, response);
  return kOk;
}

// Fills in what both reviews say. The account comes from the hold; the decision must be named: it
// is what the operator has seen.
template <typename Request>
grpc::Status FillIn(Context& context, const HoldOptions& options, Request& request) {
  v1::GetHoldResponse found;
  const grpc::Status status = GetHold(context, options, found);
  if (!status.ok()) return status;
  request.set_account_id(found.hold().account_id());
  request.set_checkpoint(options.checkpoint);
  request.set_idempotency_key(options.key);
  request.set_decision_id(options.decision);
  request.set_actor(context.ActorOf(options.actor));
  request.set_reason(options.reason);
  return grpc::Status::OK;
}

ExitCode RunApprove(Context& context, const HoldOptions& options) {
  v1::ApproveHoldRequest request;
  grpc::Status status = FillIn(context, options, request);
  v1::ApproveHoldResponse response;
  grpc::ClientContext call;
  context.SetDeadline(call);
  if (status.ok()) {
    status = v1::Holds::NewStub(context.channel())->ApproveHold(&call, request, &response);
  }
  if (!status.ok()) return context.Fail(status);
  PrintHold(context, response.hold());
  return kOk;
}

ExitCode RunReject(Context& context, const HoldOptions& options) {
  v1::RejectHoldRequest request;
  grpc::Status status = FillIn(context, options, request);
  v1::RejectHoldResponse response;
  grpc::ClientContext call;
  context.SetDeadline(call);
  if (status.ok()) {
    status = v1::Holds::NewStub(context.channel())->RejectHold(&call, request, &response);
  }
  if (!status.ok()) return context.Fail(status);
  PrintHold(context, response.hold());
  return kOk;
}

void AddList(CLI::App& hold, Context& context) {
  auto options = std::make_shared<HoldOptions>();
  CLI::App* verb = hold.add_subcommand("list", "Shows the queue, the oldest first");
  verb->footer("\nExample:\n  fundctl hold list --checkpoint refund\n");
  verb->add_option("--checkpoint", options->checkpoint, "Only this checkpoint's");
  verb->add_option("--account", options->account, "Only this account's");
  verb->add_option("--state", options->state, "OPEN, APPROVED or REJECTED")
      ->check(CLI::IsMember({"OPEN", "APPROVED", "REJECTED"}))
      ->capture_default_str();
  verb->add_option("--limit", options->limit, "At most this many")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  verb->callback([&context, options] {
    context.run = [&context, options] { return RunList(context, *options); };
  });
}

void AddKey(CLI::App& verb, HoldOptions& options) {
  verb.add_option("checkpoint", options.checkpoint, "refund, cash_out ...")->required();
  verb.add_option("key", options.key, "The movement's idempotency key")->required();
}

void AddReview(CLI::App& hold, Context& context, const char* name, const char* about,
               ExitCode (*run)(Context&, const HoldOptions&)) {
  auto options = std::make_shared<HoldOptions>();
  CLI::App* verb = hold.add_subcommand(name, about);
  verb->footer(absl::StrCat("\nExample:\n  fundctl hold ", name,
                            " refund r1 --decision d000000000000002a --reason \"called the "
                            "shop\"\n"));
  AddKey(*verb, *options);
  verb->add_option("--decision", options->decision,
                   "The decision that you have seen; another one by now is refused")
      ->required();
  verb->add_option("--reason", options->reason, "Why")->required();
  AddActor(*verb, options->actor);
  verb->callback([&context, options, run] {
    context.run = [&context, options, run] { return run(context, *options); };
  });
}

}  // namespace

void AddHold(CLI::App& app, Context& context) {
  CLI::App* hold = app.add_subcommand("hold", "Movements that wait for you");
  hold->require_subcommand(1);
  AddList(*hold, context);
  auto options = std::make_shared<HoldOptions>();
  CLI::App* show = hold->add_subcommand("show", "Shows one with everything there is to judge it");
  show->footer("\nExample:\n  fundctl hold show refund r1\n");
  AddKey(*show, *options);
  show->callback([&context, options] {
    context.run = [&context, options] { return RunShow(context, *options); };
  });
  AddReview(*hold, context, "approve",
            "Lets it pass once, within minutes, for the reasons listed; the service asks again",
            RunApprove);
  AddReview(*hold, context, "reject", "Refuses it for good", RunReject);
}

}  // namespace fundgate::fundctl
