// All that stands about an account, on one page.
#ifndef SERVER_GATE_ACCOUNT_PAGE_H_
#define SERVER_GATE_ACCOUNT_PAGE_H_

#include <cstddef>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "fundgate/types/ids.h"
#include "fundgate/v1/audit.pb.h"
#include "server/store/view.h"

namespace fundgate::gate {

// Fills in everything that the contract says, with at most `checks` of the newest checks. `now`
// tells reservations that are open from keys that only wait to be forgotten. NOT_FOUND if nothing
// is known of the account. Takes up to a second or so: on a worker.
absl::Status FillAccount(const store::View& view, const AccountId& account, size_t checks,
                         absl::Time now, v1::GetAccountResponse& response);

}  // namespace fundgate::gate

#endif  // SERVER_GATE_ACCOUNT_PAGE_H_
