#include "client/fundctl/trace_verify.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "anchor/anchors.h"
#include "anchor/keys.h"
#include "client/fundctl/output.h"
#include "fundgate/types/status_macros.h"
#include "fundgate/v1/audit.grpc.pb.h"

namespace fundgate::fundctl {
namespace {

struct VerifyOptions {
  std::string anchors;
  std::vector<std::string> public_keys;
};

absl::StatusOr<std::vector<anchor::PublicKey>> ReadKeys(const VerifyOptions& options) {
  std::vector<anchor::PublicKey> keys;
  for (const std::string& file : options.public_keys) {
    std::ifstream input(file, std::ios::binary);
    const std::string pem(std::istreambuf_iterator<char>(input), {});
    absl::StatusOr<anchor::PublicKey> key = anchor::PublicKey::FromPem(pem);
    if (!key.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(file, ": ", key.status().message()));
    }
    keys.push_back(*std::move(key));
  }
  return keys;
}

// The file's anchors, all of them signed by one of the keys.
absl::StatusOr<anchor::Anchors> ReadAnchors(const VerifyOptions& options,
                                            const std::vector<anchor::PublicKey>& keys) {
  FUNDGATE_ASSIGN_OR_RETURN(anchor::Anchors anchors, anchor::Anchors::Read(options.anchors));
  const std::vector<size_t> others = anchors.KeepSignedBy(keys);
  if (others.empty()) return anchors;
  return absl::DataLossError(absl::StrCat(
      options.anchors, ": what stands in line ", absl::StrJoin(others, ", "),
      " was changed, or was signed by another key; --public-key may be given several times"));
}

// Reads the gate's progress to its end, and tells the anchors what it hears.
grpc::Status Ask(Context& context, anchor::Anchors* anchors, v1::VerifyJournalResponse& report) {
  v1::VerifyJournalRequest request;
  if (anchors != nullptr) {
    for (const Sequence place : anchors->Places()) request.add_places(place);
  }
  grpc::ClientContext call;  // takes as long as the journal is long
  const auto stub = v1::Audit::NewStub(context.channel());
  const auto progress = stub->VerifyJournal(&call, request);
  while (progress->Read(&report)) {
    for (const v1::JournalPlace& place : report.places()) {
      if (anchors != nullptr) anchors->Found(place.sequence(), place.hash());
    }
    if (!report.done() && !context.json) {
      context.err << "  " << report.records_checked() << " records\n";
    }
  }
  return progress->Finish();
}

// Whether one of the keys has signed where the journal begins; true if that is its first record.
bool CutIsSigned(const v1::VerifyJournalResponse& report,
                 const std::vector<anchor::PublicKey>& keys) {
  return !report.has_cut() ||
         std::any_of(keys.begin(), keys.end(), [&report](const anchor::PublicKey& key) {
           return key.HasSigned(report.cut().last_dropped());
         });
}

void PrintReport(Context& context, const v1::VerifyJournalResponse& report,
                 const std::vector<anchor::PublicKey>& keys) {
  if (report.sound()) {
    context.out << "The chain of " << report.records_checked() << " records is sound.\n";
  } else {
    context.out << "DAMAGED at record " << report.damaged_sequence() << ": " << report.message()
                << "\n";
  }
  if (!report.has_cut()) return;
  const v1::JournalAnchor& last_dropped = report.cut().last_dropped();
  context.out << "It begins with record " << report.cut().first_sequence() << "; the "
              << last_dropped.sequence() << " before it, of " << TextOf(report.cut().begun_at())
              << " to " << TextOf(last_dropped.time())
              << ", were dropped by the gate's retention at " << TextOf(report.cut().cut_at())
              << ". The last of them had the hash " << absl::BytesToHexString(last_dropped.hash())
              << (keys.empty()                ? ""
                  : CutIsSigned(report, keys) ? ", signed by the key"
                                              : ", NOT SIGNED by the key")
              << ".\n";
}

void PrintComparison(Context& context, const anchor::Anchors& anchors,
                     const anchor::Comparison& comparison) {
  if (comparison.sound()) {
    context.out << comparison.agreeing << " of " << anchors.size()
                << " anchors agree, the newest at record " << comparison.newest
                << (comparison.dropped == 0
                        ? ""
                        : absl::StrCat("; ", comparison.dropped, " are of dropped records"))
                << ".\n";
  } else {
    context.out << "REWRITTEN: " << comparison.problem << "\n";
  }
}

ExitCode Run(Context& context, const VerifyOptions& options) {
  const absl::StatusOr<std::vector<anchor::PublicKey>> keys = ReadKeys(options);
  if (!keys.ok()) {
    context.err << "fundctl trace verify: " << keys.status().message() << "\n";
    return kUsage;
  }
  std::optional<anchor::Anchors> anchors;
  if (!options.anchors.empty()) {
    absl::StatusOr<anchor::Anchors> read = ReadAnchors(options, *keys);
    if (!read.ok()) {
      context.err << "fundctl trace verify: " << read.status().message() << "\n";
      return absl::IsDataLoss(read.status()) ? kError : kUsage;
    }
    anchors.emplace(*std::move(read));
  }
  v1::VerifyJournalResponse report;
  const grpc::Status status = Ask(context, anchors.has_value() ? &*anchors : nullptr, report);
  if (!status.ok()) return context.Fail(status);
  anchor::Comparison comparison;
  if (anchors.has_value()) {
    anchors->BeginsAt(std::max<Sequence>(report.cut().first_sequence(), 1));
    comparison = anchors->Conclude(report.last_sequence(), report.sound());
  }
  if (context.json) {
    // One object: what the chain alone doesn't show is damage as well.
    if (report.sound() && !comparison.sound()) {
      report.set_sound(false);
      report.set_damaged_sequence(comparison.first);
      report.set_message(comparison.problem);
    }
    PrintJson(context, report);
  } else {
    PrintReport(context, report, *keys);
    if (anchors.has_value()) PrintComparison(context, *anchors, comparison);
  }
  const bool cut_is_proven = keys->empty() || CutIsSigned(report, *keys);
  return report.sound() && comparison.sound() && cut_is_proven ? kOk : kError;
}

}  // namespace

void AddTraceVerify(CLI::App& trace, Context& context) {
  auto options = std::make_shared<VerifyOptions>();
  CLI::App* verb = trace.add_subcommand("verify", "Reads the whole chain and checks every hash");
  verb->footer(
      "\nExamples:\n"
      "  fundctl trace verify\n"
      "  fundctl trace verify --anchors anchors.jsonl --public-key anchor.pub\n"
      "  fundgated --verify-chain DIR does the same on a stopped gate's folder.\n");
  CLI::Option* anchors =
      verb->add_option("--anchors", options->anchors,
                       "Compare with the anchors of this file, which show a rewritten tail");
  CLI::Option* keys = verb->add_option("--public-key", options->public_keys,
                                       "The key that signed them, in PEM; may be given several "
                                       "times");
  anchors->needs(keys);
  keys->needs(anchors);
  verb->callback([&context, options] {
    context.run = [&context, options] { return Run(context, *options); };
  });
}

}  // namespace fundgate::fundctl
