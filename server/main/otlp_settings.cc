#include "server/main/otlp_settings.h"

#include <CLI/CLI.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "fundgate/types/status_macros.h"
#include "server/gate/listen_address.h"

namespace fundgate::main {
namespace {

absl::StatusOr<exporting::SpanExporterOptions> OptionsOf(const OtlpSettings& settings) {
  exporting::SpanExporterOptions options;
  absl::string_view address = settings.url;
  options.encrypted = absl::ConsumePrefix(&address, "https://");
  if (!options.encrypted && !absl::ConsumePrefix(&address, "http://")) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--otlp ", settings.url, ": http://HOST:PORT or https://HOST:PORT was expected"));
  }
  (void)absl::ConsumeSuffix(&address, "/");
  options.address = std::string(address);
  options.ca_file = settings.ca_file;
  FUNDGATE_ASSIGN_OR_RETURN(const gate::ListenAddress parsed,
                            gate::ListenAddress::Parse(options.address));
  if (!options.encrypted && !parsed.IsLoopback()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--otlp ", settings.url,
                     ": decisions are not sent unencrypted to another machine; use https://"));
  }
  return options;
}

}  // namespace

void DeclareOtlpSettings(CLI::App& app, OtlpSettings& settings) {
  app.add_option(
         "--otlp", settings.url,
         "Send each decision as a span to this collector of OpenTelemetry, by OTLP over "
         "gRPC: http://127.0.0.1:4317. From the journal: none is left out, whatever happens "
         "to the collector or the gate")
      ->envname("FUNDGATE_OTLP")
      ->type_name("URL");
  app.add_option("--otlp-ca-file", settings.ca_file,
                 "Who signs the collector's certificate; the system's authorities if not given")
      ->envname("FUNDGATE_OTLP_CA_FILE")
      ->type_name("FILE");
}

absl::Status CheckOtlpAddress(const OtlpSettings& settings) {
  return settings.url.empty() ? absl::OkStatus() : OptionsOf(settings).status();
}

absl::StatusOr<std::unique_ptr<exporting::SpanExporter>> ExportSpans(const OtlpSettings& settings,
                                                                     const std::string& directory,
                                                                     const gate::Server& server,
                                                                     const logging::Log& log) {
  if (settings.url.empty()) return std::unique_ptr<exporting::SpanExporter>();
  FUNDGATE_ASSIGN_OR_RETURN(exporting::SpanExporterOptions options, OptionsOf(settings));
  options.cursor_file = absl::StrCat(directory, "/otlp.cursor");
  options.version = FUNDGATE_VERSION;
  exporting::JournalAccess journal;
  journal.scan = [&server](Sequence first,
                           const std::function<bool(const store::JournalEntry&)>& visit) {
    return server.store().view()->ScanJournal(first, visit);
  };
  journal.shown = [&server](const std::string& name) { return server.masking().MaskText(name); };
  journal.newest = [&server] { return server.sequence(); };
  return exporting::SpanExporter::Start(std::move(options), std::move(journal), log);
}

}  // namespace fundgate::main
