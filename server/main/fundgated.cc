// The gate's process: settings, then the server, then waiting for a signal.
#include <pthread.h>

#include <csignal>
#include <cstdint>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "server/gate/policy_documents.h"
#include "server/gate/pollers.h"
#include "server/gate/server.h"
#include "server/main/alert_delivery.h"
#include "server/main/port_file.h"
#include "server/main/settings.h"
#include "server/store/verify.h"

namespace fundgate::main {
namespace {

// How long calls wait behind one that waits for a disk before more threads take calls.
constexpr absl::Duration kLongestHoldUp = absl::Seconds(2);

// So many inputs in a group, on average, are of few callers: what the pollers leave to others then
// is worth less than what a caller may have to wait.
constexpr uint64_t kFewInputs = 4;

int Verify(const std::string& directory, const std::string& since, const logging::Log& log) {
  store::Options options;
  options.directory = directory;
  options.compile_policy = gate::CompilePolicy;
  const absl::StatusOr<store::VerifyReport> report = store::VerifyByReplay(
      options,
      [&log](Sequence done, Sequence total) {
        log.Info("replayed", {{"records", absl::StrCat(done)}, {"of", absl::StrCat(total)}});
      },
      since);
  if (!report.ok()) {
    log.Error("can't verify",
              {{"data", directory}, {"reason", std::string(report.status().message())}});
    return kExitFailed;
  }
  if (!report->difference.empty()) {
    std::cout << "fundgated: " << directory << " differs from its journal: " << report->difference
              << "\n"
              << std::flush;
    return kExitFailed;
  }
  std::cout << "fundgated: " << directory
            << " is what its journal says: " << report->records - report->since
            << " records replayed"
            << (since.empty() ? "" : absl::StrCat(" since the copy ", since, ", which is believed"))
            << ", " << report->compared << " stored records equal, newest hash "
            << report->head_hash << "\n"
            << std::flush;
  return kExitOk;
}

int VerifyChainOnly(const ChainVerification& settings, const logging::Log& log) {
  const absl::StatusOr<bool> sound = VerifyChain(settings, std::cout);
  std::cout.flush();
  if (sound.ok()) return *sound ? kExitOk : kExitFailed;
  log.Error("can't verify the chain",
            {{"data", settings.directory}, {"reason", std::string(sound.status().message())}});
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

// Nothing where gRPC keeps its threads. To be ended before the server is.
std::unique_ptr<gate::PollerLimit> LimitPollers(int count, const gate::Server& server,
                                                const logging::Log& log) {
  const auto on_hold_up = [&log] {
    log.Warning("calls waited behind one that was held up: more threads take calls for a while",
                {{"seconds", absl::StrCat(absl::ToInt64Seconds(kLongestHoldUp))}});
  };
  const auto in_crowds = [&server, before = server.statistics()]() mutable {
    const sequencer::Statistics now = server.statistics();
    const uint64_t inputs = now.inputs - before.inputs;
    const uint64_t groups = now.groups - before.groups;
    before = now;
    return inputs > kFewInputs * groups;
  };
  absl::StatusOr<std::unique_ptr<gate::PollerLimit>> pollers =
      gate::PollerLimit::Start(count, kLongestHoldUp, {on_hold_up, in_crowds});
  if (pollers.ok()) return *std::move(pollers);
  log.Warning(
      absl::StrCat("gRPC keeps all of its threads: ", std::string(pollers.status().message())));
  return nullptr;
}

int Serve(const Settings& settings, const sigset_t& ending, const logging::Log& log) {
  const absl::StatusOr<std::optional<anchor::SigningKey>> key = ReadAnchorKey(settings.anchors);
  if (!key.ok()) {
    log.Error(std::string(key.status().message()));
    return kExitUsage;
  }
  gate::ServerSettings serving = settings.server;
  if (key->has_value()) {
    serving.inspect = [&](const store::View& recovered) {
      return CheckAnchorFile(settings.anchors, **key, recovered);
    };
  }
  absl::StatusOr<std::unique_ptr<gate::Server>> server = gate::Server::Start(serving, log);
  if (!server.ok()) {
    log.Error(absl::StrCat("can't serve: ", std::string(server.status().message())));
    return absl::IsInvalidArgument(server.status()) ? kExitUsage : kExitFailed;
  }
  std::unique_ptr<gate::PollerLimit> pollers = LimitPollers(settings.pollers, **server, log);
  absl::StatusOr<std::unique_ptr<AlertDelivery>> delivery =
      AlertDelivery::Start(settings.alerts, (*server)->outbox(), log);
  if (!delivery.ok()) {
    log.Error(absl::StrCat("can't deliver alerts: ", std::string(delivery.status().message())));
    return kExitUsage;
  }
  absl::StatusOr<std::unique_ptr<exporting::SpanExporter>> spans =
      ExportSpans(settings.otlp, settings.server.data_directory, **server, log);
  if (!spans.ok()) {
    log.Error(absl::StrCat("can't export spans: ", std::string(spans.status().message())));
    return kExitUsage;
  }
  std::unique_ptr<gate::JournalRetention> retention =
      KeepJournalFor(settings.retention, *key, spans->get(), **server, log);
  absl::StatusOr<std::unique_ptr<exporting::MetricsPage>> page =
      ServeMetrics(settings.metrics, [&server, &spans, &retention] {
        std::vector<metrics::Family> families = (*server)->ReadMetrics();
        if (*spans != nullptr) (*spans)->ReadMetrics(families);
        if (retention != nullptr) retention->ReadMetrics(families);
        return families;
      });
  if (!page.ok()) {
    log.Error(std::string(page.status().message()));
    return kExitUsage;
  }
  if (*page != nullptr) log.Info("serving metrics", {{"port", absl::StrCat((*page)->port())}});
  std::vector<std::unique_ptr<exporting::AnchorWriter>> anchors;
  if (key->has_value()) {
    auto kept = KeepAnchors(settings.anchors, **key, **server, log);
    if (!kept.ok()) {
      log.Error(absl::StrCat("can't keep anchors: ", std::string(kept.status().message())));
      return kExitUsage;
    }
    anchors = *std::move(kept);
  }
  const std::string address = (*server)->address();
  if (absl::Status status = WritePort("--port-file", settings.port_file, (*server)->port());
      !status.ok()) {
    log.Error(std::string(status.message()));
    return kExitUsage;
  }
  std::cout << "fundgated: serving on " << address << " (policy version "
            << (*server)->policy_version() << ", sequence " << (*server)->sequence() << ")"
            << "\n"
            << std::flush;
  int signal = 0;
  sigwait(&ending, &signal);
  log.Info("ending", {{"signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"}});
  // What is not delivered yet waits in the outbox for the next start.
  delivery->reset();
  if (*page != nullptr) (*page)->Close();
  retention.reset();
  spans->reset();
  anchors.clear();
  pollers.reset();
  (*server)->Shutdown();
  return kExitOk;
}

// Debian's Abseil, and so gRPC with it, looks for cycles each time that a lock is taken: help for
// whoever changes gRPC, and a part of every call.
void TrustLocks() { absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore); }

int Run(int argc, char** argv) {
  TrustLocks();
  std::variant<Settings, int> read = ReadSettings(argc, argv);
  if (const int* exit_code = std::get_if<int>(&read)) return *exit_code;
  const Settings& settings = std::get<Settings>(read);
  const logging::Log log = LogToStderr("fundgated", settings.log_format);
  if (!settings.verify_directory.empty()) {
    return Verify(settings.verify_directory, settings.verify_since, log);
  }
  if (!settings.verify_chain.directory.empty()) return VerifyChainOnly(settings.verify_chain, log);
  return Serve(settings, BlockSignals(), log);
}

}  // namespace
}  // namespace fundgate::main

int main(int argc, char** argv) { return fundgate::main::Run(argc, argv); }
