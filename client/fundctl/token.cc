#include "connection/token.h"

#include <memory>
#include <ostream>
#include <string>

#include "CLI/CLI.hpp"
#include "client/fundctl/verbs.h"

namespace fundgate::fundctl {
namespace {

ExitCode RunNew(Context& context, const std::string& file) {
  const absl::StatusOr<connection::TokenHash> hash = connection::WriteNewToken(file);
  if (!hash.ok()) {
    context.err << "fundctl token new: " << hash.status().message() << "\n";
    return kUsage;
  }
  context.out << connection::TextOf(*hash) << "\n";
  return kOk;
}

}  // namespace

void AddToken(CLI::App& app, Context& context) {
  CLI::App* token = app.add_subcommand("token", "Bearer tokens, which say who a caller is");
  token->require_subcommand(1);
  auto file = std::make_shared<std::string>();
  CLI::App* create = token->add_subcommand(
      "new", "Writes a new token to a new file, and prints its hash for the gate's access file");
  create->footer("\nExample:\n  fundctl token new ann.token\n");
  create->add_option("file", *file, "Where to; only its owner will be able to read it")->required();
  create->callback(
      [&context, file] { context.run = [&context, file] { return RunNew(context, *file); }; });
}

}  // namespace fundgate::fundctl
