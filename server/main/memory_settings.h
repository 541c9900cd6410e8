// How much a gate keeps in memory of what it stores: process settings.
#ifndef SERVER_MAIN_MEMORY_SETTINGS_H_
#define SERVER_MAIN_MEMORY_SETTINGS_H_

#include "server/gate/server.h"

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own name
class App;
}  // namespace CLI

namespace fundgate::main {

void DeclareMemorySettings(CLI::App& app, gate::ServerSettings& server);

}  // namespace fundgate::main

#endif  // SERVER_MAIN_MEMORY_SETTINGS_H_
