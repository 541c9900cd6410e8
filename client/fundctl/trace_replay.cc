#include "client/fundctl/trace_replay.h"

#include <memory>
#include <ostream>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "client/fundctl/output.h"
#include "fundgate/v1/audit.grpc.pb.h"

namespace fundgate::fundctl {
namespace {

void PrintOne(Context& context, const char* when, const v1::Decision& decision) {
  context.out << when << ": ";
  PrintDecision(context, decision);
}

void PrintOutcome(Context& context, const v1::ReplayDecisionResponse& outcome) {
  const v1::Decision& recorded = outcome.recorded();
  if (outcome.agrees()) {
    context.out << "AGREES: judged again from " << outcome.records_done() << " records, "
                << recorded.decision_id() << " is "
                << WithoutPrefix(v1::Verdict_Name(recorded.verdict()), "VERDICT_")
                << " as it was recorded, with the same " << recorded.reasons_size() << " reason"
                << (recorded.reasons_size() == 1 ? "" : "s") << " and numbers.\n";
    return;
  }
  context.out << "DISAGREES at record " << outcome.differing_sequence() << ": " << outcome.message()
              << "\n";
  PrintOne(context, "recorded", recorded);
  if (outcome.has_replayed()) PrintOne(context, "judged again", outcome.replayed());
}

ExitCode Run(Context& context, const std::string& decision) {
  v1::ReplayDecisionRequest request;
  request.set_decision_id(decision);
  grpc::ClientContext call;  // takes as long as the journal is long
  const auto stub = v1::Audit::NewStub(context.channel());
  const auto progress = stub->ReplayDecision(&call, request);
  v1::ReplayDecisionResponse outcome;
  while (progress->Read(&outcome)) {
    if (outcome.done() || context.json) continue;
    context.err << "  " << outcome.records_done() << " of " << outcome.records_total()
                << " records\n";
  }
  const grpc::Status status = progress->Finish();
  if (!status.ok()) return context.Fail(status);
  context.json ? PrintJson(context, outcome) : PrintOutcome(context, outcome);
  return outcome.agrees() ? kOk : kError;
}

}  // namespace

void AddTraceReplay(CLI::App& trace, Context& context) {
  auto decision = std::make_shared<std::string>();
  CLI::App* verb = trace.add_subcommand(
      "replay", "Judges a decision again from the journal; exit code 1 if it comes out otherwise");
  verb->footer("\nExample:\n  fundctl trace replay d0000000000000005\n");
  verb->add_option("decision", *decision, "Decision id")->required();
  verb->callback([&context, decision] {
    context.run = [&context, decision] { return Run(context, *decision); };
  });
}

}  // namespace fundgate::fundctl
