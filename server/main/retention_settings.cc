#include "server/main/retention_settings.h"

#include <CLI/CLI.hpp>
#include <utility>

#include "fundgate/types/status_macros.h"
#include "google/protobuf/util/time_util.h"

namespace fundgate::main {
namespace {

// An anchor over the last record that goes, as those that are kept elsewhere.
absl::Status Seal(const anchor::SigningKey& key, store::JournalCut& cut) {
  v1::JournalAnchor anchor;
  anchor.set_journal(cut.origin_hash);
  anchor.set_sequence(cut.first - 1);
  anchor.set_hash(cut.before_hash);
  *anchor.mutable_time() =
      google::protobuf::util::TimeUtil::NanosecondsToTimestamp(absl::ToUnixNanos(cut.ended));
  FUNDGATE_RETURN_IF_ERROR(key.Sign(anchor));
  cut.signature = anchor.signature();
  return absl::OkStatus();
}

}  // namespace

void DeclareRetentionSettings(CLI::App& app, RetentionDays& settings) {
  app.add_option("--journal-retention-days", settings.days,
                 "Drop records of the journal that are older than so many days and that nothing "
                 "kept needs any more; what proves them is kept. Not given: it is kept whole")
      ->envname("FUNDGATE_JOURNAL_RETENTION_DAYS")
      ->check(CLI::Range(uint32_t{400}, uint32_t{36'500}))
      ->type_name("DAYS");
}

std::unique_ptr<gate::JournalRetention> KeepJournalFor(const RetentionDays& settings,
                                                       const std::optional<anchor::SigningKey>& key,
                                                       const exporting::SpanExporter* spans,
                                                       gate::Server& server,
                                                       const logging::Log& log) {
  if (settings.days == 0) return nullptr;
  gate::RetentionSettings retention;
  retention.keep = absl::Hours(24) * settings.days;
  if (key.has_value()) {
    retention.seal = [&key](store::JournalCut& cut) { return Seal(*key, cut); };
  }
  if (spans != nullptr) {
    retention.keep_from = [spans] { return spans->next(); };
  }
  return std::make_unique<gate::JournalRetention>(
      std::move(retention),
      [&server](absl::Duration keep, store::CutOptions options) {
        return server.CutJournal(keep, std::move(options));
      },
      log);
}

}  // namespace fundgate::main
