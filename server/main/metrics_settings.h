// Where a process tells Prometheus of itself: settings of both processes.
#ifndef SERVER_MAIN_METRICS_SETTINGS_H_
#define SERVER_MAIN_METRICS_SETTINGS_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/export/sinks/prometheus/metrics_page.h"

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own name
class App;
}  // namespace CLI

namespace fundgate::main {

struct MetricsSettings {
  std::string address;           // HOST:PORT; empty: nobody is told
  std::string port_file;         // empty: none; else the chosen port is written there
  bool insecure_listen = false;  // also where others can reach it
};

void DeclareMetricsSettings(CLI::App& app, MetricsSettings& settings);

// INVALID_ARGUMENT for what is no address, and for one that others can reach, unless told so.
absl::Status CheckMetricsAddress(const MetricsSettings& settings);

// The page, served until it is destroyed; null if nobody is to be told. Writes the port's file.
absl::StatusOr<std::unique_ptr<exporting::MetricsPage>> ServeMetrics(
    const MetricsSettings& settings, exporting::MetricsPage::Collect collect);

}  // namespace fundgate::main

#endif  // SERVER_MAIN_METRICS_SETTINGS_H_
