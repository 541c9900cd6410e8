// Records of the journal as text for people.
#ifndef CLIENT_FUNDCTL_TRACE_TEXT_H_
#define CLIENT_FUNDCTL_TRACE_TEXT_H_

#include "client/fundctl/context.h"
#include "fundgate/v1/audit.pb.h"

namespace fundgate::fundctl {

// One line: its place, time and kind, what it is about, and what came of it.
void PrintTraceLine(Context& context, const v1::Trace& trace);

// A check's record with all that explains it: what was asked, what the answer rests on, each reason
// with its numbers.
void PrintCheckTrace(Context& context, const v1::Trace& trace);

}  // namespace fundgate::fundctl

#endif  // CLIENT_FUNDCTL_TRACE_TEXT_H_
