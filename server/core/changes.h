// The difference that one input makes to the state, as whole new values of records.
#ifndef SERVER_CORE_CHANGES_H_
#define SERVER_CORE_CHANGES_H_

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "server/core/record_kinds.h"
#include "server/core/records.h"

namespace fundgate::core {

// Sorted by id, each id once. A null value means: the record goes.
template <typename Kind>
using ChangedRecords =
    std::vector<std::pair<typename Kind::Id, std::optional<typename Kind::Record>>>;

struct Changes : KindTables<ChangedRecords, AllKinds> {
  std::optional<PolicyRecord> policy_record;
  std::shared_ptr<const Policy> policy;  // the compiled form of policy_record
  std::optional<ClockRecord> clock;      // set in every recorded outcome
};

}  // namespace fundgate::core

#endif  // SERVER_CORE_CHANGES_H_
