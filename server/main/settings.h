// What fundgated is told on its command line and in its environment.
#ifndef SERVER_MAIN_SETTINGS_H_
#define SERVER_MAIN_SETTINGS_H_

#include <string>
#include <variant>

#include "server/gate/server.h"
#include "server/main/alert_settings.h"
#include "server/main/anchor_settings.h"
#include "server/main/chain_verification.h"
#include "server/main/log_settings.h"
#include "server/main/metrics_settings.h"
#include "server/main/otlp_settings.h"
#include "server/main/retention_settings.h"

namespace fundgate::main {

// Exit codes, documented in --help.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;  // could not start or serve; --verify found a difference
inline constexpr int kExitUsage = 2;   // the command line, or a file that it names, is wrong

struct Settings {
  gate::ServerSettings server;
  int pollers = 0;  // that gRPC is left, see server/gate/pollers.h
  AlertSettings alerts;
  AnchorSettings anchors;
  RetentionDays retention;
  std::string verify_directory;    // not empty: verify this store instead of serving
  std::string verify_since;        // and begin with this copy of it; empty: with nothing
  ChainVerification verify_chain;  // its directory is not empty: verify this chain instead
  std::string port_file;           // empty: none; else the chosen port is written there
  MetricsSettings metrics;
  LogFormat log_format = LogFormat::kText;
  OtlpSettings otlp;
};

// The settings, or the exit code after help or a usage error was printed.
std::variant<Settings, int> ReadSettings(int argc, char** argv);

}  // namespace fundgate::main

#endif  // SERVER_MAIN_SETTINGS_H_
