// How far the journal was told to somebody outside, on disk.
#ifndef SERVER_EXPORT_SINKS_OTLP_JOURNAL_CURSOR_H_
#define SERVER_EXPORT_SINKS_OTLP_JOURNAL_CURSOR_H_

#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fundgate/types/ids.h"

namespace fundgate::exporting {

// One thread.
class JournalCursor {
 public:
  explicit JournalCursor(std::string path) : path_(std::move(path)) {}

  // The record to be told next; nothing if none was ever told. DATA_LOSS if the file holds anything
  // else, UNAVAILABLE if it can't be read.
  absl::StatusOr<std::optional<Sequence>> Load() const;

  // Durable when it returns; a crash in it leaves the old one or the new one. UNAVAILABLE if it
  // can't be written.
  absl::Status Store(Sequence next) const;

 private:
  const std::string path_;
};

}  // namespace fundgate::exporting

#endif  // SERVER_EXPORT_SINKS_OTLP_JOURNAL_CURSOR_H_
