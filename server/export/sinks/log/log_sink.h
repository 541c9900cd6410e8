// Alerts as lines of the process's own log.
#ifndef SERVER_EXPORT_SINKS_LOG_LOG_SINK_H_
#define SERVER_EXPORT_SINKS_LOG_LOG_SINK_H_

#include <string>
#include <utility>

#include "server/export/sink.h"
#include "server/log/log.h"

namespace fundgate::exporting {

class LogSink final : public Sink {
 public:
  explicit LogSink(logging::Log log) : log_(std::move(log)) {}

  const std::string& name() const override { return name_; }
  absl::Status Tell(const v1::Alert& alert) override;

 private:
  const std::string name_ = "log";
  const logging::Log log_;
};

}  // namespace fundgate::exporting

#endif  // SERVER_EXPORT_SINKS_LOG_LOG_SINK_H_
