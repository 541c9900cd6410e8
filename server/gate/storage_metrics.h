// What a gate tells of its disk, and of RocksDB.
#ifndef SERVER_GATE_STORAGE_METRICS_H_
#define SERVER_GATE_STORAGE_METRICS_H_

#include <vector>

#include "server/gate/backend.h"
#include "server/metrics/metric.h"

namespace fundgate::gate {

void ReadStorageMetrics(const Backend& backend, std::vector<metrics::Family>& families);

}  // namespace fundgate::gate

#endif  // SERVER_GATE_STORAGE_METRICS_H_
