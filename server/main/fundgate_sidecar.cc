// The sidecar's process: settings, then following a database until a signal; or decoding files.
#include <pthread.h>

#include <csignal>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <variant>

#include "absl/strings/str_cat.h"
#include "server/main/sidecar_settings.h"
#include "server/sidecar/sidecar.h"
#include "server/sidecar/sidecar_metrics.h"

namespace fundgate::main {
namespace {

// The signals that end the process, kept from all threads so that one can wait for them.
sigset_t BlockSignals() {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGHUP, SIG_IGN);
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGTERM);
  sigaddset(&ending, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);
  return ending;
}

int ExitCodeOf(sidecar::End end) {
  switch (end) {
    case sidecar::End::kStopped:
      return kSidecarStopped;
    case sidecar::End::kFailed:
      return kSidecarFailed;
    case sidecar::End::kFenced:
      return kSidecarFenced;
    case sidecar::End::kLost:
      return kSidecarLost;
  }
  return kSidecarFailed;
}

int Follow(const FollowCommand& command) {
  const sigset_t ending = BlockSignals();
  const logging::Log log = LogToStderr("fundgate-sidecar", command.log_format);
  sidecar::Sidecar sidecar(command.settings, log);
  const absl::StatusOr<std::unique_ptr<exporting::MetricsPage>> page =
      ServeMetrics(command.metrics, [&sidecar, &source = command.settings.source] {
        return sidecar::ReadSidecarMetrics(source, sidecar.counters());
      });
  if (!page.ok()) {
    log.Error(std::string(page.status().message()));
    return kSidecarUsage;
  }
  // Waits for the signal, or for SIGTERM from below if the sidecar ends by itself.
  std::thread waiter([&ending, &sidecar] {
    int signal = 0;
    sigwait(&ending, &signal);
    sidecar.Stop();
  });
  const sidecar::End end = sidecar.Run();
  pthread_kill(waiter.native_handle(), SIGTERM);
  waiter.join();
  const feed::Counters& done = sidecar.counters();
  log.Info("ended", {{"transactions", absl::StrCat(done.transactions.load())},
                     {"events", absl::StrCat(done.events.load())},
                     {"gaps", absl::StrCat(done.gaps.load())},
                     {"requests", absl::StrCat(done.requests.load())},
                     {"probes", absl::StrCat(done.probes.load())},
                     {"sessions", absl::StrCat(done.sessions.load())}});
  return ExitCodeOf(end);
}

int Decode(const DecodeCommand& command) {
  const absl::Status status = decode::Decode(command.files, command.options, std::cout);
  std::cout << std::flush;
  if (status.ok()) return kSidecarStopped;
  std::cerr << "fundgate-sidecar decode: " << status.message() << "\n";
  return absl::IsInvalidArgument(status) ? kSidecarUsage : kSidecarFailed;
}

int Run(int argc, char** argv) {
  const std::variant<FollowCommand, DecodeCommand, int> read = ReadSidecarSettings(argc, argv);
  if (const int* exit_code = std::get_if<int>(&read)) return *exit_code;
  if (const auto* decoding = std::get_if<DecodeCommand>(&read)) return Decode(*decoding);
  return Follow(std::get<FollowCommand>(read));
}

}  // namespace
}  // namespace fundgate::main

int main(int argc, char** argv) { return fundgate::main::Run(argc, argv); }
