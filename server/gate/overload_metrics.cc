#include "server/gate/overload_metrics.h"

#include <cstddef>
#include <utility>

#include "server/gate/listener.h"
#include "server/gate/overload.h"

namespace fundgate::gate {
namespace {

using metrics::Samples;
using metrics::Type;

constexpr const char* kCauses[Overload::kCauses] = {"wait", "deadline", "queue", "streams"};
constexpr std::pair<sequencer::Priority, const char*> kPriorities[] = {
    {sequencer::Priority::kHigh, "high"},
    {sequencer::Priority::kNormal, "normal"},
    {sequencer::Priority::kLow, "low"},
};

void ReadRefused(const Backend& backend, Samples& samples) {
  for (size_t cause = 0; cause < Overload::kCauses; ++cause) {
    for (const auto& [priority, name] : kPriorities) {
      // Nobody knows what a stream would have asked for.
      if (cause == Overload::kStreams && priority != sequencer::Priority::kNormal) continue;
      samples.Add(backend.overload.refused(cause, priority),
                  {{"cause", kCauses[cause]}, {"priority", name}});
    }
  }
}

constexpr metrics::Metric<Backend> kMetrics[] = {
    {"fundgate_refused_checks_total", Type::kCounter,
     "Checks, and streams of them, refused because there are too many, by their priority.",
     ReadRefused},
    {"fundgate_queue_wait_seconds", Type::kGauge,
     "What a check that came now would wait for the machine.",
     [](const Backend& backend, Samples& samples) {
       samples.Add(absl::ToDoubleSeconds(backend.sequencer.statistics().wait));
     }},
    {"fundgate_check_streams", Type::kGauge, "Streams of checks that are open.",
     [](const Backend& backend, Samples& samples) {
       samples.Add(uint64_t{backend.overload.check_streams.taken()});
     }},
    {"fundgate_check_streams_held_back_total", Type::kCounter,
     "How often a stream of checks wasn't read on because there were too many.",
     [](const Backend& backend, Samples& samples) {
       samples.Add(backend.overload.streams_held_back());
     }},
    {"fundgate_connections_total", Type::kCounter, "Connections that were taken.",
     [](const Backend& backend, Samples& samples) { samples.Add(backend.listener.taken()); }},
    {"fundgate_refused_connections_total", Type::kCounter,
     "Connections that were refused because there are no files for them.",
     [](const Backend& backend, Samples& samples) { samples.Add(backend.listener.refused()); }},
};

}  // namespace

void ReadOverloadMetrics(const Backend& backend, std::vector<metrics::Family>& families) {
  metrics::Read<Backend>(kMetrics, backend, families);
}

}  // namespace fundgate::gate
