#include <algorithm>
#include <memory>
#include <ostream>

#include "CLI/CLI.hpp"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "client/fundctl/arguments.h"
#include "client/fundctl/output.h"
#include "client/fundctl/verbs.h"
#include "client/fundctl/violation_review.h"
#include "fundgate/v1/audit.grpc.pb.h"

namespace fundgate::fundctl {
namespace {

constexpr char kPrefix[] = "VIOLATION_KIND_";
constexpr int kMaxPage = 1000;  // of the contract

struct ListOptions {
  std::string kind;
  std::string account;
  std::string order;
  std::string since;
  std::string state;
  std::string name;
  std::string group;
  bool history = false;
  int limit = 100;
};

std::string KindOf(v1::ViolationKind kind) {
  return absl::AsciiStrToLower(WithoutPrefix(v1::ViolationKind_Name(kind), kPrefix));
}

std::vector<std::string> AllKinds() {
  std::vector<std::string> kinds;
  const google::protobuf::EnumDescriptor& type = *v1::ViolationKind_descriptor();
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() == v1::VIOLATION_KIND_UNSPECIFIED) continue;
    kinds.push_back(KindOf(static_cast<v1::ViolationKind>(type.value(i)->number())));
  }
  return kinds;
}

// Empty where no amount is wrong: an invariant's numbers are among its fields.
std::string AmountOf(const v1::Violation& violation) {
  return violation.amount().minor_units() == 0 ? "" : TextOf(violation.amount());
}

std::vector<std::string> RowOf(const v1::Violation& violation) {
  const auto or_dash = [](const std::string& text) { return text.empty() ? "-" : text; };
  return {violation.id(),
          TextOf(violation.at()),
          StateOf(violation.review()),
          violation.name(),
          violation.account_id(),
          or_dash(violation.order_id()),
          violation.idempotency_key().empty()
              ? "-"
              : absl::StrCat(violation.checkpoint(), " ", violation.idempotency_key()),
          or_dash(AmountOf(violation))};
}

void PrintViolation(Context& context, const v1::Violation& violation) {
  if (context.json) return PrintJson(context, violation);
  context.out << violation.message() << "\n";
  PrintPairs(context,
             {{"violation", violation.id()},
              {"  kind", KindOf(violation.kind())},
              {"  name", violation.name() == KindOf(violation.kind()) ? "" : violation.name()},
              {"  movement", violation.checkpoint()},
              {"  key", violation.idempotency_key()},
              {"  account", violation.account_id()},
              {"  order", violation.order_id()},
              {"  amount", AmountOf(violation)},
              {"  found at", TextOf(violation.at())},
              {"  source", violation.source()},
              {"  event", violation.event_id()},
              {"  position", violation.position()},
              {"  journal", absl::StrCat("record ", violation.sequence())},
              {"  group", violation.group_id()},
              {"  history", violation.history() ? "it happened before go-live" : ""}});
  PrintPairs(context, PairsOf(violation.review()));
  std::vector<std::pair<std::string, std::string>> fields;
  for (const auto& [name, value] : violation.fields()) fields.emplace_back("    " + name, value);
  std::sort(fields.begin(), fields.end());
  PrintPairs(context, fields);
}

bool FillIn(Context& context, const ListOptions& options, v1::ListViolationsRequest& request) {
  if (!options.kind.empty()) {
    v1::ViolationKind kind = v1::VIOLATION_KIND_UNSPECIFIED;
    v1::ViolationKind_Parse(kPrefix + absl::AsciiStrToUpper(options.kind), &kind);
    request.set_kind(kind);
  }
  request.set_account_id(options.account);
  request.set_order_id(options.order);
  request.set_name(options.name);
  request.set_group_id(options.group);
  if (options.history) request.set_history(true);
  v1::ReviewState state = v1::REVIEW_STATE_UNSPECIFIED;
  if (!options.state.empty()) v1::ReviewState_Parse("REVIEW_STATE_" + options.state, &state);
  request.set_state(state);
  if (options.since.empty()) return true;
  const absl::StatusOr<google::protobuf::Timestamp> since = ParseTime(options.since);
  if (since.ok()) {
    *request.mutable_from_time() = *since;
  } else {
    context.err << "fundctl violation list: --since: " << since.status().message() << "\n";
  }
  return since.ok();
}

ExitCode RunList(Context& context, const ListOptions& options) {
  v1::ListViolationsRequest request;
  if (!FillIn(context, options, request)) return kUsage;
  std::vector<std::vector<std::string>> rows = {
      {"ID", "FOUND AT", "STATE", "WHAT", "ACCOUNT", "ORDER", "MOVEMENT", "AMOUNT"}};
  int left = options.limit;
  do {
    request.set_page_size(std::min(left, kMaxPage));
    grpc::ClientContext call;
    context.SetDeadline(call);
    v1::ListViolationsResponse response;
    const grpc::Status status =
        v1::Audit::NewStub(context.channel())->ListViolations(&call, request, &response);
    if (!status.ok()) return context.Fail(status);
    for (const v1::Violation& violation : response.violations()) {
      context.json ? PrintJson(context, violation) : rows.push_back(RowOf(violation));
    }
    left -= response.violations_size();
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty() && left > 0);
  if (context.json) return kOk;
  if (rows.size() == 1) {
    context.out << "No violations.\n";
  } else {
    PrintTable(context, rows);
  }
  if (!request.page_token().empty()) {
    context.out << "There are older ones; --limit shows more.\n";
  }
  return kOk;
}

ExitCode RunShow(Context& context, const std::string& id) {
  v1::GetViolationRequest request;
  request.set_id(id);
  grpc::ClientContext call;
  context.SetDeadline(call);
  v1::GetViolationResponse response;
  const grpc::Status status =
      v1::Audit::NewStub(context.channel())->GetViolation(&call, request, &response);
  if (!status.ok()) return context.Fail(status);
  PrintViolation(context, response.violation());
  return kOk;
}

void AddList(CLI::App& violation, Context& context) {
  auto options = std::make_shared<ListOptions>();
  CLI::App* verb = violation.add_subcommand("list", "Shows what was found, the newest first");
  verb->footer(
      "\nExamples:\n"
      "  fundctl violation list --since 30m\n"
      "  fundctl violation list --kind ungated --account m1\n");
  verb->add_option("--kind", options->kind, "Only this kind")->check(CLI::IsMember(AllKinds()));
  verb->add_option("--name", options->name, "Only those called so: a rule's, an invariant's name");
  verb->add_option("--account", options->account, "Only this account's");
  verb->add_option("--order", options->order, "Only this order's");
  verb->add_option("--state", options->state, "Only those that stand so")
      ->check(CLI::IsMember({"OPEN", "ACKNOWLEDGED", "RESOLVED"}));
  verb->add_option("--group", options->group, "Only this group's");
  verb->add_flag("--history", options->history, "Only what happened before go-live");
  verb->add_option("--since", options->since, "From 2026-11-20T14:00:00Z on, or of the last 30m");
  verb->add_option("--limit", options->limit, "At most this many")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  verb->callback([&context, options] {
    context.run = [&context, options] { return RunList(context, *options); };
  });
}

}  // namespace

void AddViolation(CLI::App& app, Context& context) {
  CLI::App* violation =
      app.add_subcommand("violation", "What sources showed that should not have happened");
  violation->require_subcommand(1);
  AddList(*violation, context);
  AddViolationReviews(*violation, context);
  auto id = std::make_shared<std::string>();
  CLI::App* show = violation->add_subcommand("show", "Shows one with the numbers of its moment");
  show->footer(
      "\nExample:\n"
      "  fundctl violation show v000000000000002a-0\n");
  show->add_option("id", *id, "As `fundctl violation list` shows it")->required();
  show->callback(
      [&context, id] { context.run = [&context, id] { return RunShow(context, *id); }; });
}

}  // namespace fundgate::fundctl
