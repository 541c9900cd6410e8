// The gate's process: settings, then the server, then waiting for a signal.
#include <pthread.h>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "server/gate/policy_documents.h"
#include "server/gate/server.h"
#include "server/main/alert_delivery.h"
#include "server/main/settings.h"
#include "server/store/verify.h"

namespace fundgate::main {
namespace {

// One line on stderr, with the time of the wall clock.
void Log(std::string_view line) {
  const std::string stamped =
      absl::StrCat(absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::Now(), absl::UTCTimeZone()),
                   " fundgated: ", std::string(line), "\n");
  std::fwrite(stamped.data(), 1, stamped.size(), stderr);
}

int Verify(const std::string& directory) {
  store::Options options;
  options.directory = directory;
  options.compile_policy = gate::CompilePolicy;
  const absl::StatusOr<store::VerifyReport> report =
      store::VerifyByReplay(options, [](Sequence done, Sequence total) {
        Log(absl::StrCat("replayed ", done, " of ", total, " records"));
      });
  if (!report.ok()) {
    Log(absl::StrCat("can't verify ", directory, ": ", std::string(report.status().message())));
    return kExitFailed;
  }
  if (!report->difference.empty()) {
    std::cout << "fundgated: " << directory << " differs from its journal: " << report->difference
              << "\n"
              << std::flush;
    return kExitFailed;
  }
  std::cout << "fundgated: " << directory << " is what its journal says: " << report->records
            << " records replayed, " << report->compared << " stored records equal, newest hash "
            << report->head_hash << "\n"
            << std::flush;
  return kExitOk;
}

int VerifyChainOnly(const ChainVerification& settings) {
  const absl::StatusOr<bool> sound = VerifyChain(settings, std::cout);
  std::cout.flush();
  if (sound.ok()) return *sound ? kExitOk : kExitFailed;
  Log(absl::StrCat("can't verify ", settings.directory, ": ",
                   std::string(sound.status().message())));
  return absl::IsInvalidArgument(sound.status()) ? kExitUsage : kExitFailed;
}

// The signals that end the process, kept from all threads so that one can wait for them.
sigset_t BlockSignals() {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGHUP, SIG_IGN);  // a new policy comes by command
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGTERM);
  sigaddset(&ending, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);
  return ending;
}

// Whole or not at all: somebody waits for the file to appear.
absl::Status WritePort(const std::string& path, int port) {
  if (path.empty()) return absl::OkStatus();
  const std::string unfinished = path + ".new";
  std::ofstream file(unfinished);
  file << port << "\n";
  file.close();
  if (file.good() && std::rename(unfinished.c_str(), path.c_str()) == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("can't write --port-file ", path));
}

int Serve(const Settings& settings, const sigset_t& ending) {
  const absl::StatusOr<std::optional<anchor::SigningKey>> key = ReadAnchorKey(settings.anchors);
  if (!key.ok()) {
    Log(std::string(key.status().message()));
    return kExitUsage;
  }
  gate::ServerSettings serving = settings.server;
  if (key->has_value()) {
    serving.inspect = [&](const store::View& recovered) {
      return CheckAnchorFile(settings.anchors, **key, recovered);
    };
  }
  absl::StatusOr<std::unique_ptr<gate::Server>> server = gate::Server::Start(serving, Log);
  if (!server.ok()) {
    Log(absl::StrCat("can't serve: ", std::string(server.status().message())));
    return absl::IsInvalidArgument(server.status()) ? kExitUsage : kExitFailed;
  }
  absl::StatusOr<std::unique_ptr<AlertDelivery>> delivery =
      AlertDelivery::Start(settings.alerts, (*server)->outbox(), Log);
  if (!delivery.ok()) {
    Log(absl::StrCat("can't deliver alerts: ", std::string(delivery.status().message())));
    return kExitUsage;
  }
  std::vector<std::unique_ptr<exporting::AnchorWriter>> anchors;
  if (key->has_value()) {
    auto kept = KeepAnchors(settings.anchors, **key, **server, Log);
    if (!kept.ok()) {
      Log(absl::StrCat("can't keep anchors: ", std::string(kept.status().message())));
      return kExitUsage;
    }
    anchors = *std::move(kept);
  }
  const std::string address = (*server)->address();
  if (absl::Status status = WritePort(settings.port_file, (*server)->port()); !status.ok()) {
    Log(std::string(status.message()));
    return kExitUsage;
  }
  std::cout << "fundgated: serving on " << address << " (policy version "
            << (*server)->policy_version() << ", sequence " << (*server)->sequence() << ")"
            << "\n"
            << std::flush;
  int signal = 0;
  sigwait(&ending, &signal);
  Log(absl::StrCat("got ", signal == SIGTERM ? "SIGTERM" : "SIGINT"));
  // What is not delivered yet waits in the outbox for the next start.
  delivery->reset();
  anchors.clear();
  (*server)->Shutdown();
  return kExitOk;
}

int Run(int argc, char** argv) {
  std::variant<Settings, int> read = ReadSettings(argc, argv);
  if (const int* exit_code = std::get_if<int>(&read)) return *exit_code;
  const Settings& settings = std::get<Settings>(read);
  if (!settings.verify_directory.empty()) return Verify(settings.verify_directory);
  if (!settings.verify_chain.directory.empty()) return VerifyChainOnly(settings.verify_chain);
  return Serve(settings, BlockSignals());
}

}  // namespace
}  // namespace fundgate::main

int main(int argc, char** argv) { return fundgate::main::Run(argc, argv); }
