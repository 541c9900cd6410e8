#include "client/fundctl/profiles.h"

#include <cstdlib>
#include <exception>
#include <fstream>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"

namespace fundgate::fundctl {
namespace {

// What says where profiles come from can't come from one.
bool MaySet(const std::string& name) {
  return name != "help" && name != "profile" && name != "profiles";
}

}  // namespace

absl::StatusOr<Profiles> Profiles::Read(const std::string& file) {
  std::ifstream input(file);
  if (!input.is_open()) {
    return absl::NotFoundError(absl::StrCat("there is no file of profiles ", file));
  }
  Profiles profiles;
  try {
    for (const CLI::ConfigItem& item : CLI::ConfigTOML().from_config(input)) {
      // CLI11 marks the beginning and the end of a section so.
      if (item.name == "++" || item.name == "--") continue;
      if (item.parents.size() == 1) {
        profiles.by_name[item.parents.front()].options.emplace_back(item.name, item.inputs);
      } else if (item.parents.empty() && item.name == "default" && item.inputs.size() == 1) {
        profiles.chosen = item.inputs.front();
      } else {
        return absl::InvalidArgumentError(
            absl::StrCat(file, ": ", item.fullname(),
                         ": expected default = \"NAME\", or an option under [NAME]"));
      }
    }
  } catch (const std::exception& problem) {
    return absl::InvalidArgumentError(absl::StrCat(file, ": ", problem.what()));
  }
  return profiles;
}

std::string DefaultProfilesFile() {
  constexpr char kName[] = "/fundgate/fundctl.toml";
  const char* config = std::getenv("XDG_CONFIG_HOME");
  if (config != nullptr && *config != '\0') return absl::StrCat(config, kName);
  const char* home = std::getenv("HOME");
  return home == nullptr ? "" : absl::StrCat(home, "/.config", kName);
}

absl::Status Apply(const Profile& profile, CLI::App& app) {
  for (const auto& [name, values] : profile.options) {
    CLI::Option* option = app.get_option_no_throw("--" + name);
    if (option == nullptr || !MaySet(name)) {
      return absl::InvalidArgumentError(absl::StrCat(name, " is no global option of fundctl"));
    }
    if (option->count() > 0) continue;
    try {
      option->add_result(values);
      option->run_callback();
    } catch (const std::exception& problem) {
      return absl::InvalidArgumentError(problem.what());
    }
  }
  return absl::OkStatus();
}

}  // namespace fundgate::fundctl
