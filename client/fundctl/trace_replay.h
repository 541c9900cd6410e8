// fundctl trace replay: a decision, judged again by the gate.
#ifndef CLIENT_FUNDCTL_TRACE_REPLAY_H_
#define CLIENT_FUNDCTL_TRACE_REPLAY_H_

#include "client/fundctl/context.h"

namespace fundgate::fundctl {

void AddTraceReplay(CLI::App& trace, Context& context);

}  // namespace fundgate::fundctl

#endif  // CLIENT_FUNDCTL_TRACE_REPLAY_H_
