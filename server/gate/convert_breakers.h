// Breakers and the commands to them, between the contract and the core.
#ifndef SERVER_GATE_CONVERT_BREAKERS_H_
#define SERVER_GATE_CONVERT_BREAKERS_H_

#include <string>

#include "absl/time/time.h"
#include "fundgate/v1/breakers.pb.h"
#include "server/core/input.h"
#include "server/core/records.h"
#include "server/gate/problems.h"

namespace fundgate::gate {

// ---- To the core: `now` is the gate's time, before which no breaker can be told to end ----

core::TripBreakerInput ToTrip(const v1::TripBreakerRequest& request, absl::Time now,
                              Problems& problems);
core::HalfOpenBreakerInput ToHalfOpen(const v1::HalfOpenBreakerRequest& request, absl::Time now,
                                      Problems& problems);
core::ResetBreakerInput ToReset(const v1::ResetBreakerRequest& request, Problems& problems);

// Who does something and why: within their bounds.
void CheckWhy(const std::string& actor, const std::string& reason, Problems& problems);

// The canonical text of a scope.
std::string ToScope(const std::string& text, Problems& problems);

// ---- To the contract ----

v1::Breaker ToProto(const core::Breaker& breaker);
v1::Wish ToProto(const core::Loosening& wish);
v1::Breaker ClosedBreaker(const std::string& scope);  // that was never touched
v1::TripBreakerRequest ToProto(const core::TripBreakerInput& trip);
v1::HalfOpenBreakerRequest ToProto(const core::HalfOpenBreakerInput& half_open);
v1::ResetBreakerRequest ToProto(const core::ResetBreakerInput& reset);

}  // namespace fundgate::gate

#endif  // SERVER_GATE_CONVERT_BREAKERS_H_
