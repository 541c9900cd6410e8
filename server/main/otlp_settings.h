// Where a gate sends its decisions as spans: process settings.
#ifndef SERVER_MAIN_OTLP_SETTINGS_H_
#define SERVER_MAIN_OTLP_SETTINGS_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/export/sinks/otlp/span_exporter.h"
#include "server/gate/server.h"
#include "server/log/log.h"

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own name
class App;
}  // namespace CLI

namespace fundgate::main {

struct OtlpSettings {
  std::string url;      // http:// or https://, HOST:PORT; empty: nowhere
  std::string ca_file;  // empty: the system's authorities
};

void DeclareOtlpSettings(CLI::App& app, OtlpSettings& settings);

// INVALID_ARGUMENT for what is no address, and for an unencrypted one of another machine.
absl::Status CheckOtlpAddress(const OtlpSettings& settings);

// Null if they go nowhere. `server` must outlive it. It notes in `directory` how far it has come.
absl::StatusOr<std::unique_ptr<exporting::SpanExporter>> ExportSpans(const OtlpSettings& settings,
                                                                     const std::string& directory,
                                                                     const gate::Server& server,
                                                                     const logging::Log& log);

}  // namespace fundgate::main

#endif  // SERVER_MAIN_OTLP_SETTINGS_H_
