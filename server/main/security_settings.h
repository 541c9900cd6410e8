// How a gate knows its callers: process settings.
#ifndef SERVER_MAIN_SECURITY_SETTINGS_H_
#define SERVER_MAIN_SECURITY_SETTINGS_H_

#include "server/security/settings.h"

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own name
class App;
}  // namespace CLI

namespace fundgate::main {

void DeclareSecuritySettings(CLI::App& app, security::Settings& settings);

}  // namespace fundgate::main

#endif  // SERVER_MAIN_SECURITY_SETTINGS_H_
