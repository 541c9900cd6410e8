
#include <exception>
#include <ostream>

#include "CLI/CLI.hpp"
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
  if (const absl::Status connected = context.Connect(); !connected.ok()) {
    context.err << "fundctl: " << connected.message() << "\n";
    return kUsage;
  }
  context.json = output == "json";
  return context.run ? context.run() : kUsage;
}

}  // namespace fundgate::fundctl
