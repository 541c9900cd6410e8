// What a gate tells of the checks that it has no room for.
#ifndef SERVER_GATE_OVERLOAD_METRICS_H_
#define SERVER_GATE_OVERLOAD_METRICS_H_

#include <vector>

#include "server/gate/backend.h"
#include "server/metrics/metric.h"

namespace fundgate::gate {

void ReadOverloadMetrics(const Backend& backend, std::vector<metrics::Family>& families);

}  // namespace fundgate::gate

#endif  // SERVER_GATE_OVERLOAD_METRICS_H_
