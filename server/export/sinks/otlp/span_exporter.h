// Sends every decision to a collector of OpenTelemetry, from the journal, at least once and in
// order.
#ifndef SERVER_EXPORT_SINKS_OTLP_SPAN_EXPORTER_H_
#define SERVER_EXPORT_SINKS_OTLP_SPAN_EXPORTER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "fundgate/types/ids.h"
#include "otlp/collector.h"
#include "server/log/log.h"
#include "server/metrics/metric.h"
#include "server/store/view.h"

namespace fundgate::exporting {

struct SpanExporterOptions {
  otlp::CollectorAddress collector;
  std::string ca_file;  // who signs the collector's certificate; empty: the system's authorities
  std::string cursor_file;  // where it notes how far it has come
  std::string version;      // of this program, told with each request

  size_t batch_spans = 512;                                // in one request at most
  Sequence batch_records = 8192;                           // read for it at most
  absl::Duration look_every = absl::Milliseconds(200);     // at the journal's end
  absl::Duration timeout = absl::Seconds(10);              // of one request
  absl::Duration shortest_wait = absl::Milliseconds(200);  // after a failure; then twice as long
  absl::Duration longest_wait = absl::Seconds(10);
};

// The journal as its owner gives it. Any thread.
struct JournalAccess {
  // See store::View::ScanJournal: durable records only.
  std::function<absl::Status(Sequence first,
                             const std::function<bool(const store::JournalEntry&)>& visit)>
      scan;
  std::function<Sequence()> newest;
  // A reason's name as outsiders may see it; empty: as it is.
  std::function<std::string(const std::string& name)> shown;
};

// One thread, which waits for the collector as long as it must: it never skips a decision, it lags,
// and says so in its metrics.
class SpanExporter {
 public:
  // Begins where it stopped; the first time with the newest record of the journal. What
  // JournalCursor::Load says if that can't be told, and connection::ReadGuardedFile of a file of
  // authorities.
  static absl::StatusOr<std::unique_ptr<SpanExporter>> Start(SpanExporterOptions options,
                                                             JournalAccess journal,
                                                             logging::Log log);

  // What is under way may be sent again by the next one.
  virtual ~SpanExporter() = default;

  // The first record that the collector was not told of yet. Any thread.
  virtual Sequence next() const = 0;

  // Adds what it tells of itself. Any thread.
  virtual void ReadMetrics(std::vector<metrics::Family>& families) const = 0;
};

}  // namespace fundgate::exporting

#endif  // SERVER_EXPORT_SINKS_OTLP_SPAN_EXPORTER_H_
