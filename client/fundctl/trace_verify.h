// fundctl trace verify: the chain, checked by the gate and compared with anchors.
#ifndef CLIENT_FUNDCTL_TRACE_VERIFY_H_
#define CLIENT_FUNDCTL_TRACE_VERIFY_H_

#include "client/fundctl/context.h"

namespace fundgate::fundctl {

void AddTraceVerify(CLI::App& trace, Context& context);

}  // namespace fundgate::fundctl

#endif  // CLIENT_FUNDCTL_TRACE_VERIFY_H_
