// How a process writes its log: settings of both processes.
#ifndef SERVER_MAIN_LOG_SETTINGS_H_
#define SERVER_MAIN_LOG_SETTINGS_H_

#include <string>

#include "server/log/log.h"

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own name
class App;
}  // namespace CLI

namespace fundgate::main {

enum class LogFormat { kText, kJson };

void DeclareLogSettings(CLI::App& app, LogFormat& format);

// Writes each line to stderr, whole, with the time of the wall clock and the process' name.
logging::Log LogToStderr(std::string process, LogFormat format);

}  // namespace fundgate::main

#endif  // SERVER_MAIN_LOG_SETTINGS_H_
