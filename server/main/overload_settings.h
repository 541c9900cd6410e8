// How much a gate takes on at once.
#ifndef SERVER_MAIN_OVERLOAD_SETTINGS_H_
#define SERVER_MAIN_OVERLOAD_SETTINGS_H_

#include "server/gate/server.h"

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own name
class App;
}  // namespace CLI

namespace fundgate::main {

void DeclareOverloadSettings(CLI::App& app, gate::ServerSettings& server, int& pollers);

}  // namespace fundgate::main

#endif  // SERVER_MAIN_OVERLOAD_SETTINGS_H_
