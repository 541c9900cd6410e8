// Everything that a gate tells of itself, for Prometheus: the one place where it is declared.
#ifndef SERVER_GATE_GATE_METRICS_H_
#define SERVER_GATE_GATE_METRICS_H_

#include <vector>

#include "server/gate/backend.h"
#include "server/metrics/metric.h"

namespace fundgate::gate {

// All of them as they are now. Any thread; not after the sequencer was shut down.
std::vector<metrics::Family> ReadGateMetrics(const Backend& backend);

}  // namespace fundgate::gate

#endif  // SERVER_GATE_GATE_METRICS_H_
