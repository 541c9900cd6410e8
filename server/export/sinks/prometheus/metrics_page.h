// The page that Prometheus reads, by HTTP. Hides prometheus-cpp.
#ifndef SERVER_EXPORT_SINKS_PROMETHEUS_METRICS_PAGE_H_
#define SERVER_EXPORT_SINKS_PROMETHEUS_METRICS_PAGE_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/metrics/metric.h"

namespace fundgate::exporting {

// Serves http://ADDRESS/metrics from Serve until it is destroyed, on two threads of its own.
class MetricsPage {
 public:
  // Called for each reading of the page, on the page's threads, one at a time; not after Close.
  using Collect = std::function<std::vector<metrics::Family>()>;

  // `address` is HOST:PORT; port 0 takes any free one. UNAVAILABLE if it can't be listened on.
  static absl::StatusOr<std::unique_ptr<MetricsPage>> Serve(const std::string& address,
                                                            Collect collect);
  virtual ~MetricsPage() = default;

  virtual int port() const = 0;

  // The page is empty from now on: what it was collected from may go. At once; to end its threads
  // takes some seconds, in the destructor.
  virtual void Close() = 0;
};

}  // namespace fundgate::exporting

#endif  // SERVER_EXPORT_SINKS_PROMETHEUS_METRICS_PAGE_H_
