#include "server/gate/holds_service.h"

#include <optional>
#include <utility>

#include "server/gate/convert_breakers.h"
#include "server/gate/convert_decision.h"
#include "server/gate/convert_values.h"
#include "server/gate/unary.h"

namespace fundgate::gate {
namespace {

// The hold that a rejection ended, as far as the key's record knows it.
void Describe(const core::RejectHoldInput& input, const core::KeyRecord& record, v1::Hold& hold) {
  hold.set_account_id(input.account.value());
  hold.set_checkpoint(input.key.kind.value());
  hold.set_idempotency_key(input.key.key.value());
  hold.set_decision_id(input.decision_id);
  hold.set_state(v1::HOLD_STATE_REJECTED);
  hold.set_reviewed_by(input.actor);
  hold.set_review_reason(input.reason);
  if (record.fingerprint.has_value()) {
    *hold.mutable_amount() = ToProto(record.fingerprint->amount);
    for (const core::Line& line : record.fingerprint->lines) {
      if (!line.order.empty()) hold.add_order_ids(line.order.value());
    }
  }
  if (record.decision.has_value()) {
    for (const core::Reason& reason : record.decision->reasons)
      *hold.add_reasons() = ToProto(reason);
    *hold.mutable_last_asked_at() = ToProto(record.decision->decided_at);
  }
}

}  // namespace

grpc::ServerUnaryReactor* HoldsService::ListHolds(grpc::CallbackServerContext* context,
                                                  const v1::ListHoldsRequest* /*request*/,
                                                  v1::ListHoldsResponse* /*response*/) {
  return FinishNow(*context, {grpc::StatusCode::UNIMPLEMENTED,
                              "this version of the gate doesn't list holds; export traces with "
                              "verdict HOLD instead"});
}

grpc::ServerUnaryReactor* HoldsService::ApproveHold(grpc::CallbackServerContext* context,
                                                    const v1::ApproveHoldRequest* /*request*/,
                                                    v1::ApproveHoldResponse* /*response*/) {
  return FinishNow(*context, {grpc::StatusCode::UNIMPLEMENTED,
                              "this version of the gate doesn't approve holds; remove the cause "
                              "that the decision names and ask again with the same key"});
}

grpc::ServerUnaryReactor* HoldsService::RejectHold(grpc::CallbackServerContext* context,
                                                   const v1::RejectHoldRequest* request,
                                                   v1::RejectHoldResponse* response) {
  Problems problems;
  core::RejectHoldInput input = ToReject(*request, problems);
  if (!problems.empty()) return FinishNow(*context, InvalidArgument(problems));
  return SubmitInput<core::Done>(
      backend_, *context, input, [this, input, response](const core::Done&) {
        const auto record = backend_.store.view()->Find<core::Keys>(input.key);
        if (!record.ok()) return ToGrpc(record.status());
        Describe(input, record->value_or(core::KeyRecord{}), *response->mutable_hold());
        return grpc::Status::OK;
      });
}

}  // namespace fundgate::gate
