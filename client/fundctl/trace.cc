#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "client/fundctl/arguments.h"
#include "client/fundctl/explanation.h"
#include "client/fundctl/output.h"
#include "client/fundctl/trace_otlp.h"
#include "client/fundctl/trace_replay.h"
#include "client/fundctl/trace_text.h"
#include "client/fundctl/trace_verify.h"
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
  std::string reason;
  std::vector<std::string> kinds;
  std::string from;
  std::string to;
  uint64_t from_sequence = 0;
  uint64_t to_sequence = 0;
  uint64_t limit = 0;
  bool follow = false;
  std::string otlp;
  std::string otlp_ca_file;
};

constexpr char kKindPrefix[] = "TRACE_KIND_";

std::vector<std::string> AllKinds() {
  std::vector<std::string> kinds;
  const google::protobuf::EnumDescriptor& type = *v1::TraceKind_descriptor();
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() == v1::TRACE_KIND_UNSPECIFIED) continue;
    kinds.push_back(WithoutPrefix(type.value(i)->name(), kKindPrefix));
  }
  return kinds;
}

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
  filter.set_reason_name(options.reason);
  for (const std::string& name : options.kinds) {
    v1::TraceKind kind = v1::TRACE_KIND_UNSPECIFIED;
    v1::TraceKind_Parse(kKindPrefix + name, &kind);
    filter.add_kinds(kind);
  }
  v1::Verdict verdict = v1::VERDICT_UNSPECIFIED;
  if (!options.verdict.empty()) {
    v1::Verdict_Parse("VERDICT_" + options.verdict, &verdict);
    filter.set_verdict(verdict);
  }
  return (options.from.empty() ||
          FillInTime(context, "--from", options.from, filter.mutable_from_time())) &&
         (options.to.empty() || FillInTime(context, "--to", options.to, filter.mutable_to_time()));
}

// Of what the gate is not to blame for.
ExitCode FailElsewhere(Context& context, const absl::Status& status) {
  context.err << "fundctl trace: " << status.message() << "\n";
  return ExitCodeOf(status);
}

using Visit = std::function<absl::Status(const v1::Trace&)>;

// Ends with the first record that `visit` can't take.
ExitCode Export(Context& context, const TraceOptions& options, const Visit& visit) {
  v1::ExportTracesRequest request;
  if (!FillIn(context, options, *request.mutable_filter())) return kUsage;
  request.set_follow(options.follow);
  request.set_limit(options.limit);
  grpc::ClientContext call;  // an export takes as long as it takes
  const auto stub = v1::Audit::NewStub(context.channel());
  const auto traces = stub->ExportTraces(&call, request);
  v1::Trace trace;
  while (traces->Read(&trace)) {
    if (const absl::Status taken = visit(trace); !taken.ok()) {
      call.TryCancel();
      (void)traces->Finish();
      return FailElsewhere(context, taken);
    }
  }
  const grpc::Status status = traces->Finish();
  return status.ok() ? kOk : context.Fail(status);
}

using Print = void (*)(Context&, const v1::Trace&);

ExitCode RunExport(Context& context, const TraceOptions& options, Print print, uint64_t* count) {
  return Export(context, options, [&](const v1::Trace& trace) {
    context.json ? PrintJson(context, trace) : print(context, trace);
    ++*count;
    return absl::OkStatus();
  });
}

// Decisions as spans; other records are none.
ExitCode SendSpans(Context& context, TraceOptions options) {
  const auto sender = SpanSender::Start(context, options.otlp, options.otlp_ca_file);
  if (!sender.ok()) {
    context.err << "fundctl trace: --otlp: " << sender.status().message() << "\n";
    return kUsage;
  }
  options.kinds = {"CHECK", "LEASE"};
  const ExitCode code =
      Export(context, options, [&](const v1::Trace& trace) { return (*sender)->Add(trace); });
  if (code != kOk) return code;
  const absl::Status finished = (*sender)->Finish();
  return finished.ok() ? kOk : FailElsewhere(context, finished);
}

// One decision's record, printed so.
ExitCode RunOne(Context& context, const TraceOptions& options, Print print) {
  uint64_t count = 0;
  const ExitCode code = RunExport(context, options, print, &count);
  if (code != kOk || count > 0) return code;
  context.err << "fundctl trace: there is no decision " << options.decision << "\n";
  return kError;
}

void AddExport(CLI::App& trace, Context& context) {
  auto options = std::make_shared<TraceOptions>();
  CLI::App* verb = trace.add_subcommand("export", "Lists records in order");
  verb->footer(
      "\nExamples:\n"
      "  fundctl trace export --verdict HOLD --from 10m\n"
      "  fundctl trace export --rule refund_burst --kind CHECK --from 24h\n"
      "  fundctl trace export --account m1 --order o1 --output json > o1.jsonl\n"
      "  fundctl trace export --verdict BLOCK --from 24h --otlp http://127.0.0.1:4317\n");
  verb->add_option("--account", options->account, "Only this account");
  verb->add_option("--order", options->order, "Only this order");
  verb->add_option("--checkpoint", options->checkpoint, "Only this checkpoint");
  verb->add_option("--key", options->key, "Only this idempotency key");
  verb->add_option("--verdict", options->verdict, "Only this verdict")
      ->check(CLI::IsMember({"ALLOW", "HOLD", "BLOCK"}));
  verb->add_option(
      "--rule", options->reason,
      "Only checks with a reason of this name, also in shadow: a rule, an invariant, a "
      "breaker's scope, a source");
  CLI::Option* kind = verb->add_option("--kind", options->kinds,
                                       "Only records of this kind; may be given several times")
                          ->check(CLI::IsMember(AllKinds()));
  verb->add_option("--from", options->from, "From 2026-11-20T14:00:00Z on, or of the last 30m");
  verb->add_option("--to", options->to, "Before this time, or 30m ago");
  verb->add_option("--from-sequence", options->from_sequence, "From this record");
  verb->add_option("--to-sequence", options->to_sequence, "To this record");
  verb->add_option("--limit", options->limit, "At most this many");
  CLI::Option* follow =
      verb->add_flag("--follow", options->follow, "Go on with new records as they come");
  // A gate follows by itself, and remembers how far it has come: fundgated --otlp.
  CLI::Option* otlp =
      verb->add_option("--otlp", options->otlp,
                       "Send the decisions as spans to this collector of OpenTelemetry, "
                       "by OTLP over gRPC: http://127.0.0.1:4317. To go on with new ones by "
                       "itself is for fundgated --otlp")
          ->type_name("URL")
          ->excludes(kind)
          ->excludes(follow);
  verb->add_option("--otlp-ca-file", options->otlp_ca_file,
                   "Who signs the collector's certificate; the system's authorities if not given")
      ->type_name("FILE")
      ->needs(otlp);
  verb->callback([&context, options] {
    context.run = [&context, options] {
      if (!options->otlp.empty()) return SendSpans(context, *options);
      uint64_t count = 0;
      return RunExport(context, *options, PrintTraceLine, &count);
    };
  });
}

// A verb that prints one decision's record.
void AddOfDecision(CLI::App& trace, Context& context, const char* name, const char* about,
                   Print print) {
  auto options = std::make_shared<TraceOptions>();
  CLI::App* verb = trace.add_subcommand(name, about);
  verb->footer(absl::StrCat("\nExample:\n  fundctl trace ", name, " d0000000000000005\n"));
  verb->add_option("decision", options->decision, "Decision id")->required();
  verb->callback([&context, options, print] {
    context.run = [&context, options, print] { return RunOne(context, *options, print); };
  });
}

}  // namespace

void AddTrace(CLI::App& app, Context& context) {
  CLI::App* trace = app.add_subcommand("trace", "The journal: every input and its outcome");
  trace->require_subcommand(1);
  trace->footer(
      "\nExamples:\n"
      "  fundctl trace get d0000000000000005 --output json\n"
      "  fundctl trace explain d0000000000000005\n"
      "  fundctl trace replay d0000000000000005\n"
      "  fundctl trace export --verdict HOLD --from 10m\n"
      "  fundctl trace export --account m1 --verdict BLOCK --output json > blocked.jsonl\n"
      "  fundctl trace verify\n");
  AddOfDecision(*trace, context, "get", "Shows how one decision came about", PrintCheckTrace);
  AddOfDecision(*trace, context, "explain", "Tells in plain words, with the numbers, why",
                [](Context& to, const v1::Trace& found) { to.out << Explain(found); });
  AddTraceReplay(*trace, context);
  AddExport(*trace, context);
  AddTraceVerify(*trace, context);
}

}  // namespace fundgate::fundctl
