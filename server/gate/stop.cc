#include "server/gate/stop.h"

#include <memory>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "server/core/breaker_scope.h"
#include "server/core/breakers.h"
#include "server/gate/grpc_status.h"

namespace fundgate::gate {

std::optional<Stop> StopOf(const Backend& backend, const std::string& checkpoint) {
  const std::shared_ptr<const store::View> view = backend.store.view();
  const auto& breakers = view->resident().of<core::Breakers>();
  std::optional<Stop> severest;
  for (const std::string& scope : {std::string(core::kEverything), checkpoint}) {
    const auto found = breakers.find(scope);
    if (found == breakers.end() || !core::Denies(found->second)) continue;
    const core::Breaker& breaker = found->second;
    if (breaker.until.has_value() && *breaker.until <= backend.sequencer.Now()) continue;
    const bool is_open = breaker.state == core::BreakerState::kOpen;
    const core::Verdict verdict = is_open ? breaker.mode : core::Verdict::kHold;
    if (!severest.has_value() || verdict > severest->verdict) severest = Stop{scope, verdict};
  }
  return severest;
}

grpc::Status RefusalAt(const Backend& backend, const std::string& checkpoint,
                       const absl::Status& status) {
  const grpc::Status refusal = ToGrpc(status);
  if (!absl::IsResourceExhausted(status)) return refusal;
  const std::optional<Stop> stop = StopOf(backend, checkpoint);
  if (!stop.has_value()) return refusal;
  google::rpc::ErrorInfo info;
  info.set_domain("fundgate");
  info.set_reason("BREAKER");
  (*info.mutable_metadata())["breaker"] = stop->scope;
  (*info.mutable_metadata())["verdict"] = stop->verdict == core::Verdict::kBlock ? "BLOCK" : "HOLD";
  google::rpc::Status details;
  details.ParseFromString(refusal.error_details());
  details.add_details()->PackFrom(info);
  return {refusal.error_code(), refusal.error_message(), details.SerializeAsString()};
}

}  // namespace fundgate::gate
