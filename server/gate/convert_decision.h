// Answers to checks, confirms and releases, from the core to the contract. A service never sends
// them back, so there is no other way.
#ifndef SERVER_GATE_CONVERT_DECISION_H_
#define SERVER_GATE_CONVERT_DECISION_H_

#include <optional>
#include <string>

#include "fundgate/v1/check.pb.h"
#include "fundgate/v1/reservation.pb.h"
#include "fundgate/v1/verdict.pb.h"
#include "server/core/decision.h"
#include "server/core/input.h"
#include "server/core/outcome.h"
#include "server/core/records.h"
#include "server/gate/problems.h"

namespace fundgate::gate {

v1::Verdict ToProto(core::Verdict verdict);
v1::ReasonCode ToProto(core::ReasonCode code);
v1::ReservationState ToProto(core::ReservationState state);
v1::Reason ToProto(const core::Reason& reason);

// A mode of a breaker: HOLD or BLOCK. VERDICT_UNSPECIFIED becomes `otherwise`, or a problem where
// there is none.
core::Verdict ToMode(v1::Verdict verdict, std::optional<core::Verdict> otherwise,
                     const std::string& field, Problems& problems);

// Without the reservation: see below. What is filled must be empty.
void Fill(const core::Decision& decision, v1::Decision& proto);
v1::Decision ToProto(const core::Decision& decision);

// The reservation that an ALLOW makes, as it stands at that moment, without the orders. What is
// filled must be empty.
void FillReservation(const core::Decision& allow, v1::Reservation& proto);
// With those that `check` names.
v1::Reservation NewReservation(const core::Decision& allow, const core::CheckInput& check);

// The reservation that stands under a key. Nothing if no check was ever allowed under it.
std::optional<v1::Reservation> ReservationOf(const core::KeyId& key, const core::KeyRecord& record);

// The reservation that `decision_id` made, whether of the key's present generation or an earlier.
std::optional<v1::Reservation> ReservationOf(const core::KeyId& key, const core::KeyRecord& record,
                                             const std::string& decision_id);

// The answer to Confirm and Release. `record` is the key's, null where it isn't at hand: then
// `order_ids` stays empty.
v1::Reservation ToProto(const core::ReservationAnswer& answer, const core::KeyRecord* record);

}  // namespace fundgate::gate

#endif  // SERVER_GATE_CONVERT_DECISION_H_
