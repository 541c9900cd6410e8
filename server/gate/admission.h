// The way of a check from the contract into the sequencer, and of its answer back: shared by the
// unary, the batch and the streaming call.
#ifndef SERVER_GATE_ADMISSION_H_
#define SERVER_GATE_ADMISSION_H_

#include <grpcpp/grpcpp.h>

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "fundgate/v1/check.pb.h"
#include "fundgate/v1/reservation.pb.h"
#include "server/core/decision.h"
#include "server/core/input.h"
#include "server/core/outcome.h"
#include "server/core/policy.h"
#include "server/gate/problems.h"
#include "server/store/store.h"

namespace fundgate::gate {

// A check that is well-formed under the policy. `prefix` goes before every field's name.
std::optional<core::CheckInput> Admit(const core::Policy& policy, const v1::CheckRequest& request,
                                      const std::string& prefix, Problems& problems);

// Keeps the trace that the call belongs to (W3C's header "traceparent") with the check, as its
// attribute of that name, unless it brings one itself. What is no such header is left out.
void KeepTrace(const grpc::ServerContextBase& context, core::CheckInput& check);

// Fills the answer, which must be empty, as the caller of `request` gets it: with its own
// request_id, and with the reservation that stands under the key.
void Answer(const store::Store& store, const v1::CheckRequest& request,
            const core::Decision& decision, v1::Decision& answer);

// The same with orders, which the answer alone doesn't know.
v1::Reservation Answer(const store::Store& store, const core::ReservationAnswer& answer);

// The decision of a record of the journal, or the one that stands under a key. NOT_FOUND if there
// is none.
absl::StatusOr<v1::Decision> FindDecision(const store::View& view, const std::string& decision_id);
absl::StatusOr<v1::Decision> FindDecision(const store::View& view, const AccountId& account,
                                          const core::KeyId& key);

}  // namespace fundgate::gate

#endif  // SERVER_GATE_ADMISSION_H_
