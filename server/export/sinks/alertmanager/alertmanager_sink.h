// Alerts for Prometheus' Alertmanager, by its API v2.
#ifndef SERVER_EXPORT_SINKS_ALERTMANAGER_ALERTMANAGER_SINK_H_
#define SERVER_EXPORT_SINKS_ALERTMANAGER_ALERTMANAGER_SINK_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "server/export/http_post.h"
#include "server/export/sink.h"

namespace fundgate::exporting {

// One alert of the Alertmanager for each group and level: labels alertname, group, level, severity
// (the risk class) and what the group was told from others by. A resolved group ends all its
// levels; a higher level ends the lower ones. The Alertmanager forgets what it isn't told again, so
// it is told of all open groups on a beat.
class AlertmanagerSink final : public Sink {
 public:
  // How long the Alertmanager believes in an alert that it isn't told of again: a gate that is
  // restarted or cut off for a while doesn't make it look as if all were well.
  static constexpr absl::Duration kBelieved = absl::Hours(1);

  // `post` posts to the API's address of alerts.
  AlertmanagerSink(std::unique_ptr<HttpPost> post, absl::Duration repeat_every)
      : post_(std::move(post)), repeat_every_(repeat_every) {}

  // The address of alerts under the Alertmanager's own.
  static std::string AddressOf(const std::string& base);

  const std::string& name() const override { return name_; }
  absl::Status Tell(const v1::Alert& alert) override;
  absl::Duration repeat_every() const override { return repeat_every_; }
  void Cancel() override { post_->Cancel(); }

  // What is posted, for one alert at one moment of the wall clock.
  static std::string BodyFor(const v1::Alert& alert, absl::Time now);

 private:
  const std::string name_ = "alertmanager";
  const std::unique_ptr<HttpPost> post_;
  const absl::Duration repeat_every_;
};

}  // namespace fundgate::exporting

#endif  // SERVER_EXPORT_SINKS_ALERTMANAGER_ALERTMANAGER_SINK_H_
