#include "server/core/changes.h"

namespace fundgate::core {

Changes::Changes(const Changes& other)
    : policy_record(other.policy_record), policy(other.policy), clock(other.clock) {
  if (other.records_ == nullptr) return;
  auto records = std::make_unique<DraftRecords>();
  AllKinds::ForEach([&records, &other]<typename Kind>(Kind) {
    for (const auto& [id, record] : other.of<Kind>()) {
      if (record.has_value()) {
        records->tables.of<Kind>().Put(records->memory, id, *record);
      } else {
        records->tables.of<Kind>().Erase(records->memory, id);
      }
    }
  });
  Take(std::move(records));
}

void Changes::Take(std::unique_ptr<DraftRecords> records) {
  AllKinds::ForEach([&records]<typename Kind>(Kind) { records->tables.of<Kind>().Settle(); });
  records_ = std::move(records);
}

}  // namespace fundgate::core
