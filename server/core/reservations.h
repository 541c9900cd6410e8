// The life of a reservation: made by an ALLOW, ended by a confirm, a release or an event.
#ifndef SERVER_CORE_RESERVATIONS_H_
#define SERVER_CORE_RESERVATIONS_H_

#include <cstddef>
#include <vector>

#include "server/core/books.h"
#include "server/core/decision.h"
#include "server/core/draft.h"
#include "server/core/input.h"
#include "server/core/outcome.h"
#include "server/core/records.h"

namespace fundgate::core {

// Ended generations of one key that are remembered, so that repeated releases of them stay no-ops.
inline constexpr size_t kMaxPastGenerations = 16;

// Keeps a decision that judged the key as new: binds the key, counts the generation, sets its
// timer. An ALLOW also makes the reservation and counts the effects as pending; the step of the
// invariants has made sure that they fit.
void RecordDecision(Draft& draft, const CheckInput& check, const Decision& decision,
                    Effects&& effects);

Answer Confirm(Draft& draft, const ConfirmInput& input);
Answer Release(Draft& draft, const ReleaseInput& input);

// Takes everything still pending back and sets the state. The key must have a reservation.
void EndReservation(Draft& draft, const KeyId& id, ReservationState state);

}  // namespace fundgate::core

#endif  // SERVER_CORE_RESERVATIONS_H_
