// What a gate tells of what stands ready for bad times: leases and plans.
#ifndef SERVER_GATE_PREPARED_METRICS_H_
#define SERVER_GATE_PREPARED_METRICS_H_

#include <vector>

#include "server/gate/backend.h"
#include "server/metrics/metric.h"

namespace fundgate::gate {

void ReadPreparedMetrics(const Backend& backend, std::vector<metrics::Family>& families);

}  // namespace fundgate::gate

#endif  // SERVER_GATE_PREPARED_METRICS_H_
