// The gate's outbox, tied to the sinks that the settings name.
#ifndef SERVER_MAIN_ALERT_DELIVERY_H_
#define SERVER_MAIN_ALERT_DELIVERY_H_

#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/export/outbox_reader.h"
#include "server/gate/outbox_access.h"
#include "server/log/log.h"
#include "server/main/alert_settings.h"

namespace fundgate::main {

// Delivers from Start until it is destroyed.
class AlertDelivery {
 public:
  // `outbox` must outlive it. INVALID_ARGUMENT for settings that can't be.
  static absl::StatusOr<std::unique_ptr<AlertDelivery>> Start(const AlertSettings& settings,
                                                              gate::OutboxAccess& outbox,
                                                              const logging::Log& log);
  ~AlertDelivery();
  AlertDelivery(const AlertDelivery&) = delete;
  AlertDelivery& operator=(const AlertDelivery&) = delete;

 private:
  explicit AlertDelivery(gate::OutboxAccess& outbox) : outbox_(outbox) {}

  gate::OutboxAccess& outbox_;
  std::unique_ptr<exporting::OutboxReader> reader_;
};

}  // namespace fundgate::main

#endif  // SERVER_MAIN_ALERT_DELIVERY_H_
