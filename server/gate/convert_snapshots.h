// Runs that read a source's tables anew, between the contract and the core.
#ifndef SERVER_GATE_CONVERT_SNAPSHOTS_H_
#define SERVER_GATE_CONVERT_SNAPSHOTS_H_

#include <string>

#include "fundgate/v1/ingest.pb.h"
#include "fundgate/v1/sources.pb.h"
#include "server/core/input.h"
#include "server/core/snapshot_record.h"
#include "server/gate/problems.h"

namespace fundgate::gate {

inline constexpr int kMaxSnapshotTables = 256;  // of one request

// ---- To the core ----

core::SnapshotStep ToStep(const v1::SnapshotStep& step, const std::string& field,
                          Problems& problems);
core::ResnapshotInput ToResnapshot(const v1::ResnapshotSourceRequest& request, Problems& problems);
core::CancelResnapshotInput ToCancel(const v1::CancelResnapshotRequest& request,
                                     Problems& problems);

// ---- To the contract ----

v1::SnapshotStep ToProto(const core::SnapshotStep& step);
v1::ResnapshotSourceRequest ToProto(const core::ResnapshotInput& input);
v1::CancelResnapshotRequest ToProto(const core::CancelResnapshotInput& input);
v1::Snapshot ToProto(const core::SnapshotRun& run);
v1::SnapshotOrder ToOrder(const core::SnapshotRun& run);

}  // namespace fundgate::gate

#endif  // SERVER_GATE_CONVERT_SNAPSHOTS_H_
