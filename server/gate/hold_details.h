// Everything that an operator needs to judge a hold.
#ifndef SERVER_GATE_HOLD_DETAILS_H_
#define SERVER_GATE_HOLD_DETAILS_H_

#include "absl/status/status.h"
#include "fundgate/v1/holds.pb.h"
#include "server/core/records.h"
#include "server/store/view.h"

namespace fundgate::gate {

// Fills in the hold of a key with its request, decisions, books, breakers and the violations of its
// account. Reads much: for a worker. Fails as the view's reading does.
absl::Status FillHoldDetails(const store::View& view, const core::KeyId& key,
                             const core::KeyRecord& record, v1::GetHoldResponse& response);

}  // namespace fundgate::gate

#endif  // SERVER_GATE_HOLD_DETAILS_H_
