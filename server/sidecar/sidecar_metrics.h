// Everything that a sidecar tells of itself, for Prometheus: the one place where it is declared.
#ifndef SERVER_SIDECAR_SIDECAR_METRICS_H_
#define SERVER_SIDECAR_SIDECAR_METRICS_H_

#include <string>
#include <vector>

#include "server/metrics/metric.h"
#include "server/sidecar/feed/counters.h"

namespace fundgate::sidecar {

// All of them as they are now. Any thread.
std::vector<metrics::Family> ReadSidecarMetrics(const std::string& source,
                                                const feed::Counters& counters);

}  // namespace fundgate::sidecar

#endif  // SERVER_SIDECAR_SIDECAR_METRICS_H_
