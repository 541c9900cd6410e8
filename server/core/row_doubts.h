// Changes of rows that don't follow on what is known of the row.
//
// A source that may repeat what it told (a connector that begins again at an older place) tells
// old changes under new positions. Those of a row that had changed several times since say amounts
// that are past; posting their differences would count them a second time. They end with the
// newest change, which is known by its image. But a change that doesn't follow may as well mean
// that one in between was lost. Which of the two it is shows later, so nothing is posted and the
// row is in doubt: what it may have moved is unproven, until it says again what is known of it.
#ifndef SERVER_CORE_ROW_DOUBTS_H_
#define SERVER_CORE_ROW_DOUBTS_H_

#include "server/core/draft.h"
#include "server/core/events.h"
#include "server/core/policy.h"

namespace fundgate::core {

// True if the source may repeat itself and the row's image before isn't what is known of the row:
// then the change must be applied to nothing, and the row is in doubt now. A row that nobody knows
// is never in doubt.
bool DoubtChange(Draft& draft, const SourceDefinition& source, const Event& event,
                 const MovementEvent& change);

// The change says what is known of its row, or follows on it, as far as the key goes.
void EndDoubt(Draft& draft, const KeyId& key, const SourceDefinition& source,
              const MovementEvent& change);

// What the row itself said that it counts for at its newest change.
const Line& SaidLine(const RowContribution& row);

}  // namespace fundgate::core

#endif  // SERVER_CORE_ROW_DOUBTS_H_
