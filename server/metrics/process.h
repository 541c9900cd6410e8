// What every process tells of itself, under the names that Prometheus' own libraries use.
#ifndef SERVER_METRICS_PROCESS_H_
#define SERVER_METRICS_PROCESS_H_

#include <vector>

#include "server/metrics/metric.h"

namespace fundgate::metrics {

// Reads /proc/self; a number that isn't there has no sample.
void ReadProcess(std::vector<Family>& families);

}  // namespace fundgate::metrics

#endif  // SERVER_METRICS_PROCESS_H_
