#include "server/main/settings.h"

#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>

#include "server/main/memory_settings.h"
#include "server/main/overload_settings.h"
#include "server/main/security_settings.h"

namespace fundgate::main {
namespace {

constexpr const char* kAbout =
    R"(fundgated decides whether money may move. Payment services ask it over gRPC.

It keeps everything under one folder, recovers from it by itself, and serves until
SIGTERM or SIGINT, which drain it: calls under way are answered, everything is synced.)";

constexpr const char* kExamples = R"(Examples:
  fundgated --data /var/lib/fundgate --policy config/policy.yaml
      Serves on 127.0.0.1:7443. The policy is applied if the folder has none yet;
      later ones come by `fundctl policy apply`.
  fundgated --data /tmp/try --listen 127.0.0.1:0 --port-file /tmp/try.port
      Serves on any free port and writes its number to the file.
  fundgated --data /var/lib/fundgate --listen 0.0.0.0:7443 --tls-cert gate.pem \
      --tls-client-ca callers.pem --access-file access.yaml
      Serves other machines, by TLS; the access file says who may do what.
  fundgated --verify /var/lib/fundgate
      With the gate stopped (or on a copy): replays the journal into an empty state
      and compares it with what is stored.
  fundgated --verify-chain /var/lib/fundgate --anchors anchors.jsonl --public-key anchor.pub
      Checks the chain alone, also one of another version, and that nothing that was
      anchored is gone or rewritten.

Once it serves it prints one line on stdout:
  fundgated: serving on 127.0.0.1:7443 (policy version 1, sequence 42)
Everything else goes to stderr, one line each.

Every option can also be set in the environment, as FUNDGATE_DATA for --data.

Exit codes: 0 stopped or verified, 1 failed or differs, 2 wrong usage,
            70 a sync failed or data is damaged: start again to recover from disk.)";

void Declare(CLI::App& app, Settings& settings, std::string& policy_file) {
  gate::ServerSettings& server = settings.server;
  app.add_option("--data", server.data_directory, "The folder of the store; created if missing")
      ->envname("FUNDGATE_DATA")
      ->type_name("DIR");
  app.add_option("--listen", server.listen,
                 "Where to listen; port 0 takes any free one. Only this machine's own addresses, "
                 "unless --tls-cert and --access-file, or --insecure-listen")
      ->envname("FUNDGATE_LISTEN")
      ->type_name("HOST:PORT")
      ->capture_default_str();
  app.add_option("--policy", policy_file,
                 "A policy to apply if the store has none yet; otherwise it is left alone")
      ->envname("FUNDGATE_POLICY")
      ->type_name("FILE");
  app.add_option("--durability", server.durability,
                 "sync: a verdict leaves after fsync. none: a crash of the machine may lose the "
                 "newest ALLOWs; for experiments")
      ->envname("FUNDGATE_DURABILITY")
      ->transform(CLI::CheckedTransformer(
                      std::map<std::string, store::Durability>{
                          {"sync", store::Durability::kSync}, {"none", store::Durability::kNoSync}})
                      .description(""))
      ->type_name("sync|none")
      ->default_str("sync");
  app.add_option("--restored", server.restored,
                 "Says that the folder was put back to an older state by other means than `fundctl "
                 "backup restore`, or has lost the end of its journal, and why. All checks are "
                 "held until what may have been allowed since can't be started any more and every "
                 "source has caught up. Give it for one start alone")
      ->envname("FUNDGATE_RESTORED")
      ->type_name("REASON");
  app.add_option("--port-file", settings.port_file,
                 "Write the port that was taken to this file, a number, once it serves")
      ->envname("FUNDGATE_PORT_FILE")
      ->type_name("FILE");
  app.add_flag("--insecure-listen", server.insecure_listen,
               "Listen where others can reach it, and take everybody's calls")
      ->envname("FUNDGATE_INSECURE_LISTEN");
  DeclareSecuritySettings(app, server.security);
  DeclareOverloadSettings(app, server, settings.pollers);
  DeclareMemorySettings(app, server);
  DeclareAlertSettings(app, settings.alerts);
  DeclareMetricsSettings(app, settings.metrics);
  DeclareLogSettings(app, settings.log_format);
  app.add_option("--log-decisions", server.logs_decisions,
                 "Which decisions are written to the log, with their trace: those that are not "
                 "ALLOW, at most 20 a second, or none")
      ->envname("FUNDGATE_LOG_DECISIONS")
      ->transform(
          CLI::CheckedTransformer(std::map<std::string, bool>{{"denied", true}, {"none", false}})
              .description(""))
      ->type_name("denied|none")
      ->default_str("denied");
  DeclareOtlpSettings(app, settings.otlp);
  DeclareAnchorSettings(app, settings.anchors);
  DeclareRetentionSettings(app, settings.retention);
  CLI::Option* verify =
      app.add_option("--verify", settings.verify_directory,
                     "Replay the journal of this stopped store, compare, and exit")
          ->type_name("DIR");
  app.add_option("--since", settings.verify_since,
                 "With --verify: begin with this earlier copy of the folder instead of the "
                 "journal's first record, which may have been dropped")
      ->type_name("COPY")
      ->needs(verify);
  CLI::Option* chain =
      app.add_option("--verify-chain", settings.verify_chain.directory,
                     "Check the hashes of this stopped store's journal, name the first damaged "
                     "record, and exit. Needs no policy, and judges nothing")
          ->type_name("DIR");
  CLI::Option* keys = app.add_option("--public-key", settings.verify_chain.public_keys,
                                     "With --anchors: the key that signed them, in PEM; may be "
                                     "given several times")
                          ->type_name("FILE");
  app.add_option("--anchors", settings.verify_chain.anchors_file,
                 "With --verify-chain: compare with the anchors of this file")
      ->type_name("FILE")
      ->needs(chain)
      ->needs(keys);
}

int UsageError(const std::string& message) {
  std::cerr << "fundgated: " << message << "\nRun fundgated --help for more.\n";
  return kExitUsage;
}

}  // namespace

std::variant<Settings, int> ReadSettings(int argc, char** argv) {
  Settings settings;
  std::string policy_file;
  CLI::App app(kAbout, "fundgated");
  app.footer(kExamples);
  Declare(app, settings, policy_file);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    app.exit(help);
    return kExitOk;
  } catch (const CLI::ParseError& error) {
    return UsageError(error.what());
  }
  if (!settings.verify_directory.empty() || !settings.verify_chain.directory.empty()) {
    return settings;
  }
  if (settings.server.data_directory.empty()) {
    return UsageError("--data DIR is required: the folder of the store");
  }
  if (absl::Status status = ReadTokens(settings.alerts); !status.ok()) {
    return UsageError(std::string(status.message()));
  }
  if (absl::Status status = CheckMetricsAddress(settings.metrics); !status.ok()) {
    return UsageError(std::string(status.message()));
  }
  if (absl::Status status = CheckOtlpAddress(settings.otlp); !status.ok()) {
    return UsageError(std::string(status.message()));
  }
  if (!policy_file.empty()) {
    std::ifstream file(policy_file, std::ios::binary);
    settings.server.first_policy.assign(std::istreambuf_iterator<char>(file), {});
    settings.server.policy_file = policy_file;
    if (!file.good() && !file.eof()) return UsageError("can't read --policy " + policy_file);
    if (settings.server.first_policy.empty()) {
      return UsageError("--policy " + policy_file + " is empty or can't be read");
    }
  }
  return settings;
}

}  // namespace fundgate::main
