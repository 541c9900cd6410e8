#include "client/fundctl/source_snapshot.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <ostream>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "client/fundctl/output.h"
#include "fundgate/v1/sources.grpc.pb.h"
#include "google/protobuf/util/time_util.h"

namespace fundgate::fundctl {
namespace {

using google::protobuf::util::TimeUtil;

struct ResnapshotOptions {
  std::string source;
  std::vector<std::string> tables;
  bool history = false;
  bool begin_anew = false;
  bool cancel = false;
  std::string actor;
  std::string reason;
};

bool IsOver(const v1::Snapshot& run) {
  return run.state() == v1::SNAPSHOT_STATE_DONE || run.state() == v1::SNAPSHOT_STATE_FAILED ||
         run.state() == v1::SNAPSHOT_STATE_CANCELLED;
}

// "1200000 of about 5000000 rows, 18500/s, 3m25s left".
std::string ProgressOf(const v1::Snapshot& run, const google::protobuf::Timestamp& now) {
  uint64_t expected = 0;
  for (const v1::SnapshotTable& table : run.tables()) {
    expected += table.done() ? table.rows() : std::max(table.rows(), table.expected_rows());
  }
  std::string text = absl::StrCat(run.rows(), " of about ", expected, " rows");
  if (!run.has_begun_at()) return text;
  const google::protobuf::Timestamp& until = run.has_ended_at() ? run.ended_at() : now;
  const int64_t ms = std::max<int64_t>(1, TimeUtil::DurationToMilliseconds(until - run.begun_at()));
  const uint64_t rate = run.rows() * 1000 / static_cast<uint64_t>(ms);
  absl::StrAppend(&text, ", ", rate, "/s");
  if (!IsOver(run) && rate > 0 && expected > run.rows()) {
    const auto left = static_cast<int64_t>((expected - run.rows()) / rate);
    absl::StrAppend(&text, ", ", TextOf(TimeUtil::SecondsToDuration(left)), " left");
  }
  return text;
}

ExitCode Print(Context& context, const v1::Snapshot& run, const std::string& source) {
  if (context.json) {
    PrintJson(context, run);
  } else {
    context.out << "Run " << run.run() << " of " << source << ": "
                << WithoutPrefix(v1::SnapshotState_Name(run.state()), "SNAPSHOT_STATE_")
                << ". `fundctl source show " << source << "` shows how far it is.\n";
  }
  return kOk;
}

ExitCode RunResnapshot(Context& context, const ResnapshotOptions& options) {
  v1::ResnapshotSourceRequest request;
  request.set_source(options.source);
  for (const std::string& table : options.tables) request.add_tables(table);
  request.set_history(options.history);
  request.set_begin_anew(options.begin_anew);
  request.set_actor(context.ActorOf(options.actor));
  request.set_reason(options.reason);
  grpc::ClientContext call;
  context.SetDeadline(call);
  v1::ResnapshotSourceResponse response;
  const grpc::Status status =
      v1::Sources::NewStub(context.channel())->ResnapshotSource(&call, request, &response);
  return status.ok() ? Print(context, response.snapshot(), options.source) : context.Fail(status);
}

ExitCode RunCancel(Context& context, const ResnapshotOptions& options) {
  v1::CancelResnapshotRequest request;
  request.set_source(options.source);
  request.set_actor(context.ActorOf(options.actor));
  request.set_reason(options.reason);
  grpc::ClientContext call;
  context.SetDeadline(call);
  v1::CancelResnapshotResponse response;
  const grpc::Status status =
      v1::Sources::NewStub(context.channel())->CancelResnapshot(&call, request, &response);
  return status.ok() ? Print(context, response.snapshot(), options.source) : context.Fail(status);
}

}  // namespace

std::vector<std::pair<std::string, std::string>> PairsOf(const v1::Snapshot& run,
                                                         const google::protobuf::Timestamp& now) {
  std::vector<std::pair<std::string, std::string>> pairs = {
      {"snapshot",
       absl::StrCat("run ", run.run(), ": ",
                    WithoutPrefix(v1::SnapshotState_Name(run.state()), "SNAPSHOT_STATE_"))},
      {"  wanted by",
       absl::StrCat(run.actor(), " at ", TextOf(run.requested_at()), ": ", run.reason())},
      {"  finds", run.history() ? "history: `fundctl violation list --history`" : ""},
      {"  progress", ProgressOf(run, now)},
      {"  corrected", absl::StrCat(run.corrected(), " rows, ", run.taken_back(), " taken back")},
      {"  violations", run.violations() > 0 ? absl::StrCat(run.violations()) : ""},
      {"  healed", absl::StrCat(run.gaps_healed(), " gaps")},
      {"  ended at", run.has_ended_at() ? TextOf(run.ended_at()) : ""},
      {"  problem", run.problem()}};
  for (const v1::SnapshotTable& table : run.tables()) {
    std::string text = absl::StrCat(table.rows(), " rows", table.done() ? ", all" : "");
    if (table.unreadable_rows() > 0) {
      absl::StrAppend(&text, ", of which ", table.unreadable_rows(), " can't be read");
    }
    pairs.emplace_back("    " + table.table(), std::move(text));
  }
  return pairs;
}

void AddResnapshot(CLI::App& source, Context& context) {
  auto options = std::make_shared<ResnapshotOptions>();
  CLI::App* verb =
      source.add_subcommand("resnapshot", "Has its tables read anew, which heals its gaps");
  verb->footer(
      "\nExamples:\n"
      "  fundctl source resnapshot pay_db --reason \"rows without an order were repaired\"\n"
      "  fundctl source resnapshot pay_db --table pay.refund --reason \"TRUNCATE at noon\"\n"
      "  fundctl source resnapshot pay_db --begin-anew --reason \"its binlogs were purged\"\n"
      "  fundctl source resnapshot pay_db --cancel --reason \"not during the sale\"\n");
  verb->add_option("source", options->source, "The source's name in the policy")->required();
  verb->add_option("--table", options->tables, "Only this one: pay.refund; may be repeated");
  verb->add_flag("--history", options->history,
                 "What it finds happened before go-live: it is listed apart and nothing is done "
                 "about it");
  verb->add_flag("--begin-anew", options->begin_anew,
                 "The source goes on from its present position, whatever lies between");
  verb->add_flag("--cancel", options->cancel, "Ends the run that is under way");
  verb->add_option("--reason", options->reason, "Why")->required();
  AddActor(*verb, options->actor);
  verb->callback([&context, options] {
    context.run = [&context, options] {
      return options->cancel ? RunCancel(context, *options) : RunResnapshot(context, *options);
    };
  });
}

}  // namespace fundgate::fundctl
