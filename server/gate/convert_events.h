// Batches of events and probes, between the contract and the core.
#ifndef SERVER_GATE_CONVERT_EVENTS_H_
#define SERVER_GATE_CONVERT_EVENTS_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "fundgate/v1/audit.pb.h"
#include "fundgate/v1/event.pb.h"
#include "fundgate/v1/ingest.pb.h"
#include "server/core/input.h"
#include "server/gate/problems.h"

namespace fundgate::gate {

inline constexpr int kMaxEvents = 10'000;            // of one batch
inline constexpr size_t kMaxEventIdBytes = 256;      // of a transaction's id
inline constexpr size_t kMaxTableBytes = 256;        // of a table's name
inline constexpr size_t kMaxPrimaryKeyBytes = 1024;  // as text

// ---- To the core ----

core::IngestInput ToIngest(const v1::IngestRequest& request, Problems& problems);
core::GrantEpochInput ToGrantEpoch(const v1::GetPositionRequest& request, Problems& problems);
core::Event ToEvent(const v1::Event& event, const std::string& field, Problems& problems);

// ---- To the contract ----

// The core's id of an event is "<event_id>/<row_index>". A gap's key and the hash
// of a fact's row are not kept by the core and come back empty.
v1::Event ToProto(const core::Event& event);
v1::IngestSummary ToSummary(const core::IngestInput& batch, uint64_t violations);

}  // namespace fundgate::gate

#endif  // SERVER_GATE_CONVERT_EVENTS_H_
