// Reading tables of a source anew: what an operator asks for after a gap, and how a source begins
// whose log doesn't reach back.
//
// A run goes over its tables by their primary keys, in small steps. Each step brings rows as they
// stood at exactly the source's position, so that they stand in one order with its changes; where
// the table goes on is kept in the same write. A row that is met counts for what it says, whatever
// was posted of it; so does a row that a change brings meanwhile. Rows that were never met are
// there no more: once all is read they are taken back, a part of the keys a step. Then what could
// not be read before the run began is known again, and its gaps go.
#ifndef SERVER_CORE_SNAPSHOTS_H_
#define SERVER_CORE_SNAPSHOTS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "server/core/draft.h"
#include "server/core/input.h"
#include "server/core/outcome.h"

namespace fundgate::core {

// Keys that one step of the sweep looks at, so that no input takes long.
inline constexpr size_t kMaxSweptKeys = 500;
// Bytes of a cursor.
inline constexpr size_t kMaxCursorBytes = 8192;

// Begins a run. NOT_FOUND without such a source or table, FAILED_PRECONDITION if the source's
// tables can't be read anew or one of its runs isn't over.
Answer Resnapshot(Draft& draft, const ResnapshotInput& input);
// Ends it before it is over; gaps stay. FAILED_PRECONDITION if there is none.
Answer CancelResnapshot(Draft& draft, const CancelResnapshotInput& input);

// A feeder comes with this mapping: a source that begins with a snapshot gets its first run, and a
// run under another mapping begins anew.
void PrepareRun(Draft& draft, const SourceDefinition& source);

// Why the step can't be taken, or ok. FAILED_PRECONDITION: the feeder must ask for its orders.
absl::Status CheckStep(Draft& draft, const SourceDefinition& source, const SnapshotStep& step);
// Before the step's events, and after them.
void BeginStep(Draft& draft, const SourceDefinition& source, const SnapshotStep& step);
void EndStep(Draft& draft, const SourceDefinition& source, const SnapshotStep& step);

// The run that reads this table of the source anew, or null.
const SnapshotRun* RunOver(Draft& draft, const SourceName& source, const std::string& table);

// A row as it stands that can't be read; see SnapshotTable::unreadable.
void NoteUnreadable(Draft& draft, const SourceName& source, const RowId& row);

// True if one of the sources has a run that isn't over: what it has not read yet may cure what
// looks broken.
bool IsBeingRead(Draft& draft, const std::vector<SourceName>& sources);

}  // namespace fundgate::core

#endif  // SERVER_CORE_SNAPSHOTS_H_
