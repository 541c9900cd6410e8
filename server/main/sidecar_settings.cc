#include "server/main/sidecar_settings.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <map>

#include "absl/time/time.h"
#include "connection/credentials.h"
#include "connection/options.h"

namespace fundgate::main {
namespace {

constexpr const char* kAbout =
    R"(fundgate-sidecar follows a database or topics and tells the gate what really moved.

It reads the binlog of a MariaDB server as a replica would, maps rows to movements by the
gate's own policy, and feeds them to the gate in order. So it does with topics of a Kafka cluster.
It keeps nothing on disk: after any restart, of itself, the gate or the source, it goes on from what
the gate has.)";

constexpr const char* kExamples = R"(Examples:
  fundgate-sidecar run --gate 127.0.0.1:7443 --source pay_db
      Follows the database that the policy's source pay_db names, until SIGTERM or SIGINT.
  fundgate-sidecar decode /var/lib/mysql/mariadb-bin.000001
      Prints the transactions and rows of a binlog file; needs neither server nor gate.

Exit codes: 0 stopped; the gate has everything that was read
            1 can't go on until something is set right, which the last line on stderr says:
              settings of the server, rights, the policy, a table that can't be mapped
            2 wrong usage
            3 another sidecar feeds the source now; don't start this one again by itself
            4 the source doesn't have what the gate needs next any more)";

constexpr const char* kRunAbout =
    R"(Follows one source of the gate's policy and feeds the gate, until SIGTERM or SIGINT.

Where the source is, the user and the file with the password stand in the policy, under
sources.NAME.mariadb or sources.NAME.kafka. Once it follows it prints one line on stderr, "following
the binlog" or "following the topics".)";

constexpr const char* kRunExamples = R"(Examples:
  fundgate-sidecar run --gate 127.0.0.1:7443 --source pay_db
  fundgate-sidecar run --gate gate:7443 --source pay_db --probe-every 200ms
      Proves five times a second that nothing newer has happened in the database.
  fundgate-sidecar run --gate gate:7443 --source pay_db --tls-ca gate-ca.pem --tls-cert sidecar.pem
      By TLS, as whom the certificate says; its key stands in the same file.

The database's user needs: GRANT REPLICATION SLAVE ON *.* TO it. The server needs, under
[mariadbd]: log_bin = mariadb-bin, binlog_format = ROW, binlog_row_image = FULL,
binlog_checksum = CRC32, sync_binlog = 1, gtid_strict_mode = ON, binlog_annotate_row_events = ON;
best with binlog_row_metadata = FULL. What is missing is said at the start, all of it at once.)";

constexpr const char* kDecodeExamples = R"(Examples:
  fundgate-sidecar decode mariadb-bin.000001
  fundgate-sidecar decode --output json --table pay.refund mariadb-bin.00000*
      One JSON object a line for each transaction.)";

// "500ms", "2s": more than zero.
CLI::Validator PositiveDuration() {
  return {[](std::string& text) -> std::string {
            absl::Duration length;
            if (absl::ParseDuration(text, &length) && length >= absl::Milliseconds(10) &&
                length <= absl::Minutes(1)) {
              return "";
            }
            return "'" + text + "' is no duration between 10ms and 1m, like 500ms";
          },
          ""};
}

void DeclareRun(CLI::App& run, sidecar::Settings& settings, connection::Security& security,
                std::string& probe_every) {
  run.footer(kRunExamples);
  run.add_option("--gate", settings.gate, "Where the gate listens")
      ->envname("FUNDGATE_ADDRESS")
      ->type_name("HOST:PORT")
      ->default_val("127.0.0.1:7443");
  connection::DeclareSecurity(run, security);
  run.add_option("--source", settings.source, "The source to feed, as the policy names it")
      ->envname("FUNDGATE_SOURCE")
      ->type_name("NAME")
      ->required();
  run.add_option("--probe-every", probe_every,
                 "How often the primary's head is read, so that the gate knows how fresh its "
                 "knowledge is. More often makes more records; a check that needs certainty asks "
                 "for a reading of its own")
      ->envname("FUNDGATE_PROBE_EVERY")
      ->type_name("DURATION")
      ->check(PositiveDuration())
      ->default_val("500ms");
  run.add_option("--server-id", settings.server_id,
                 "Who the sidecar is among the database's replicas; no other one may have it. "
                 "Default: made from the source's name")
      ->envname("FUNDGATE_SERVER_ID")
      ->type_name("NUMBER")
      ->check(CLI::Range(1U, 4294967295U).description(""));
  run.add_option("--spill-folder", settings.spill_folder,
                 "Where what doesn't fit into memory of a large transaction is kept while it is "
                 "read, in a file without a name")
      ->envname("FUNDGATE_SPILL_FOLDER")
      ->type_name("DIR")
      ->check(CLI::ExistingDirectory.description(""))
      ->default_val("/tmp");
  run.add_option("--snapshot-rows", settings.snapshot_rows_per_second,
                 "How many rows a second are read at most of tables that are read anew; 0: as many "
                 "as the database gives")
      ->envname("FUNDGATE_SNAPSHOT_ROWS")
      ->type_name("NUMBER")
      ->check(CLI::Range(uint64_t{0}, uint64_t{10'000'000}).description(""))
      ->default_val("20000");
}

void DeclareDecode(CLI::App& verb, DecodeCommand& command) {
  verb.footer(kDecodeExamples);
  verb.add_option("files", command.files, "Binlog files, in order")->type_name("FILE")->required();
  using Output = decode::DecodeOptions::Output;
  verb.add_option("--output", command.options.output, "text: for reading. json: one object a line")
      ->transform(CLI::CheckedTransformer(std::map<std::string, Output>{{"text", Output::kText},
                                                                        {"json", Output::kJson}})
                      .description(""))
      ->type_name("text|json")
      ->default_str("text");
  verb.add_option("--table", command.options.table, "Only the rows of this table")
      ->type_name("DATABASE.TABLE");
  verb.add_option("--charset", command.options.charset,
                  "The character set of strings whose own one the server didn't log; otherwise "
                  "they are printed as bytes")
      ->type_name("NAME");
}

int UsageError(const CLI::App& app, const std::string& message) {
  std::string name = "fundgate-sidecar";
  for (const CLI::App* verb : app.get_subcommands()) name += " " + verb->get_name();
  std::cerr << name << ": " << message << "\nRun " << name << " --help for more.\n";
  return kSidecarUsage;
}

}  // namespace

std::variant<FollowCommand, DecodeCommand, int> ReadSidecarSettings(int argc, char** argv) {
  FollowCommand follow;
  DecodeCommand decoding;
  std::string probe_every;
  connection::Security security;
  CLI::App app(kAbout, "fundgate-sidecar");
  app.footer(kExamples);
  app.require_subcommand(1);
  CLI::App* const run = app.add_subcommand("run", kRunAbout);
  DeclareRun(*run, follow.settings, security, probe_every);
  DeclareMetricsSettings(*run, follow.metrics);
  DeclareLogSettings(*run, follow.log_format);
  CLI::App* const decode =
      app.add_subcommand("decode", "Prints the transactions and rows of binlog files.");
  DeclareDecode(*decode, decoding);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    app.exit(help);
    return kSidecarStopped;
  } catch (const CLI::ParseError& error) {
    return UsageError(app, error.what());
  }
  if (decode->parsed()) return decoding;
  if (absl::Status status = CheckMetricsAddress(follow.metrics); !status.ok()) {
    return UsageError(app, std::string(status.message()));
  }
  auto credentials = connection::MakeCredentials(security, follow.settings.arguments);
  if (!credentials.ok()) return UsageError(app, std::string(credentials.status().message()));
  follow.settings.credentials = *std::move(credentials);
  (void)absl::ParseDuration(probe_every, &follow.settings.feeder.probe_every);
  return follow;
}

}  // namespace fundgate::main
