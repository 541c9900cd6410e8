#include <memory>
#include <ostream>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "client/fundctl/output.h"
#include "client/fundctl/source_snapshot.h"
#include "client/fundctl/verbs.h"
#include "fundgate/v1/status.grpc.pb.h"

namespace fundgate::fundctl {
namespace {

std::string LagOf(const v1::SourceStatus& source) {
  return source.has_lag() ? TextOf(source.lag()) : "-";
}

std::string ProvenPastOf(const v1::SourceStatus& source) {
  return source.has_proven_past() ? TextOf(source.proven_past()) : "never";
}

void PrintList(Context& context, const v1::GetStatusResponse& status) {
  std::vector<std::vector<std::string>> rows = {
      {"SOURCE", "FEEDER", "PROVEN PAST", "LAG", "GAPS", "POSITION"}};
  for (const v1::SourceStatus& source : status.sources()) {
    rows.push_back({source.name(), source.feeder_connected() ? "connected" : "NONE",
                    ProvenPastOf(source), LagOf(source), absl::StrCat(source.gaps()),
                    source.position().empty() ? "-" : source.position()});
  }
  if (rows.size() == 1) {
    context.out << "The policy has no sources.\n";
  } else {
    PrintTable(context, rows);
  }
}

std::string GapsOf(const v1::SourceStatus& source) {
  if (source.gaps() == 0) return "none";
  const v1::SourceGap& oldest = source.oldest_gap();
  std::string text =
      absl::StrCat(source.gaps(), " since ", TextOf(oldest.since()), ": ", oldest.movement_kind());
  if (!oldest.account_id().empty()) absl::StrAppend(&text, " of ", oldest.account_id());
  if (!oldest.order_id().empty()) absl::StrAppend(&text, "/", oldest.order_id());
  return absl::StrCat(text, ", ", oldest.reason());
}

// What ends the gaps.
std::string HealedBy(const v1::SourceStatus& source) {
  const v1::SnapshotState state = source.snapshot().state();
  const bool is_under_way = state == v1::SNAPSHOT_STATE_REQUESTED ||
                            state == v1::SNAPSHOT_STATE_READING ||
                            state == v1::SNAPSHOT_STATE_SWEEPING;
  if (source.gaps() == 0) return "";
  return is_under_way ? absl::StrCat("run ", source.snapshot().run(), ", once it is over")
                      : absl::StrCat("`fundctl source resnapshot ", source.name(), "`");
}

void PrintSource(Context& context, const v1::SourceStatus& source,
                 const google::protobuf::Timestamp& now) {
  PrintPairs(
      context,
      {{"source", source.name()},
       {"feeder", source.feeder_connected()
                      ? "connected"
                      : "NONE: start fundgate-sidecar, or the service that reports"},
       {"epoch", absl::StrCat(source.epoch())},
       {"position", source.position().empty() ? "- (never read)" : source.position()},
       {"proven past", ProvenPastOf(source)},
       {"lag", LagOf(source)},
       {"waiting for", source.waiting_for_position()},
       {"committed at",
        source.has_committed_at() ? TextOf(source.committed_at()) + ", by the source's clock" : ""},
       {"gaps", GapsOf(source)},
       {"healed by", HealedBy(source)}});
  if (source.has_snapshot()) PrintPairs(context, PairsOf(source.snapshot(), now));
}

// An empty name: all of them.
ExitCode Run(Context& context, const std::string& name) {
  grpc::ClientContext call;
  context.SetDeadline(call);
  v1::GetStatusResponse response;
  const grpc::Status status =
      v1::Status::NewStub(context.channel())->GetStatus(&call, v1::GetStatusRequest(), &response);
  if (!status.ok()) return context.Fail(status);
  if (name.empty() && !context.json) {
    PrintList(context, response);
    return kOk;
  }
  bool found = name.empty();
  for (const v1::SourceStatus& source : response.sources()) {
    if (!name.empty() && source.name() != name) continue;
    found = true;
    context.json ? PrintJson(context, source) : PrintSource(context, source, response.gate_time());
  }
  if (found) return kOk;
  context.err << "fundctl source show: the policy has no source " << name
              << "; `fundctl source list` names those that it has\n";
  return kError;
}

}  // namespace

void AddSource(CLI::App& app, Context& context) {
  CLI::App* source = app.add_subcommand("source", "Who tells what really moved, and how far");
  source->require_subcommand(1);
  CLI::App* list = source->add_subcommand("list", "Shows all sources of the policy");
  list->footer(
      "\nExample:\n"
      "  fundctl source list\n");
  list->callback([&context] { context.run = [&context] { return Run(context, ""); }; });

  auto name = std::make_shared<std::string>();
  CLI::App* show = source->add_subcommand("show", "Shows one with all that is known of it");
  show->footer(
      "\nExample:\n"
      "  fundctl source show pay_db\n");
  show->add_option("name", *name, "The source's name in the policy")->required();
  show->callback(
      [&context, name] { context.run = [&context, name] { return Run(context, *name); }; });
  AddResnapshot(*source, context);
}

}  // namespace fundgate::fundctl
