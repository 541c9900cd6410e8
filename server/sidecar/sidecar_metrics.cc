#include "server/sidecar/sidecar_metrics.h"

#include "server/metrics/process.h"

namespace fundgate::sidecar {
namespace {

using metrics::kNanosecondsPerSecond;
using metrics::Samples;
using metrics::Type;

struct Scene {
  const std::string& source;
  const feed::Counters& counters;

  // A process follows one source, and its numbers name it.
  template <typename Number>
  void Add(Number number, Samples& samples) const {
    samples.Add(number, {{"source", source}});
  }
};

constexpr metrics::Metric<Scene> kMetrics[] = {
    {"fundgate_sidecar_following", Type::kGauge,
     "1 while it is connected to the source and to the gate.",
     [](const Scene& scene, Samples& samples) {
       scene.Add(scene.counters.following ? 1.0 : 0.0, samples);
     }},
    {"fundgate_sidecar_sessions_total", Type::kCounter,
     "Attempts to follow the source: one more after each loss of a connection.",
     [](const Scene& scene, Samples& samples) {
       scene.Add(scene.counters.sessions.load(), samples);
     }},
    {"fundgate_sidecar_read_bytes_total", Type::kCounter, "Read from the source.",
     [](const Scene& scene, Samples& samples) { scene.Add(scene.counters.bytes.load(), samples); }},
    {"fundgate_sidecar_rows_total", Type::kCounter,
     "Changes of rows that the source told, mapped or not.",
     [](const Scene& scene, Samples& samples) { scene.Add(scene.counters.rows.load(), samples); }},
    {"fundgate_sidecar_transactions_total", Type::kCounter,
     "Transactions that ended, mapped or not.",
     [](const Scene& scene, Samples& samples) {
       scene.Add(scene.counters.transactions.load(), samples);
     }},
    {"fundgate_sidecar_events_total", Type::kCounter, "Events made of them for the gate.",
     [](const Scene& scene, Samples& samples) {
       scene.Add(scene.counters.events.load(), samples);
     }},
    {"fundgate_sidecar_gaps_total", Type::kCounter,
     "Changes that couldn't be read: what they may have moved is unproven.",
     [](const Scene& scene, Samples& samples) { scene.Add(scene.counters.gaps.load(), samples); }},
    {"fundgate_sidecar_requests_total", Type::kCounter, "Requests sent to the gate.",
     [](const Scene& scene, Samples& samples) {
       scene.Add(scene.counters.requests.load(), samples);
     }},
    {"fundgate_sidecar_probes_total", Type::kCounter, "Probes sent to the gate.",
     [](const Scene& scene, Samples& samples) {
       scene.Add(scene.counters.probes.load(), samples);
     }},
    {"fundgate_sidecar_head_failures_total", Type::kCounter,
     "Readings of the source's head that failed: it gets stale.",
     [](const Scene& scene, Samples& samples) {
       scene.Add(scene.counters.head_failures.load(), samples);
     }},
    {"fundgate_sidecar_transaction_timestamp_seconds", Type::kGauge,
     "When the newest transaction read was committed, by the source's clock; 0 before the first.",
     [](const Scene& scene, Samples& samples) {
       scene.Add(static_cast<double>(scene.counters.committed_at.load()), samples);
     }},
    {"fundgate_sidecar_unacknowledged_seconds", Type::kGauge,
     "How long the gate has owed an acknowledgement.",
     [](const Scene& scene, Samples& samples) {
       scene.Add(
           static_cast<double>(scene.counters.unacknowledged_nanos.load()) / kNanosecondsPerSecond,
           samples);
     }},
};

}  // namespace

std::vector<metrics::Family> ReadSidecarMetrics(const std::string& source,
                                                const feed::Counters& counters) {
  std::vector<metrics::Family> families;
  metrics::Read<Scene>(kMetrics, Scene{source, counters}, families);
  metrics::ReadProcess(families);
  return families;
}

}  // namespace fundgate::sidecar
