#include "server/gate/holds_service.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "fundgate/types/text.h"
#include "server/gate/convert_check.h"
#include "server/gate/convert_decision.h"
#include "server/gate/convert_review.h"
#include "server/gate/guard.h"
#include "server/gate/hold_details.h"
#include "server/store/fields.h"
#include "server/store/keys.h"

namespace fundgate::gate {
namespace {

std::optional<core::HoldState> ToState(v1::HoldState state, Problems& problems) {
  switch (state) {
    case v1::HOLD_STATE_UNSPECIFIED:
    case v1::HOLD_STATE_OPEN:
      return core::HoldState::kOpen;
    case v1::HOLD_STATE_APPROVED:
      return core::HoldState::kApproved;
    case v1::HOLD_STATE_REJECTED:
      return core::HoldState::kRejected;
    default:
      problems.Add("state",
                   "must be OPEN, APPROVED or REJECTED; those that are closed are in the "
                   "journal");
      return std::nullopt;
  }
}

// A page's token is the place in the queue of the page's last hold, in hexadecimal.
std::string TokenOf(const core::HoldEntry& entry) {
  std::string bytes;
  store::KeyWriter write(bytes);
  write(entry);
  return absl::BytesToHexString(bytes);
}

std::optional<core::HoldEntry> ToPlace(const std::string& token, Problems& problems) {
  if (token.empty()) return std::nullopt;
  const std::string bytes = absl::HexStringToBytes(token);
  core::HoldEntry place;
  store::KeyReader read(bytes);
  read(place);
  if (read.complete()) return place;
  problems.Add("page_token", "is no token of a page of holds");
  return std::nullopt;
}

absl::Status FillPage(const store::View& view, const v1::ListHoldsRequest& request,
                      core::HoldState state, const std::optional<core::HoldEntry>& after,
                      size_t page_size, v1::ListHoldsResponse& response) {
  absl::Status failed;
  std::optional<core::HoldEntry> last;
  FUNDGATE_RETURN_IF_ERROR(view.ScanHolds(state, after, [&](const core::HoldEntry& entry) {
    if (!request.checkpoint().empty() && entry.key.kind.value() != request.checkpoint())
      return true;
    const absl::StatusOr<std::optional<core::KeyRecord>> record = view.Find<core::Keys>(entry.key);
    if (!record.ok() || !record->has_value()) {
      failed = record.ok() ? absl::DataLossError("a hold's key is not there") : record.status();
      return false;
    }
    v1::Hold hold = ToHold(entry.key, **record, *view.resident().policy);
    if (!request.account_id().empty() && hold.account_id() != request.account_id()) return true;
    if (static_cast<size_t>(response.holds_size()) == page_size) {
      response.set_next_page_token(TokenOf(*last));
      return false;
    }
    last = entry;
    *response.add_holds() = std::move(hold);
    return true;
  }));
  return failed;
}

absl::Status FillHold(const store::View& view, const core::KeyId& key, v1::Hold& hold) {
  FUNDGATE_ASSIGN_OR_RETURN(const std::optional<core::KeyRecord> record,
                            view.Find<core::Keys>(key));
  hold = ToHold(key, record.value_or(core::KeyRecord{}), *view.resident().policy);
  return absl::OkStatus();
}

}  // namespace

grpc::ServerUnaryReactor* HoldsService::ListHolds(grpc::CallbackServerContext* context,
                                                  const v1::ListHoldsRequest* request,
                                                  v1::ListHoldsResponse* response) {
  if (auto* refused = Refuse(backend_, *context, "Holds/ListHolds")) return refused;
  Problems problems;
  const size_t page_size = PageSize(request->page_size(), problems);
  const std::optional<core::HoldState> state = ToState(request->state(), problems);
  const std::optional<core::HoldEntry> after = ToPlace(request->page_token(), problems);
  if (!problems.empty()) return FinishNow(*context, InvalidArgument(problems));
  return OnWorker(backend_, *context, [this, request, response, page_size, state, after] {
    return ToGrpc(FillPage(*backend_.store.view(), *request, *state, after, page_size, *response));
  });
}

grpc::ServerUnaryReactor* HoldsService::GetHold(grpc::CallbackServerContext* context,
                                                const v1::GetHoldRequest* request,
                                                v1::GetHoldResponse* response) {
  if (auto* refused = Refuse(backend_, *context, "Holds/GetHold")) return refused;
  Problems problems;
  problems.Text("checkpoint", request->checkpoint(), 1, kMaxFieldNameBytes);
  problems.Text("idempotency_key", request->idempotency_key(), 1, core::kMaxIdBytes);
  if (!problems.empty()) return FinishNow(*context, InvalidArgument(problems));
  const core::KeyId key{MovementKind(request->checkpoint()),
                        IdempotencyKey(request->idempotency_key())};
  return OnWorker(backend_, *context, [this, key, response] {
    const std::shared_ptr<const store::View> view = backend_.store.view();
    const absl::StatusOr<std::optional<core::KeyRecord>> record = view->Find<core::Keys>(key);
    if (!record.ok()) return ToGrpc(record.status());
    if (!record->has_value() || !(*record)->hold.has_value()) {
      return grpc::Status(grpc::StatusCode::NOT_FOUND,
                          absl::StrCat("no hold of ", key.kind.value(), " ", key.key.value(),
                                       " waits; `fundctl decision` shows how the key stands"));
    }
    return ToGrpc(FillHoldDetails(*view, key, **record, *response));
  });
}

grpc::ServerUnaryReactor* HoldsService::ApproveHold(grpc::CallbackServerContext* context,
                                                    const v1::ApproveHoldRequest* request,
                                                    v1::ApproveHoldResponse* response) {
  const auto asked = Signed(backend_, *context, "Holds/ApproveHold", *request);
  if (!asked.ok()) return FinishNow(*context, ToGrpc(asked.status()));
  Problems problems;
  core::ApproveHoldInput input = ToApprove(*asked, problems);
  if (!problems.empty()) return FinishNow(*context, InvalidArgument(problems));
  return SubmitInput<core::Done>(
      backend_, *context, input, [this, input, response](const core::Done&) {
        return ToGrpc(FillHold(*backend_.store.view(), input.key, *response->mutable_hold()));
      });
}

grpc::ServerUnaryReactor* HoldsService::RejectHold(grpc::CallbackServerContext* context,
                                                   const v1::RejectHoldRequest* request,
                                                   v1::RejectHoldResponse* response) {
  const auto asked = Signed(backend_, *context, "Holds/RejectHold", *request);
  if (!asked.ok()) return FinishNow(*context, ToGrpc(asked.status()));
  Problems problems;
  core::RejectHoldInput input = ToReject(*asked, problems);
  if (!problems.empty()) return FinishNow(*context, InvalidArgument(problems));
  return SubmitInput<core::Done>(
      backend_, *context, input, [this, input, response](const core::Done&) {
        return ToGrpc(FillHold(*backend_.store.view(), input.key, *response->mutable_hold()));
      });
}

}  // namespace fundgate::gate
