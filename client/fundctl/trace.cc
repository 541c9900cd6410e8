#include <memory>
#include <ostream>

#include "CLI/CLI.hpp"
#include "client/fundctl/arguments.h"
#include "client/fundctl/output.h"
#include "client/fundctl/trace_text.h"
#include "client/fundctl/verbs.h"
#include "fundgate/v1/audit.grpc.pb.h"

namespace fundgate::fundctl {
namespace {

struct TraceOptions {
  std::string decision;
  std::string account;
  std::string order;
  std::string checkpoint;
  std::string key;
  std::string verdict;
  std::string from;
  std::string to;
  uint64_t from_sequence = 0;
  uint64_t to_sequence = 0;
  uint64_t limit = 0;
  bool follow = false;
};

bool FillInTime(Context& context, const char* option, const std::string& text,
                google::protobuf::Timestamp* time) {
  const absl::StatusOr<google::protobuf::Timestamp> parsed = ParseTime(text);
  if (parsed.ok()) {
    *time = *parsed;
  } else {
    context.err << "fundctl trace: " << option << ": " << parsed.status().message() << "\n";
  }
  return parsed.ok();
}

bool FillIn(Context& context, const TraceOptions& options, v1::TraceFilter& filter) {
  filter.set_decision_id(options.decision);
  filter.set_account_id(options.account);
  filter.set_order_id(options.order);
  filter.set_checkpoint(options.checkpoint);
  filter.set_idempotency_key(options.key);
  filter.set_from_sequence(options.from_sequence);
  filter.set_to_sequence(options.to_sequence);
  v1::Verdict verdict = v1::VERDICT_UNSPECIFIED;
  if (!options.verdict.empty()) {
    v1::Verdict_Parse("VERDICT_" + options.verdict, &verdict);
    filter.set_verdict(verdict);
  }
  return (options.from.empty() ||
          FillInTime(context, "--from", options.from, filter.mutable_from_time())) &&
         (options.to.empty() || FillInTime(context, "--to", options.to, filter.mutable_to_time()));
}

using Print = void (*)(Context&, const v1::Trace&);

ExitCode RunExport(Context& context, const TraceOptions& options, Print print, uint64_t* count) {
  v1::ExportTracesRequest request;
  if (!FillIn(context, options, *request.mutable_filter())) return kUsage;
  request.set_follow(options.follow);
  request.set_limit(options.limit);
  grpc::ClientContext call;  // an export takes as long as it takes
  const auto stub = v1::Audit::NewStub(context.channel());
  const auto traces = stub->ExportTraces(&call, request);
  v1::Trace trace;
  while (traces->Read(&trace)) {
    context.json ? PrintJson(context, trace) : print(context, trace);
    ++*count;
  }
  const grpc::Status status = traces->Finish();
  return status.ok() ? kOk : context.Fail(status);
}

ExitCode RunGet(Context& context, const TraceOptions& options) {
  uint64_t count = 0;
  const ExitCode code = RunExport(context, options, PrintCheckTrace, &count);
  if (code != kOk || count > 0) return code;
  context.err << "fundctl trace get: there is no decision " << options.decision << "\n";
  return kError;
}

ExitCode RunVerify(Context& context) {
  grpc::ClientContext call;
  const auto stub = v1::Audit::NewStub(context.channel());
  const auto progress = stub->VerifyJournal(&call, v1::VerifyJournalRequest());
  v1::VerifyJournalResponse report;
  while (progress->Read(&report)) {
    if (!report.done() && !context.json) {
      context.err << "  " << report.records_checked() << " records\n";
    }
  }
  const grpc::Status status = progress->Finish();
  if (!status.ok()) return context.Fail(status);
  if (context.json) {
    PrintJson(context, report);
  } else if (report.sound()) {
    context.out << "The chain of " << report.records_checked() << " records is sound.\n";
  } else {
    context.out << "DAMAGED at record " << report.damaged_sequence() << ": " << report.message()
                << "\n";
  }
  return report.sound() ? kOk : kError;
}

}  // namespace

void AddTrace(CLI::App& app, Context& context) {
  CLI::App* trace = app.add_subcommand("trace", "The journal: every input and its outcome");
  trace->require_subcommand(1);
  trace->footer(
      "\nExamples:\n"
      "  fundctl trace get d0000000000000005 --output json\n"
      "  fundctl trace export --verdict HOLD --from 10m\n"
      "  fundctl trace export --account m1 --verdict BLOCK --output json > blocked.jsonl\n"
      "  fundctl trace verify\n");
  auto options = std::make_shared<TraceOptions>();
  CLI::App* get = trace->add_subcommand("get", "Shows how one decision came about");
  get->add_option("decision", options->decision, "Decision id")->required();
  get->callback([&context, options] {
    context.run = [&context, options] { return RunGet(context, *options); };
  });
  CLI::App* exported = trace->add_subcommand("export", "Lists records in order");
  exported->add_option("--account", options->account, "Only this account");
  exported->add_option("--order", options->order, "Only this order");
  exported->add_option("--checkpoint", options->checkpoint, "Only this checkpoint");
  exported->add_option("--key", options->key, "Only this idempotency key");
  exported->add_option("--verdict", options->verdict, "Only this verdict")
      ->check(CLI::IsMember({"ALLOW", "HOLD", "BLOCK"}));
  exported->add_option("--from", options->from, "From 2026-11-20T14:00:00Z on, or of the last 30m");
  exported->add_option("--to", options->to, "Before this time, or 30m ago");
  exported->add_option("--from-sequence", options->from_sequence, "From this record");
  exported->add_option("--to-sequence", options->to_sequence, "To this record");
  exported->add_option("--limit", options->limit, "At most this many");
  exported->add_flag("--follow", options->follow, "Go on with new records as they come");
  exported->callback([&context, options] {
    context.run = [&context, options] {
      uint64_t count = 0;
      return RunExport(context, *options, PrintTraceLine, &count);
    };
  });
  CLI::App* verify = trace->add_subcommand("verify", "Reads the whole chain and checks every hash");
  verify->callback([&context] { context.run = [&context] { return RunVerify(context); }; });
}

}  // namespace fundgate::fundctl
