#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "backup/backup_folder.h"
#include "client/fundctl/arguments.h"
#include "client/fundctl/chain_program.h"
#include "client/fundctl/output.h"
#include "client/fundctl/verbs.h"
#include "fundgate/types/status_macros.h"
#include "fundgate/v1/backups.grpc.pb.h"

namespace fundgate::fundctl {
namespace {

struct BackupOptions {
  std::string folder;
  std::string data;
  std::string reason;
  std::string granted_for;
  std::string fundgated;
  bool files_only = false;
};

uint64_t BytesOf(const v1::BackupManifest& manifest) {
  uint64_t bytes = 0;
  for (const v1::BackupFile& file : manifest.files()) bytes += file.bytes();
  return bytes;
}

// Where it leads back to.
void PrintManifest(Context& context, const v1::BackupManifest& manifest) {
  const v1::BackupPoint& point = manifest.point();
  std::vector<std::pair<std::string, std::string>> pairs = {
      {"record", std::to_string(point.sequence())},
      {"its time", point.has_time() ? TextOf(point.time()) : ""},
      {"chain", absl::BytesToHexString(point.hash())},
      {"policy", "version " + std::to_string(point.policy_version())},
      {"made", TextOf(point.created_at()) + " by fundgated " + point.software_version()},
      {"size", absl::StrCat(manifest.files_size(), " files, ", BytesOf(manifest), " bytes")}};
  for (const v1::BackupSource& source : point.sources()) {
    pairs.emplace_back("source " + source.name(), source.position());
  }
  PrintPairs(context, pairs);
}

ExitCode Fail(Context& context, const std::string& verb, const absl::Status& status) {
  context.err << "fundctl backup " << verb << ": " << status.message() << "\n";
  return kError;
}

ExitCode RunCreate(Context& context, const BackupOptions& options) {
  auto writer = backup::BackupWriter::Create(options.folder);
  if (!writer.ok()) return Fail(context, "create", writer.status());
  grpc::ClientContext call;  // takes as long as the store is large
  const auto stub = v1::Backups::NewStub(context.channel());
  const auto parts = stub->CreateBackup(&call, v1::CreateBackupRequest());
  v1::CreateBackupResponse part;
  absl::Status taken;
  while (taken.ok() && parts->Read(&part)) taken = (*writer)->Take(part);
  if (!taken.ok()) call.TryCancel();
  const grpc::Status status = parts->Finish();
  if (!taken.ok()) return Fail(context, "create", taken);
  if (!status.ok()) return context.Fail(status);
  if (!(*writer)->done()) {
    return Fail(context, "create",
                absl::DataLossError("the gate ended before all of it was sent: create it again"));
  }
  if (context.json) {
    PrintJson(context, (*writer)->manifest());
  } else {
    context.out << "The backup is in " << options.folder << ".\n";
    PrintManifest(context, (*writer)->manifest());
  }
  return kOk;
}

// The chain ends where the manifest says.
absl::Status VerifyEnd(const BackupOptions& options, const v1::BackupManifest& manifest) {
  FUNDGATE_ASSIGN_OR_RETURN(
      const std::string said,
      VerifyChain(options.fundgated, absl::StrCat(options.folder, "/", backup::kDataFolder)));
  const std::string expected = absl::StrCat(
      "the chain of ", manifest.point().sequence(), " records is sound, newest hash ",
      manifest.point().sequence() == 0 ? "" : absl::BytesToHexString(manifest.point().hash()));
  if (absl::EndsWith(said, expected)) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat("the chain is not the one that was backed up: \"", said, "\" where \"", expected,
                   "\" was expected. Keep this backup for the inquiry and use an older one"));
}

absl::StatusOr<v1::BackupManifest> Verify(const BackupOptions& options) {
  FUNDGATE_ASSIGN_OR_RETURN(v1::BackupManifest manifest, backup::ReadManifest(options.folder));
  FUNDGATE_RETURN_IF_ERROR(backup::VerifyFiles(options.folder, manifest));
  if (!options.files_only) FUNDGATE_RETURN_IF_ERROR(VerifyEnd(options, manifest));
  return manifest;
}

ExitCode RunVerify(Context& context, const BackupOptions& options) {
  const absl::StatusOr<v1::BackupManifest> manifest = Verify(options);
  if (!manifest.ok()) return Fail(context, "verify", manifest.status());
  if (context.json) {
    PrintJson(context, *manifest);
  } else {
    context.out << (options.files_only ? "Every file is what was backed up.\n"
                                       : "Every file and every hash of the chain is sound.\n");
    PrintManifest(context, *manifest);
  }
  return kOk;
}

ExitCode RunRestore(Context& context, const BackupOptions& options) {
  const absl::StatusOr<v1::BackupManifest> manifest = backup::ReadManifest(options.folder);
  if (!manifest.ok()) return Fail(context, "restore", manifest.status());
  v1::RestoredFrom word;
  word.set_reason(options.reason);
  if (!options.granted_for.empty()) {
    const auto granted_for = ParseDuration(options.granted_for);
    if (!granted_for.ok()) {
      Fail(context, "restore", granted_for.status());
      return kUsage;
    }
    *word.mutable_granted_for_at_most() = *granted_for;
  }
  const absl::Status restored =
      backup::Restore(options.folder, *manifest, options.data, std::move(word));
  if (!restored.ok()) return Fail(context, "restore", restored);
  if (context.json) {
    PrintJson(context, *manifest);
    return kOk;
  }
  context.out << "The backup is restored to " << options.data << ".\n";
  PrintManifest(context, *manifest);
  context.out << "Its gate will hold every check until nothing that was allowed after record "
              << manifest->point().sequence()
              << " can be started any more and every source has caught up; `fundctl status` says "
                 "until when.\n";
  return kOk;
}

void AddCreate(CLI::App& backup, Context& context) {
  auto options = std::make_shared<BackupOptions>();
  CLI::App* verb = backup.add_subcommand(
      "create", "Copies the store of the gate, which goes on serving, to a folder here");
  verb->footer("\nExample:\n  fundctl backup create /mnt/elsewhere/fundgate-monday\n");
  verb->add_option("FOLDER", options->folder, "A new folder")->required();
  verb->callback([&context, options] {
    context.run = [&context, options] { return RunCreate(context, *options); };
  });
}

void AddVerify(CLI::App& backup, Context& context) {
  auto options = std::make_shared<BackupOptions>();
  options->fundgated = BesideThis("fundgated");
  CLI::App* verb = backup.add_subcommand(
      "verify",
      "Reads a backup again: each file's hash, and the chain of its journal. Needs no gate");
  verb->footer("\nExample:\n  fundctl backup verify /mnt/elsewhere/fundgate-monday\n");
  verb->add_option("FOLDER", options->folder, "The backup")->required();
  verb->add_option("--fundgated", options->fundgated,
                   "The program that reads the chain; the one beside this if not given");
  verb->add_flag("--files", options->files_only, "Only the files' hashes");
  verb->callback([&context, options] {
    context.run = [&context, options] { return RunVerify(context, *options); };
  });
}

void AddRestore(CLI::App& backup, Context& context) {
  auto options = std::make_shared<BackupOptions>();
  CLI::App* verb = backup.add_subcommand(
      "restore", "Copies a backup to an empty folder, for a gate to serve. Needs no gate");
  verb->footer(
      "\nExample:\n"
      "  fundctl backup restore /mnt/elsewhere/fundgate-monday --data /var/lib/fundgate \\\n"
      "      --reason \"the disk died\"\n");
  verb->add_option("FOLDER", options->folder, "The backup")->required();
  verb->add_option("--data", options->data, "Where the gate will find it: new, or empty")
      ->required();
  verb->add_option("--reason", options->reason, "Why; the gate tells it for as long as it holds");
  verb->add_option("--granted-for", options->granted_for,
                   "For how long movements were allowed at most, if a policy that came after the "
                   "backup allowed them for longer: 30m");
  verb->callback([&context, options] {
    context.run = [&context, options] { return RunRestore(context, *options); };
  });
}

}  // namespace

void AddBackup(CLI::App& app, Context& context) {
  CLI::App* backup = app.add_subcommand("backup", "Copies of the store: create, verify, restore");
  backup->require_subcommand(1);
  AddCreate(*backup, context);
  AddVerify(*backup, context);
  AddRestore(*backup, context);
}

}  // namespace fundgate::fundctl
