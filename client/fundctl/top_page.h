// What fundctl top shows, as text.
#ifndef CLIENT_FUNDCTL_TOP_PAGE_H_
#define CLIENT_FUNDCTL_TOP_PAGE_H_

#include <string>
#include <vector>

#include "client/fundctl/context.h"
#include "fundgate/v1/breakers.pb.h"
#include "fundgate/v1/holds.pb.h"
#include "fundgate/v1/status.pb.h"
#include "fundgate/v1/violation.pb.h"

namespace fundgate::fundctl {

// Of one moment.
struct TopReading {
  v1::GetStatusResponse status;
  std::vector<v1::Breaker> breakers;  // the first few
  std::vector<v1::Hold> holds;        // the oldest few
  bool more_holds = false;
  std::vector<v1::Violation> violations;  // the newest few
};

// Rates are those since `before`; null: since the gate started.
std::string TopPage(const Context& context, const TopReading& now, const TopReading* before);

}  // namespace fundgate::fundctl

#endif  // CLIENT_FUNDCTL_TOP_PAGE_H_
