// How long a gate keeps its journal: process settings.
#ifndef SERVER_MAIN_RETENTION_SETTINGS_H_
#define SERVER_MAIN_RETENTION_SETTINGS_H_

#include <cstdint>
#include <memory>
#include <optional>

#include "anchor/keys.h"
#include "server/export/sinks/otlp/span_exporter.h"
#include "server/gate/journal_retention.h"
#include "server/gate/server.h"
#include "server/log/log.h"

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own name
class App;
}  // namespace CLI

namespace fundgate::main {

struct RetentionDays {
  uint32_t days = 0;  // 0: the journal is kept whole
};

void DeclareRetentionSettings(CLI::App& app, RetentionDays& settings);

// Null if the journal is kept whole. Signs with the key that signs anchors, if there is one, and
// keeps what `spans` has not told yet, if it isn't null. All must outlive it.
std::unique_ptr<gate::JournalRetention> KeepJournalFor(const RetentionDays& settings,
                                                       const std::optional<anchor::SigningKey>& key,
                                                       const exporting::SpanExporter* spans,
                                                       gate::Server& server,
                                                       const logging::Log& log);

}  // namespace fundgate::main

#endif  // SERVER_MAIN_RETENTION_SETTINGS_H_
