#include "server/main/otlp_settings.h"

#include <CLI/CLI.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "otlp/collector.h"

namespace fundgate::main {
namespace {

absl::StatusOr<otlp::CollectorAddress> AddressOf(const OtlpSettings& settings) {
  absl::StatusOr<otlp::CollectorAddress> address = otlp::CollectorAddress::Parse(settings.url);
  if (address.ok()) return address;
  return absl::InvalidArgumentError(absl::StrCat("--otlp ", address.status().message()));
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
  return settings.url.empty() ? absl::OkStatus() : AddressOf(settings).status();
}

absl::StatusOr<std::unique_ptr<exporting::SpanExporter>> ExportSpans(const OtlpSettings& settings,
                                                                     const std::string& directory,
                                                                     const gate::Server& server,
                                                                     const logging::Log& log) {
  if (settings.url.empty()) return std::unique_ptr<exporting::SpanExporter>();
  exporting::SpanExporterOptions options;
  FUNDGATE_ASSIGN_OR_RETURN(options.collector, AddressOf(settings));
  options.ca_file = settings.ca_file;
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
