// Which records of the journal an export holds.
#ifndef SERVER_GATE_TRACE_FILTER_H_
#define SERVER_GATE_TRACE_FILTER_H_

#include "fundgate/v1/audit.pb.h"
#include "server/store/view.h"

namespace fundgate::gate {

// Whether a record passes a filter whose sequence bounds are looked after by the caller. `trace` is
// the record as the caller sees it. A batch of a source is about an account, an order, a checkpoint
// or a key if one of its events is. The filter's times must be valid.
bool Passes(const store::JournalEntry& entry, const v1::Trace& trace,
            const v1::TraceFilter& filter);

}  // namespace fundgate::gate

#endif  // SERVER_GATE_TRACE_FILTER_H_
