// The service that tells what waits to be delivered.
#ifndef SERVER_GATE_ALERTS_SERVICE_H_
#define SERVER_GATE_ALERTS_SERVICE_H_

#include "fundgate/v1/alerts.grpc.pb.h"
#include "server/gate/backend.h"
#include "server/gate/outbox_access.h"

namespace fundgate::gate {

class AlertsService final : public v1::Alerts::CallbackService {
 public:
  AlertsService(const Backend& backend, const OutboxAccess& outbox)
      : backend_(backend), outbox_(outbox) {}

  grpc::ServerUnaryReactor* ListAlerts(grpc::CallbackServerContext* context,
                                       const v1::ListAlertsRequest* request,
                                       v1::ListAlertsResponse* response) override;

 private:
  const Backend& backend_;
  const OutboxAccess& outbox_;
};

}  // namespace fundgate::gate

#endif  // SERVER_GATE_ALERTS_SERVICE_H_
