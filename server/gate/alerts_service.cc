#include "server/gate/alerts_service.h"

#include <utility>
#include <vector>

#include "server/gate/guard.h"

namespace fundgate::gate {

grpc::ServerUnaryReactor* AlertsService::ListAlerts(grpc::CallbackServerContext* context,
                                                    const v1::ListAlertsRequest* /*request*/,
                                                    v1::ListAlertsResponse* response) {
  if (auto* refused = Refuse(backend_, *context, "Alerts/ListAlerts")) return refused;
  return OnWorker(backend_, *context, [this, response] {
    absl::StatusOr<std::vector<OutboxAccess::Waiting>> waiting = outbox_.ListWaiting(Sight::kClear);
    if (!waiting.ok()) return ToGrpc(waiting.status());
    for (OutboxAccess::Waiting& entry : *waiting) {
      *response->add_alerts() = std::move(entry.alert);
    }
    for (v1::DeliveryAttempt& attempt : outbox_.ListAttempts()) {
      *response->add_attempts() = std::move(attempt);
    }
    return grpc::Status::OK;
  });
}

}  // namespace fundgate::gate
