// Several gates by name: a file with a section for each, that sets global options.
//
//   default = "test"             # the one in use when none is named
//
//   [test]
//   address = "127.0.0.1:7443"
//
//   [production]
//   address = "gate.example:7443"
//   timeout = 10
//
// Names on the left are those of fundctl's global options, without dashes. What the command line or
// the environment says wins.
#ifndef CLIENT_FUNDCTL_PROFILES_H_
#define CLIENT_FUNDCTL_PROFILES_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own name
class App;
}  // namespace CLI

namespace fundgate::fundctl {

struct Profile {
  std::vector<std::pair<std::string, std::vector<std::string>>> options;  // in the file's order
};

struct Profiles {
  std::string chosen;  // by `default`; may be empty
  std::map<std::string, Profile> by_name;

  // NOT_FOUND if there is no such file; INVALID_ARGUMENT if it can't be read as one.
  static absl::StatusOr<Profiles> Read(const std::string& file);
};

// Where the file is if nobody says: under XDG_CONFIG_HOME, or ~/.config.
std::string DefaultProfilesFile();

// Sets those global options of the parsed application that were given neither on the command line
// nor in the environment. INVALID_ARGUMENT for a name that is no global option, or a wrong value.
absl::Status Apply(const Profile& profile, CLI::App& app);

}  // namespace fundgate::fundctl

#endif  // CLIENT_FUNDCTL_PROFILES_H_
