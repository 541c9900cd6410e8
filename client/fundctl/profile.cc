#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/fundctl/output.h"
#include "client/fundctl/profiles.h"
#include "client/fundctl/verbs.h"

namespace fundgate::fundctl {
namespace {

ExitCode RunList(Context& context) {
  const absl::StatusOr<Profiles> profiles = Profiles::Read(context.profiles_file);
  if (!profiles.ok()) {
    context.err << "fundctl profile list: " << profiles.status().message() << "\n";
    return kError;
  }
  std::vector<std::vector<std::string>> rows = {{"PROFILE", "IN USE", "OPTIONS"}};
  for (const auto& [name, profile] : profiles->by_name) {
    std::vector<std::string> options;
    for (const auto& [option, values] : profile.options) {
      options.push_back(absl::StrCat(option, " ", absl::StrJoin(values, ",")));
    }
    const bool in_use = name == context.profile;
    rows.push_back(
        {name, in_use ? Painted(context, Tone::kGood, "yes") : "-", absl::StrJoin(options, "  ")});
  }
  PrintTable(context, rows);
  return kOk;
}

}  // namespace

void AddProfile(CLI::App& app, Context& context) {
  CLI::App* profile = app.add_subcommand("profile", "Several gates by name, from a file");
  profile->require_subcommand(1);
  profile->footer(
      "\nThe file, by default ~/.config/fundgate/fundctl.toml, has a section for each gate, which "
      "sets\n"
      "global options; the command line and the environment win:\n"
      "  default = \"test\"\n"
      "  [test]\n"
      "  address = \"127.0.0.1:7443\"\n"
      "  [production]\n"
      "  address = \"gate.example:7443\"\n"
      "\nExamples:\n"
      "  fundctl profile list\n"
      "  fundctl --profile production status\n");
  CLI::App* list = profile->add_subcommand("list", "Shows them, and which is in use");
  list->callback([&context] { context.run = [&context] { return RunList(context); }; });
}

}  // namespace fundgate::fundctl
