#include "client/fundctl/violation_review.h"

#include <algorithm>
#include <map>
#include <memory>
#include <ostream>

#include "CLI/CLI.hpp"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/fundctl/output.h"
#include "client/fundctl/verbs.h"
#include "fundgate/v1/violations.grpc.pb.h"

namespace fundgate::fundctl {
namespace {

struct ReviewOptions {
  std::string id;
  std::string cause;
  std::string actor;
  std::string reason;
};

struct GroupOptions {
  std::string state;
  std::string name;
  int limit = 100;
};

std::string SumsOf(const v1::ViolationGroup& group) {
  return absl::StrJoin(group.sums(), ", ", [](std::string* out, const v1::Money& sum) {
    absl::StrAppend(out, TextOf(sum));
  });
}

std::string CommonOf(const v1::ViolationGroup& group) {
  const std::map<std::string, std::string> common(group.common().begin(), group.common().end());
  return absl::StrJoin(common, ", ", absl::PairFormatter("="));
}

std::vector<std::string> RowOf(const v1::ViolationGroup& group) {
  const auto or_dash = [](const std::string& text) { return text.empty() ? "-" : text; };
  return {group.id(),
          group.name(),
          StateOf(group.review()),
          or_dash(group.risk_class()),
          absl::StrCat(group.level()),
          TextOf(group.since()),
          absl::StrCat(group.open(), " of ", group.count()),
          or_dash(SumsOf(group)),
          or_dash(CommonOf(group))};
}

ExitCode RunGroups(Context& context, const GroupOptions& options) {
  v1::ListViolationGroupsRequest request;
  request.set_name(options.name);
  v1::ReviewState state = v1::REVIEW_STATE_UNSPECIFIED;
  if (!options.state.empty()) v1::ReviewState_Parse("REVIEW_STATE_" + options.state, &state);
  request.set_state(state);
  std::vector<std::vector<std::string>> rows = {
      {"GROUP", "WHAT", "STATE", "CLASS", "LEVEL", "SINCE", "OPEN", "SUM", "IN COMMON"}};
  int left = options.limit;
  do {
    request.set_page_size(std::min(left, 1000));
    grpc::ClientContext call;
    context.SetDeadline(call);
    v1::ListViolationGroupsResponse response;
    const grpc::Status status =
        v1::Violations::NewStub(context.channel())->ListViolationGroups(&call, request, &response);
    if (!status.ok()) return context.Fail(status);
    for (const v1::ViolationGroup& group : response.groups()) {
      context.json ? PrintJson(context, group) : rows.push_back(RowOf(group));
    }
    left -= response.groups_size();
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty() && left > 0);
  if (context.json) return kOk;
  if (rows.size() == 1) {
    context.out << "No groups.\n";
  } else {
    PrintTable(context, rows);
  }
  return kOk;
}

template <typename Response>
void PrintReviewed(Context& context, const std::string& id, const Response& response) {
  if (context.json) return PrintJson(context, response);
  std::vector<std::pair<std::string, std::string>> pairs = {{"reviewed", id}};
  for (auto& pair : PairsOf(response.review())) pairs.push_back(std::move(pair));
  if (response.has_group()) {
    pairs.emplace_back("  group",
                       absl::StrCat(response.group().id(), ", ", StateOf(response.group().review()),
                                    ", ", response.group().open(), " open"));
  }
  PrintPairs(context, pairs);
}

ExitCode RunAcknowledge(Context& context, const ReviewOptions& options) {
  v1::AcknowledgeViolationRequest request;
  request.set_id(options.id);
  request.set_actor(context.ActorOf(options.actor));
  request.set_reason(options.reason);
  grpc::ClientContext call;
  context.SetDeadline(call);
  v1::AcknowledgeViolationResponse response;
  const grpc::Status status =
      v1::Violations::NewStub(context.channel())->AcknowledgeViolation(&call, request, &response);
  if (!status.ok()) return context.Fail(status);
  PrintReviewed(context, options.id, response);
  return kOk;
}

ExitCode RunResolve(Context& context, const ReviewOptions& options) {
  v1::ResolveViolationRequest request;
  request.set_id(options.id);
  request.set_actor(context.ActorOf(options.actor));
  request.set_reason(options.reason);
  v1::ViolationCause cause = v1::VIOLATION_CAUSE_UNSPECIFIED;
  v1::ViolationCause_Parse("VIOLATION_CAUSE_" + absl::AsciiStrToUpper(options.cause), &cause);
  request.set_cause(cause);
  grpc::ClientContext call;
  context.SetDeadline(call);
  v1::ResolveViolationResponse response;
  const grpc::Status status =
      v1::Violations::NewStub(context.channel())->ResolveViolation(&call, request, &response);
  if (!status.ok()) return context.Fail(status);
  PrintReviewed(context, options.id, response);
  return kOk;
}

ExitCode RunSummary(Context& context) {
  grpc::ClientContext call;
  context.SetDeadline(call);
  v1::ListViolationTalliesResponse response;
  const grpc::Status status =
      v1::Violations::NewStub(context.channel())
          ->ListViolationTallies(&call, v1::ListViolationTalliesRequest(), &response);
  if (!status.ok()) return context.Fail(status);
  if (context.json) {
    PrintJson(context, response);
    return kOk;
  }
  std::vector<std::vector<std::string>> rows = {
      {"WHAT", "FOUND", "REAL LOSS", "BAD DATA", "WRONG RULE", "FALSE ALARMS"}};
  for (const v1::ViolationTally& tally : response.tallies()) {
    const bool known = tally.real_loss() + tally.bad_data() + tally.wrong_rule() > 0;
    rows.push_back({tally.name(), absl::StrCat(tally.raised()), absl::StrCat(tally.real_loss()),
                    absl::StrCat(tally.bad_data()), absl::StrCat(tally.wrong_rule()),
                    known ? absl::StrCat(tally.false_alarm_permille() / 10, ".",
                                         tally.false_alarm_permille() % 10, " %")
                          : "-"});
  }
  if (rows.size() == 1) {
    context.out << "No violations.\n";
  } else {
    PrintTable(context, rows);
  }
  return kOk;
}

void AddGroups(CLI::App& violation, Context& context) {
  auto options = std::make_shared<GroupOptions>();
  CLI::App* verb =
      violation.add_subcommand("groups", "Shows what alerts speak of: one cause, one group");
  verb->footer("\nExample:\n  fundctl violation groups --state OPEN\n");
  verb->add_option("--state", options->state, "Only those that stand so")
      ->check(CLI::IsMember({"OPEN", "ACKNOWLEDGED", "RESOLVED"}));
  verb->add_option("--name", options->name, "Only those of this name");
  verb->add_option("--limit", options->limit, "At most this many")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  verb->callback([&context, options] {
    context.run = [&context, options] { return RunGroups(context, *options); };
  });
}

std::shared_ptr<ReviewOptions> AddReview(CLI::App& verb, const char* why) {
  auto options = std::make_shared<ReviewOptions>();
  verb.add_option("id", options->id, "Of a violation (v...) or of a group (g...)")->required();
  verb.add_option("--reason", options->reason, why)->required();
  AddActor(verb, options->actor);
  return options;
}

}  // namespace

std::string StateOf(const v1::Review& review) {
  return WithoutPrefix(v1::ReviewState_Name(review.state()), "REVIEW_STATE_");
}

std::vector<std::pair<std::string, std::string>> PairsOf(const v1::Review& review) {
  const auto said = [](const v1::Remark& remark) {
    return absl::StrCat(remark.actor(), " at ", TextOf(remark.at()), ": ", remark.reason());
  };
  return {{"  state", StateOf(review)},
          {"  answered by", review.has_acknowledged() ? said(review.acknowledged()) : ""},
          {"  resolved by", review.has_resolved() ? said(review.resolved()) : ""},
          {"  cause", review.cause() == v1::VIOLATION_CAUSE_UNSPECIFIED
                          ? ""
                          : absl::AsciiStrToLower(WithoutPrefix(
                                v1::ViolationCause_Name(review.cause()), "VIOLATION_CAUSE_"))}};
}

void AddViolationReviews(CLI::App& violation, Context& context) {
  AddGroups(violation, context);
  CLI::App* acknowledge =
      violation.add_subcommand("ack", "Says that somebody looks into it; its group is answered");
  acknowledge->footer(
      "\nExample:\n  fundctl violation ack g000000000000002a-0 --reason \"looking into it\"\n");
  const auto answer = AddReview(*acknowledge, "What is being done");
  acknowledge->callback([&context, answer] {
    context.run = [&context, answer] { return RunAcknowledge(context, *answer); };
  });
  CLI::App* resolve =
      violation.add_subcommand("resolve", "Says what was behind it, or behind all of a group");
  resolve->footer(
      "\nExample:\n  fundctl violation resolve g000000000000002a-0 --cause bad_data --reason "
      "\"a wrong import\"\n");
  const auto options = AddReview(*resolve, "What it was");
  resolve->add_option("--cause", options->cause, "real_loss, bad_data or wrong_rule")
      ->required()
      ->check(CLI::IsMember({"real_loss", "bad_data", "wrong_rule"}));
  resolve->callback([&context, options] {
    context.run = [&context, options] { return RunResolve(context, *options); };
  });
  CLI::App* summary = violation.add_subcommand(
      "summary", "Counts them by name and cause: which alarms are false how often");
  summary->footer("\nExample:\n  fundctl violation summary\n");
  summary->callback([&context] { context.run = [&context] { return RunSummary(context); }; });
}

}  // namespace fundgate::fundctl
