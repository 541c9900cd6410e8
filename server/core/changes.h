// The difference that one input makes to the state, as whole new values of records.
#ifndef SERVER_CORE_CHANGES_H_
#define SERVER_CORE_CHANGES_H_

#include <array>
#include <cstddef>
#include <memory>
#include <memory_resource>
#include <optional>
#include <utility>

#include "server/core/changed_records.h"
#include "server/core/draft_table.h"
#include "server/core/record_kinds.h"
#include "server/core/records.h"

namespace fundgate::core {

// The records that an input has read and changed, in one piece of memory: those of a check cost one
// allocation, lie where they are until the answer is out, are passed on by one pointer and are
// given back at once, often by another thread.
struct DraftRecords {
  // Enough for a check of one order; more comes from the heap.
  static constexpr size_t kFirstMemory = 3584;

  // Its own, so that `first_memory` is not initialised.
  DraftRecords() {}  // NOLINT(modernize-use-equals-default,cppcoreguidelines-pro-type-member-init)

  alignas(std::max_align_t) std::array<std::byte, kFirstMemory> first_memory;
  std::pmr::monotonic_buffer_resource memory{first_memory.data(), first_memory.size()};
  KindTables<DraftTable, AllKinds> tables;
};

// Changed records of every kind, and the rest. What is moved from is without records.
class Changes {
 public:
  Changes() = default;
  Changes(const Changes& other);
  Changes(Changes&&) = default;
  Changes& operator=(const Changes& other) { return *this = Changes(other); }
  Changes& operator=(Changes&&) = default;
  ~Changes() = default;

  // Valid until this is changed, moved or destroyed.
  template <typename Kind>
  ChangedRecords<Kind> of() const {
    return records_ == nullptr ? ChangedRecords<Kind>() : records_->tables.of<Kind>().settled();
  }

  // Adds a record, or, where it is nothing, that it goes. For whoever has no draft to take from,
  // and has few: each call makes the list of its kind anew.
  template <typename Kind>
  void Put(typename Kind::Id id, std::optional<typename Kind::Record> record) {
    if (records_ == nullptr) records_ = std::make_unique<DraftRecords>();
    DraftTable<Kind>& table = records_->tables.template of<Kind>();
    if (record.has_value()) {
      table.Put(records_->memory, std::move(id), *std::move(record));
    } else {
      table.Erase(records_->memory, id);
    }
    table.Settle();
  }

  // All that a draft has changed; there must have been nothing here.
  void Take(std::unique_ptr<DraftRecords> records);

  std::optional<PolicyRecord> policy_record;
  std::shared_ptr<const Policy> policy;  // the compiled form of policy_record
  std::optional<ClockRecord> clock;      // set in every recorded outcome

 private:
  std::unique_ptr<DraftRecords> records_;  // null: none; settled
};

}  // namespace fundgate::core

#endif  // SERVER_CORE_CHANGES_H_
