#include "server/main/metrics_settings.h"

#include <CLI/CLI.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "connection/host_port.h"
#include "fundgate/types/status_macros.h"
#include "server/main/port_file.h"

namespace fundgate::main {

void DeclareMetricsSettings(CLI::App& app, MetricsSettings& settings) {
  app.add_option(
         "--metrics", settings.address,
         "Serve metrics for Prometheus there, at /metrics: 127.0.0.1:9464. Port 0 takes any "
         "free one; none if not given. In plain text, so only this machine's own addresses, unless "
         "--metrics-insecure-listen")
      ->envname("FUNDGATE_METRICS")
      ->type_name("HOST:PORT");
  app.add_option("--metrics-port-file", settings.port_file,
                 "Write the port that was taken for metrics to this file")
      ->envname("FUNDGATE_METRICS_PORT_FILE")
      ->type_name("FILE");
  app.add_flag("--metrics-insecure-listen", settings.insecure_listen,
               "Serve metrics where others can reach them, in plain text and to everybody; they "
               "name no account and no order")
      ->envname("FUNDGATE_METRICS_INSECURE_LISTEN");
}

absl::Status CheckMetricsAddress(const MetricsSettings& settings) {
  if (settings.address.empty()) return absl::OkStatus();
  FUNDGATE_ASSIGN_OR_RETURN(const connection::HostPort address,
                            connection::HostPort::Parse(settings.address));
  if (address.IsLoopback() || settings.insecure_listen) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "--metrics ", settings.address,
      " would show the numbers to others; take 127.0.0.1, or say --metrics-insecure-listen if "
      "that is meant"));
}

absl::StatusOr<std::unique_ptr<exporting::MetricsPage>> ServeMetrics(
    const MetricsSettings& settings, exporting::MetricsPage::Collect collect) {
  if (settings.address.empty()) return std::unique_ptr<exporting::MetricsPage>();
  FUNDGATE_ASSIGN_OR_RETURN(auto page,
                            exporting::MetricsPage::Serve(settings.address, std::move(collect)));
  FUNDGATE_RETURN_IF_ERROR(WritePort("--metrics-port-file", settings.port_file, page->port()));
  return page;
}

}  // namespace fundgate::main
