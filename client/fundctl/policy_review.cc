#include "client/fundctl/policy_review.h"

#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_join.h"
#include "client/fundctl/arguments.h"
#include "client/fundctl/output.h"
#include "client/fundctl/policy_document.h"
#include "fundgate/v1/policies.grpc.pb.h"

namespace fundgate::fundctl {
namespace {

struct DiffOptions {
  std::string file;
  uint64_t version = 0;
  uint64_t against = 0;
};

ExitCode RunDiff(Context& context, const DiffOptions& options) {
  v1::DiffPolicyRequest request;
  if (options.file.empty() == (options.version == 0)) {
    context.err << "fundctl policy diff: give a file or --version, and not both\n";
    return kUsage;
  }
  if (!options.file.empty() && !ReadDocument(context, options.file, request)) return kUsage;
  request.set_version(options.version);
  request.set_base_version(options.against);
  grpc::ClientContext call;
  context.SetDeadline(call);
  v1::DiffPolicyResponse response;
  const grpc::Status status =
      v1::Policies::NewStub(context.channel())->DiffPolicy(&call, request, &response);
  if (!status.ok()) return context.Fail(status);
  PrintProblems(context, response.problems());
  if (context.json) {
    PrintJson(context, response);
  } else if (response.problems().empty()) {
    for (const v1::PolicyChange& change : response.changes()) PrintChange(context, change);
    context.out << response.changes_size()
                << (response.changes_size() == 1 ? " change" : " changes") << " against version "
                << response.base_version() << ".\n";
  }
  if (!response.refusals().empty()) {
    context.err << "It would be refused:\n";
    PrintProblems(context, response.refusals());
  }
  return response.problems().empty() && response.refusals().empty() ? kOk : kError;
}

struct BacktestOptions {
  std::string file;
  std::string from;
  std::string to;
};

// "214 movements, CNY 1300000.00".
std::string TextOfSum(const v1::BacktestSum& sum) {
  std::string text =
      std::to_string(sum.movements()) + (sum.movements() == 1 ? " movement" : " movements");
  for (const v1::Money& amount : sum.amounts()) text += ", " + TextOf(amount);
  return text;
}

// How far it is.
void PrintProgress(Context& context, const v1::BacktestPolicyResponse& response) {
  if (context.json || response.done()) return;
  context.err << "  " << response.records_done() << " of " << response.records_total()
              << " records\n";
}

std::string Word(v1::Verdict verdict) {
  return WithoutPrefix(v1::Verdict_Name(verdict), "VERDICT_");
}

void PrintReport(Context& context, const v1::BacktestPolicyResponse& report) {
  context.out << "Judged again: " << TextOfSum(report.judged()) << ".\n";
  if (report.verdict_changes().empty()) {
    context.out << "Every movement would have been answered as it was.\n";
  }
  for (const v1::BacktestVerdictChange& change : report.verdict_changes()) {
    context.out << "\n"
                << change.checkpoint() << ": " << Word(change.before()) << " would have been "
                << Word(change.after()) << " for " << TextOfSum(change.sum()) << "\n    "
                << absl::StrJoin(change.decision_ids(), " ")
                << (change.sum().movements() > change.decision_ids_size() ? " ..." : "") << "\n";
  }
  if (report.refused().movements() > 0) {
    context.out << "\nIt would refuse to judge " << TextOfSum(report.refused())
                << ": no such checkpoint, or other fields are needed.\n";
  }
  if (report.reason_changes().empty()) return;
  context.out << "\n";
  std::vector<std::vector<std::string>> rows = {{"REASON", "NAME", "BEFORE", "AFTER"}};
  for (const v1::BacktestReasonChange& change : report.reason_changes()) {
    rows.push_back({WithoutPrefix(v1::ReasonCode_Name(change.code()), "REASON_CODE_"),
                    change.name(), TextOfSum(change.before()), TextOfSum(change.after())});
  }
  PrintTable(context, rows);
}

bool TakeTime(Context& context, const char* option, const std::string& text,
              google::protobuf::Timestamp* time) {
  const absl::StatusOr<google::protobuf::Timestamp> parsed = ParseTime(text);
  if (parsed.ok()) {
    *time = *parsed;
  } else {
    context.err << "fundctl policy backtest: " << option << ": " << parsed.status().message()
                << "\n";
  }
  return parsed.ok();
}

ExitCode RunBacktest(Context& context, const BacktestOptions& options) {
  v1::BacktestPolicyRequest request;
  if (!ReadDocument(context, options.file, request)) return kUsage;
  if (!options.from.empty() &&
      !TakeTime(context, "--from", options.from, request.mutable_from_time())) {
    return kUsage;
  }
  if (!options.to.empty() && !TakeTime(context, "--to", options.to, request.mutable_to_time())) {
    return kUsage;
  }
  grpc::ClientContext call;  // it takes as long as the past is long
  const auto stub = v1::Policies::NewStub(context.channel());
  const auto progress = stub->BacktestPolicy(&call, request);
  v1::BacktestPolicyResponse report;
  while (progress->Read(&report)) PrintProgress(context, report);
  const grpc::Status status = progress->Finish();
  if (!status.ok()) return context.Fail(status);
  if (context.json) {
    PrintJson(context, report);
  } else {
    PrintReport(context, report);
  }
  return kOk;
}

}  // namespace

void PrintChange(Context& context, const v1::PolicyChange& change) {
  switch (change.kind()) {
    case v1::POLICY_CHANGE_KIND_ADDED:
      context.out << "+ " << change.path() << ": " << change.after() << "\n";
      break;
    case v1::POLICY_CHANGE_KIND_REMOVED:
      context.out << "- " << change.path() << ": " << change.before() << "\n";
      break;
    default:
      context.out << "~ " << change.path() << "\n    before: " << change.before()
                  << "\n    after:  " << change.after() << "\n";
  }
}

void PrintTestResult(Context& context, const v1::PolicyTestResult& result) {
  if (result.passed()) {
    context.out << "ok    " << result.name() << (result.got().empty() ? "" : ": ") << result.got()
                << "\n";
  } else {
    context.out << "FAIL  " << result.name() << " (line " << result.line()
                << "): " << result.message() << "\n";
  }
}

void AddPolicyDiff(CLI::App& policy, Context& context) {
  CLI::App* diff = policy.add_subcommand("diff", "Lists by meaning what a policy would change");
  auto options = std::make_shared<DiffOptions>();
  diff->add_option("file", options->file, "The newer document, YAML");
  diff->add_option("--version", options->version, "The newer document is this version's");
  diff->add_option("--against", options->against, "The older version; default: the one in force");
  diff->footer(
      "\nOrder, comments and quotes make no difference. Exit code 1 if it would be refused.\n"
      "Examples:\n"
      "  fundctl policy diff config/policy.yaml\n"
      "  fundctl policy diff --version 4 --against 3\n");
  diff->callback([&context, options] {
    context.run = [&context, options] { return RunDiff(context, *options); };
  });
}

void AddPolicyBacktest(CLI::App& policy, Context& context) {
  CLI::App* backtest = policy.add_subcommand(
      "backtest", "Judges the past again by it, in a copy, and tells what would have changed");
  auto options = std::make_shared<BacktestOptions>();
  backtest->add_option("file", options->file, "The policy document, YAML")->required();
  backtest->add_option("--from", options->from,
                       "In force from this time: 2026-11-20T14:00:00Z; default: from the start");
  backtest->add_option("--to", options->to, "Only what came before this time");
  backtest->footer(
      "\nChanges nothing. The gate keeps a copy of its whole state in memory meanwhile.\n"
      "Example:\n"
      "  fundctl policy backtest config/policy.yaml --from 2026-11-01T00:00:00Z\n");
  backtest->callback([&context, options] {
    context.run = [&context, options] { return RunBacktest(context, *options); };
  });
}

}  // namespace fundgate::fundctl
