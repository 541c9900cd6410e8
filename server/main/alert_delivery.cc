#include "server/main/alert_delivery.h"

#include <string>
#include <utility>
#include <vector>

#include "fundgate/types/status_macros.h"
#include "server/export/http_post.h"
#include "server/export/sinks/alertmanager/alertmanager_sink.h"
#include "server/export/sinks/log/log_sink.h"
#include "server/export/sinks/webhook/webhook_sink.h"

namespace fundgate::main {
namespace {

using exporting::AlertmanagerSink;
using exporting::HttpPost;
using exporting::WebhookSink;

absl::StatusOr<std::unique_ptr<HttpPost>> PostTo(const AlertSettings& settings,
                                                 const std::string& receiver,
                                                 const std::string& url) {
  exporting::HttpSettings http;
  http.url = url;
  http.ca_file = settings.ca_file;
  http.timeout = absl::Seconds(settings.timeout_seconds);
  const auto token = settings.tokens.find(receiver);
  if (token != settings.tokens.end()) http.token = token->second;
  return HttpPost::Make(std::move(http));
}

absl::StatusOr<std::vector<std::unique_ptr<exporting::Sink>>> MakeSinks(
    const AlertSettings& settings, const logging::Log& log) {
  std::vector<std::unique_ptr<exporting::Sink>> sinks;
  sinks.push_back(std::make_unique<exporting::LogSink>(log));
  if (!settings.alertmanager.empty()) {
    FUNDGATE_ASSIGN_OR_RETURN(
        auto post,
        PostTo(settings, "alertmanager", AlertmanagerSink::AddressOf(settings.alertmanager)));
    sinks.push_back(std::make_unique<AlertmanagerSink>(std::move(post),
                                                       absl::Seconds(settings.repeat_seconds)));
  }
  if (!settings.webhook.empty()) {
    FUNDGATE_ASSIGN_OR_RETURN(auto post, PostTo(settings, "webhook", settings.webhook));
    sinks.push_back(
        std::make_unique<WebhookSink>("webhook", WebhookSink::Takes::kAlerts, std::move(post)));
  }
  for (const auto& [name, url] : settings.actions) {
    FUNDGATE_ASSIGN_OR_RETURN(auto post, PostTo(settings, name, url));
    sinks.push_back(
        std::make_unique<WebhookSink>(name, WebhookSink::Takes::kCalls, std::move(post)));
  }
  return sinks;
}

exporting::Outbox OutboxOf(gate::OutboxAccess& access) {
  exporting::Outbox outbox;
  outbox.list = [&access]() -> absl::StatusOr<std::vector<exporting::Waiting>> {
    FUNDGATE_ASSIGN_OR_RETURN(std::vector<gate::OutboxAccess::Waiting> listed,
                              access.ListWaiting());
    std::vector<exporting::Waiting> waiting;
    for (gate::OutboxAccess::Waiting& entry : listed) {
      waiting.push_back({std::move(entry.slot), std::move(entry.alert)});
    }
    return waiting;
  };
  outbox.open_groups = [&access] { return access.ListOpenGroups(); };
  outbox.delivered = [&access](std::vector<std::pair<std::string, std::string>> alerts) {
    return access.Delivered(std::move(alerts));
  };
  outbox.note = [&access](v1::DeliveryAttempt attempt) { access.NoteAttempt(std::move(attempt)); };
  return outbox;
}

}  // namespace

absl::StatusOr<std::unique_ptr<AlertDelivery>> AlertDelivery::Start(const AlertSettings& settings,
                                                                    gate::OutboxAccess& outbox,
                                                                    const logging::Log& log) {
  FUNDGATE_ASSIGN_OR_RETURN(auto sinks, MakeSinks(settings, log));
  exporting::ReaderOptions options;
  options.longest_wait = absl::Seconds(settings.longest_wait_seconds);
  std::unique_ptr<AlertDelivery> delivery(new AlertDelivery(outbox));
  delivery->reader_ =
      std::make_unique<exporting::OutboxReader>(OutboxOf(outbox), std::move(sinks), options);
  outbox.Watch([reader = delivery->reader_.get()] { reader->Wake(); });
  return delivery;
}

AlertDelivery::~AlertDelivery() {
  outbox_.Watch(nullptr);
  reader_.reset();
}

}  // namespace fundgate::main
