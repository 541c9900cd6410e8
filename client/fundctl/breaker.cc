#include <algorithm>
#include <memory>
#include <optional>
#include <ostream>

#include "CLI/CLI.hpp"
#include "absl/time/time.h"
#include "client/fundctl/arguments.h"
#include "client/fundctl/output.h"
#include "client/fundctl/verbs.h"
#include "fundgate/v1/breakers.grpc.pb.h"
#include "fundgate/v1/status.grpc.pb.h"
#include "google/protobuf/util/time_util.h"

namespace fundgate::fundctl {
namespace {

struct BreakerOptions {
  std::string scope;
  std::string mode = "HOLD";
  std::string reason;
  std::string actor;
  std::string lasting;
  std::optional<int64_t> calls;
  std::string amount;
  bool forced = false;
  int limit = 100;
};

std::string ModeText(v1::Verdict mode) {
  return mode == v1::VERDICT_ALLOW ? "WATCH" : WithoutPrefix(v1::Verdict_Name(mode), "VERDICT_");
}

// When the breaker's state ends by itself: "2026-11-26T...Z", "half opens ..."; "-" if never.
std::string EndOf(const v1::Breaker& breaker) {
  if (breaker.has_until()) return TextOf(breaker.until());
  return breaker.has_half_open_at() ? "half opens " + TextOf(breaker.half_open_at()) : "-";
}

std::string WishText(const v1::Wish& wish) {
  if (wish.has_half_open_budget()) return "half opened";
  return wish.forced_mode() == v1::VERDICT_UNSPECIFIED
             ? "closed"
             : "forced to " + ModeText(wish.forced_mode());
}

std::string ReasonOf(const v1::Breaker& breaker) {
  if (!breaker.has_wanted()) return breaker.reason();
  return breaker.reason() + "; " + breaker.wanted().actor() + " wants it " +
         WishText(breaker.wanted()) + ": waits for a second person";
}

std::vector<std::string> RowOf(const v1::Breaker& breaker) {
  std::string left;
  if (breaker.budget_left().has_calls()) {
    left = std::to_string(breaker.budget_left().calls()) + " calls";
  }
  if (breaker.budget_left().has_amount()) {
    left += (left.empty() ? "" : ", ") + TextOf(breaker.budget_left().amount());
  }
  return {breaker.scope(),
          WithoutPrefix(v1::BreakerState_Name(breaker.state()), "BREAKER_STATE_"),
          ModeText(breaker.mode()) + (breaker.forced() ? " forced" : ""),
          EndOf(breaker),
          left.empty() ? "-" : left,
          breaker.actor(),
          ReasonOf(breaker)};
}

void PrintBreaker(Context& context, const v1::Breaker& breaker) {
  if (context.json) return PrintJson(context, breaker);
  PrintTable(context,
             {{"SCOPE", "STATE", "MODE", "UNTIL", "LEFT", "BY", "REASON"}, RowOf(breaker)});
}

v1::Verdict ModeOf(const BreakerOptions& options) {
  if (options.mode == "WATCH") return v1::VERDICT_ALLOW;
  return options.mode == "BLOCK" ? v1::VERDICT_BLOCK : v1::VERDICT_HOLD;
}

// What was asked for is done, or waits for a second person.
ExitCode ExitCodeOf(const v1::Breaker& breaker) { return breaker.has_wanted() ? kHold : kOk; }

// Fills in scope, reason and actor.
template <typename Request>
void FillIn(const Context& context, const BreakerOptions& options, Request& request) {
  request.set_scope(options.scope);
  request.set_reason(options.reason);
  request.set_actor(context.ActorOf(options.actor));
}

// Sets the end of a breaker that lasts as long as --for says, by the gate's own clock: this
// machine's may differ from it. Returns how to exit after a complaint.
template <typename Request>
std::optional<ExitCode> FillInEnd(Context& context, const BreakerOptions& options,
                                  Request& request) {
  if (options.lasting.empty()) return std::nullopt;
  absl::Duration lasting;
  if (!absl::ParseDuration(options.lasting, &lasting) || lasting <= absl::ZeroDuration()) {
    context.err << "fundctl breaker: --for: expected a duration like 30m, not \"" << options.lasting
                << "\"\n";
    return kUsage;
  }
  grpc::ClientContext call;
  context.SetDeadline(call);
  v1::GetStatusResponse gate;
  const grpc::Status status = v1::Status::NewStub(context.channel())->GetStatus(&call, {}, &gate);
  if (!status.ok()) return context.Fail(status);
  using google::protobuf::util::TimeUtil;
  *request.mutable_until() =
      gate.gate_time() + TimeUtil::NanosecondsToDuration(absl::ToInt64Nanoseconds(lasting));
  return std::nullopt;
}

ExitCode RunList(Context& context, const std::string& prefix) {
  v1::ListBreakersRequest request;
  request.set_scope_prefix(prefix);
  std::vector<std::vector<std::string>> rows = {
      {"SCOPE", "STATE", "MODE", "UNTIL", "LEFT", "BY", "REASON"}};
  do {
    grpc::ClientContext call;
    context.SetDeadline(call);
    v1::ListBreakersResponse response;
    const grpc::Status status =
        v1::Breakers::NewStub(context.channel())->ListBreakers(&call, request, &response);
    if (!status.ok()) return context.Fail(status);
    for (const v1::Breaker& breaker : response.breakers()) {
      context.json ? PrintJson(context, breaker) : rows.push_back(RowOf(breaker));
    }
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  if (context.json) return kOk;
  if (rows.size() == 1) {
    context.out << "All breakers are closed.\n";
  } else {
    PrintTable(context, rows);
  }
  return kOk;
}

ExitCode RunTrip(Context& context, const BreakerOptions& options) {
  v1::TripBreakerRequest request;
  FillIn(context, options, request);
  if (const auto failure = FillInEnd(context, options, request)) return *failure;
  request.set_mode(ModeOf(options));
  request.set_forced(options.forced);
  grpc::ClientContext call;
  context.SetDeadline(call);
  v1::TripBreakerResponse response;
  const grpc::Status status =
      v1::Breakers::NewStub(context.channel())->TripBreaker(&call, request, &response);
  if (!status.ok()) return context.Fail(status);
  PrintBreaker(context, response.breaker());
  return ExitCodeOf(response.breaker());
}

ExitCode RunHalfOpen(Context& context, const BreakerOptions& options) {
  v1::HalfOpenBreakerRequest request;
  FillIn(context, options, request);
  request.set_mode(ModeOf(options));
  if (options.calls.has_value()) request.mutable_budget()->set_calls(*options.calls);
  const absl::StatusOr<v1::Money> amount = ParseMoney(options.amount);
  if (!amount.ok()) {
    context.err << "fundctl breaker half-open: --amount: " << amount.status().message() << "\n";
    return kUsage;
  }
  *request.mutable_budget()->mutable_amount() = *amount;
  if (const auto failure = FillInEnd(context, options, request)) return *failure;
  grpc::ClientContext call;
  context.SetDeadline(call);
  v1::HalfOpenBreakerResponse response;
  const grpc::Status status =
      v1::Breakers::NewStub(context.channel())->HalfOpenBreaker(&call, request, &response);
  if (!status.ok()) return context.Fail(status);
  PrintBreaker(context, response.breaker());
  return ExitCodeOf(response.breaker());
}

ExitCode RunReset(Context& context, const BreakerOptions& options) {
  v1::ResetBreakerRequest request;
  FillIn(context, options, request);
  grpc::ClientContext call;
  context.SetDeadline(call);
  v1::ResetBreakerResponse response;
  const grpc::Status status =
      v1::Breakers::NewStub(context.channel())->ResetBreaker(&call, request, &response);
  if (!status.ok()) return context.Fail(status);
  PrintBreaker(context, response.breaker());
  return ExitCodeOf(response.breaker());
}

// What became of breakers: the newest change first.
ExitCode RunHistory(Context& context, const BreakerOptions& options) {
  v1::ListBreakerChangesRequest request;
  request.set_scope(options.scope);
  std::vector<std::vector<std::string>> rows = {
      {"AT", "SCOPE", "STATE", "MODE", "UNTIL", "BY", "REASON"}};
  int left = options.limit;
  do {
    request.set_page_size(std::min(left, 1000));
    grpc::ClientContext call;
    context.SetDeadline(call);
    v1::ListBreakerChangesResponse response;
    const grpc::Status status =
        v1::Breakers::NewStub(context.channel())->ListBreakerChanges(&call, request, &response);
    if (!status.ok()) return context.Fail(status);
    for (const v1::Breaker& change : response.changes()) {
      const std::vector<std::string> row = RowOf(change);
      context.json ? PrintJson(context, change)
                   : rows.push_back({TextOf(change.changed_at()), row[0], row[1], row[2], row[3],
                                     row[5], row[6]});
    }
    left -= response.changes_size();
    request.set_page_token(response.next_page_token());
  } while (left > 0 && !request.page_token().empty());
  if (context.json) return kOk;
  if (rows.size() == 1) {
    context.out << "No breaker was ever switched there.\n";
  } else {
    PrintTable(context, rows);
  }
  return kOk;
}

ExitCode RunWatch(Context& context, const std::string& prefix) {
  grpc::ClientContext call;  // stays open until the gate or the operator ends it
  v1::WatchBreakersRequest request;
  request.set_scope_prefix(prefix);
  const auto stub = v1::Breakers::NewStub(context.channel());
  const auto changes = stub->WatchBreakers(&call, request);
  v1::WatchBreakersResponse change;
  while (changes->Read(&change)) {
    if (context.json) {
      PrintJson(context, change);
    } else if (change.has_breaker()) {
      const std::vector<std::string> row = RowOf(change.breaker());
      context.out << (change.snapshot() ? "is   " : "now  ") << row[1] << "  " << row[0] << "  "
                  << row[2] << "  by " << row[5] << ": " << row[6] << "\n"
                  << std::flush;
    }
  }
  const grpc::Status status = changes->Finish();
  return status.ok() ? kOk : context.Fail(status);
}

void AddTrip(CLI::App& breaker, Context& context) {
  auto options = std::make_shared<BreakerOptions>();
  CLI::App* verb = breaker.add_subcommand("trip", "Opens one: it answers its mode from now on");
  verb->footer(
      "\nExamples:\n"
      "  fundctl breaker trip '*' --mode BLOCK --reason \"stop everything\"\n"
      "  fundctl breaker trip refund/account:m1 --for 30m --reason \"wrong amounts\"\n"
      "  fundctl breaker trip refund --mode WATCH --forced --for 1h --reason \"known, mended\"\n");
  verb->add_option("scope", options->scope, "*, refund, refund/account:m1, */order:o1 ...")
      ->required();
  verb->add_option("--mode", options->mode, "HOLD, BLOCK, or WATCH: it only reports")
      ->check(CLI::IsMember({"HOLD", "BLOCK", "WATCH"}))
      ->capture_default_str();
  CLI::Option* lasting =
      verb->add_option("--for", options->lasting, "Ends by itself after this long: 30m");
  verb->add_flag("--forced", options->forced, "Nothing but a person changes it before it ends")
      ->needs(lasting);
  verb->add_option("--reason", options->reason, "Why; shown to everybody who asks")->required();
  AddActor(*verb, options->actor);
  verb->callback([&context, options] {
    context.run = [&context, options] { return RunTrip(context, *options); };
  });
}

void AddHalfOpen(CLI::App& breaker, Context& context) {
  auto options = std::make_shared<BreakerOptions>();
  CLI::App* verb = breaker.add_subcommand("half-open", "Lets a budget of calls and money through");
  verb->footer(
      "\nExample:\n"
      "  fundctl breaker half-open refund --calls 20 --amount \"CNY 1000.00\" --reason \"try\"\n");
  verb->add_option("scope", options->scope, "*, refund, refund/account:m1 ...")->required();
  verb->add_option("--calls", options->calls, "Calls that may be allowed");
  verb->add_option("--amount", options->amount, "Money that may be allowed: \"CNY 1000.00\"")
      ->required();
  verb->add_option("--mode", options->mode, "Answer once the budget is spent")
      ->check(CLI::IsMember({"HOLD", "BLOCK"}))
      ->capture_default_str();
  verb->add_option("--for", options->lasting, "Closes by itself after this long: 30m");
  verb->add_option("--reason", options->reason, "Why")->required();
  AddActor(*verb, options->actor);
  verb->callback([&context, options] {
    context.run = [&context, options] { return RunHalfOpen(context, *options); };
  });
}

void AddReset(CLI::App& breaker, Context& context) {
  auto options = std::make_shared<BreakerOptions>();
  CLI::App* verb = breaker.add_subcommand("reset", "Closes one; also ends a freeze");
  verb->footer(
      "\nExample:\n"
      "  fundctl breaker reset '*/order:o1' --reason \"the row was corrected\"\n");
  verb->add_option("scope", options->scope, "As breaker list shows it")->required();
  verb->add_option("--reason", options->reason, "Why")->required();
  AddActor(*verb, options->actor);
  verb->callback([&context, options] {
    context.run = [&context, options] { return RunReset(context, *options); };
  });
}

void AddHistory(CLI::App& breaker, Context& context) {
  auto options = std::make_shared<BreakerOptions>();
  CLI::App* verb = breaker.add_subcommand("history", "What became of them, the newest first");
  verb->footer(
      "\nExamples:\n"
      "  fundctl breaker history\n"
      "  fundctl breaker history refund/account:m1 --limit 1000\n");
  verb->add_option("scope", options->scope, "Only this one");
  verb->add_option("--limit", options->limit, "At most this many")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  verb->callback([&context, options] {
    context.run = [&context, options] { return RunHistory(context, *options); };
  });
}

}  // namespace

void AddBreaker(CLI::App& app, Context& context) {
  CLI::App* breaker = app.add_subcommand("breaker", "Switches that stop movements");
  breaker->require_subcommand(1);
  auto prefix = std::make_shared<std::string>();
  CLI::App* list = breaker->add_subcommand("list", "Those that are open or half open");
  list->add_option("prefix", *prefix, "Only scopes that begin with this");
  list->callback([&context, prefix] {
    context.run = [&context, prefix] { return RunList(context, *prefix); };
  });
  AddTrip(*breaker, context);
  AddHalfOpen(*breaker, context);
  AddReset(*breaker, context);
  AddHistory(*breaker, context);
  CLI::App* watch = breaker->add_subcommand("watch", "Shows them, then each change as it happens");
  watch->add_option("prefix", *prefix, "Only scopes that begin with this");
  watch->callback([&context, prefix] {
    context.run = [&context, prefix] { return RunWatch(context, *prefix); };
  });
}

}  // namespace fundgate::fundctl
