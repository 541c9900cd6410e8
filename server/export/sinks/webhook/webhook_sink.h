// Alerts, or calls of one endpoint, as JSON posted to an address.
#ifndef SERVER_EXPORT_SINKS_WEBHOOK_WEBHOOK_SINK_H_
#define SERVER_EXPORT_SINKS_WEBHOOK_WEBHOOK_SINK_H_

#include <memory>
#include <string>
#include <utility>

#include "server/export/http_post.h"
#include "server/export/sink.h"

namespace fundgate::exporting {

// The body is a fundgate.v1.Alert as JSON, with the contract's field names. The header
// Idempotency-Key is the alert's id: the same however often it is sent.
class WebhookSink final : public Sink {
 public:
  enum class Takes { kAlerts, kCalls };

  WebhookSink(std::string name, Takes takes, std::unique_ptr<HttpPost> post)
      : name_(std::move(name)), takes_(takes), post_(std::move(post)) {}

  const std::string& name() const override { return name_; }
  bool takes_calls() const override { return takes_ == Takes::kCalls; }
  absl::Status Tell(const v1::Alert& alert) override;
  void Cancel() override { post_->Cancel(); }

 private:
  const std::string name_;
  const Takes takes_;
  const std::unique_ptr<HttpPost> post_;
};

}  // namespace fundgate::exporting

#endif  // SERVER_EXPORT_SINKS_WEBHOOK_WEBHOOK_SINK_H_
