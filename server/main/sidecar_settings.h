// What fundgate-sidecar is told on its command line and in its environment.
#ifndef SERVER_MAIN_SIDECAR_SETTINGS_H_
#define SERVER_MAIN_SIDECAR_SETTINGS_H_

#include <string>
#include <variant>
#include <vector>

#include "server/main/log_settings.h"
#include "server/main/metrics_settings.h"
#include "server/sidecar/decode/decode.h"
#include "server/sidecar/session.h"

namespace fundgate::main {

// Exit codes, documented in --help.
inline constexpr int kSidecarStopped = 0;
inline constexpr int kSidecarFailed = 1;  // something must be set right first
inline constexpr int kSidecarUsage = 2;   // the command line is wrong
inline constexpr int kSidecarFenced = 3;  // another sidecar feeds the source
inline constexpr int kSidecarLost = 4;    // the database doesn't have what comes next any more

// fundgate-sidecar run
struct FollowCommand {
  sidecar::Settings settings;
  MetricsSettings metrics;
  LogFormat log_format = LogFormat::kText;
};

// fundgate-sidecar decode
struct DecodeCommand {
  std::vector<std::string> files;
  decode::DecodeOptions options;
};

// What to do, or the exit code after help or a usage error was printed.
std::variant<FollowCommand, DecodeCommand, int> ReadSidecarSettings(int argc, char** argv);

}  // namespace fundgate::main

#endif  // SERVER_MAIN_SIDECAR_SETTINGS_H_
