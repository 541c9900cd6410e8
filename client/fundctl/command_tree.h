// The application's own tree of commands, read by what is made of it: completion and the manual.
#ifndef CLIENT_FUNDCTL_COMMAND_TREE_H_
#define CLIENT_FUNDCTL_COMMAND_TREE_H_

#include <string>
#include <vector>

#include "CLI/CLI.hpp"

namespace fundgate::fundctl {

// The values that an option allows, if it allows only some: CLI11 shows them as "TEXT:{a,b}".
std::vector<std::string> ChoicesOf(const CLI::Option& option);

// True unless it is a flag.
bool TakesValue(const CLI::Option& option);

// Calls `visit(path, command)` for the command and all below it; a path is "breaker trip", that of
// the application itself is empty.
template <typename Visit>
void ForEachCommand(const CLI::App& command, const std::string& path, const Visit& visit) {
  visit(path, command);
  for (const CLI::App* sub : command.get_subcommands(nullptr)) {
    ForEachCommand(*sub, path.empty() ? sub->get_name() : path + " " + sub->get_name(), visit);
  }
}

}  // namespace fundgate::fundctl

#endif  // CLIENT_FUNDCTL_COMMAND_TREE_H_
