#include <cstdlib>
#include <exception>
#include <ostream>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "client/fundctl/profiles.h"
#include "client/fundctl/verbs.h"
#include "connection/options.h"

namespace fundgate::fundctl {
namespace {

constexpr char kFooter[] =
    "\nExit codes: 0 done or ALLOW, 10 HOLD, 11 BLOCK, 1 refused, 2 usage, 3 no gate answered.\n"
    "\nExamples:\n"
    "  fundctl status\n"
    "  fundctl check refund --key r1 --account m1 --order o1 --amount \"CNY 60.00\"\n"
    "  fundctl breaker trip 'refund/account:m1' --reason \"wrong amounts since 14:00\"\n";

// Options of the profile that is named, or else of the file's default.
absl::Status UseProfile(CLI::App& app, Context& context) {
  const bool is_file_named = app.get_option("--profiles")->count() > 0;
  const absl::StatusOr<Profiles> profiles = Profiles::Read(context.profiles_file);
  if (absl::IsNotFound(profiles.status()) && context.profile.empty() && !is_file_named) {
    return absl::OkStatus();
  }
  if (!profiles.ok()) return profiles.status();
  if (context.profile.empty()) context.profile = profiles->chosen;
  if (context.profile.empty()) return absl::OkStatus();
  const auto found = profiles->by_name.find(context.profile);
  if (found == profiles->by_name.end()) {
    return absl::InvalidArgumentError(absl::StrCat(context.profiles_file, " has no profile ",
                                                   context.profile,
                                                   "; `fundctl profile list` shows them"));
  }
  const absl::Status applied = Apply(found->second, app);
  if (applied.ok()) return applied;
  return absl::InvalidArgumentError(
      absl::StrCat(context.profiles_file, ", profile ", context.profile, ": ", applied.message()));
}

bool ShowsColour(const std::string& when, const Context& context) {
  const char* refused = std::getenv("NO_COLOR");  // https://no-color.org
  if (when != "auto") return when == "always";
  return context.terminal && (refused == nullptr || *refused == '\0');
}

}  // namespace

int RunFundctl(int argc, const char* const* argv, Context& context) {
  CLI::App app("Asks, watches and steers a Fundgate.", "fundctl");
  app.footer(kFooter);
  app.require_subcommand(1);
  app.fallthrough();
  app.add_option("--address", context.address, "Where the gate listens, HOST:PORT")
      ->envname("FUNDGATE_ADDRESS")
      ->capture_default_str();
  connection::DeclareSecurity(app, context.security);
  app.add_option("--timeout", context.timeout_seconds, "Longest wait for an answer, in seconds")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  std::string output = "table";
  app.add_option("--output", output, "table for people, json for scripts: an object a line")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  std::string colour = "auto";
  app.add_option("--colour", colour, "auto: on a terminal, unless NO_COLOR is set")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->capture_default_str();
  app.add_option("--profile", context.profile, "Options for one of several gates, by its name")
      ->envname("FUNDGATE_PROFILE");
  context.profiles_file = DefaultProfilesFile();
  app.add_option("--profiles", context.profiles_file, "The file of profiles")
      ->envname("FUNDGATE_PROFILES")
      ->type_name("FILE");
  AddAllVerbs(app, context);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    // Also how CLI11 says that --help was asked for.
    return app.exit(problem, context.out, context.err) == 0 ? kOk : kUsage;
  } catch (const std::exception& problem) {
    context.err << "fundctl: " << problem.what() << "\n";
    return kUsage;
  }
  absl::Status prepared = UseProfile(app, context);
  if (prepared.ok()) prepared = context.Connect();
  if (!prepared.ok()) {
    context.err << "fundctl: " << prepared.message() << "\n";
    return kUsage;
  }
  context.json = output == "json";
  context.colour = ShowsColour(colour, context);
  return context.run ? context.run() : kUsage;
}

}  // namespace fundgate::fundctl
