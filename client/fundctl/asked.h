// What a record's decision is about.
#ifndef CLIENT_FUNDCTL_ASKED_H_
#define CLIENT_FUNDCTL_ASKED_H_

#include "fundgate/v1/audit.pb.h"

namespace fundgate::fundctl {

// The check that was asked, or that the caller allowed by its lease; an empty one of other records.
inline const v1::CheckRequest& AskedOf(const v1::Trace& trace) {
  return trace.has_report_allowed() ? trace.report_allowed().check() : trace.check();
}

}  // namespace fundgate::fundctl

#endif  // CLIENT_FUNDCTL_ASKED_H_
