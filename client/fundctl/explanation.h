// Why a check was answered as it was, in plain words with the numbers.
#ifndef CLIENT_FUNDCTL_EXPLANATION_H_
#define CLIENT_FUNDCTL_EXPLANATION_H_

#include <string>

#include "fundgate/v1/audit.pb.h"

namespace fundgate::fundctl {

// Of a record of TRACE_KIND_CHECK with its decision: some lines that need no other knowledge.
std::string Explain(const v1::Trace& trace);

}  // namespace fundgate::fundctl

#endif  // CLIENT_FUNDCTL_EXPLANATION_H_
