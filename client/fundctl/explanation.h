// Why a check was answered as it was, in plain words with the numbers.
#ifndef CLIENT_FUNDCTL_EXPLANATION_H_
#define CLIENT_FUNDCTL_EXPLANATION_H_

#include <string>

#include "fundgate/v1/audit.pb.h"

namespace fundgate::fundctl {

// What is said of a record that isn't shown as it was recorded.
inline constexpr char kMaskedSentence[] =
    "values that the policy names sensitive are masked; auditors see them";

// Of a record of TRACE_KIND_CHECK with its decision: some lines that need no other knowledge.
std::string Explain(const v1::Trace& trace);

}  // namespace fundgate::fundctl

#endif  // CLIENT_FUNDCTL_EXPLANATION_H_
