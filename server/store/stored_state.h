// The state as the machine sees it: what is in RocksDB, with the group at hand on top.
#ifndef SERVER_STORE_STORED_STATE_H_
#define SERVER_STORE_STORED_STATE_H_

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "server/core/state.h"
#include "server/store/database.h"
#include "server/store/store.h"

namespace fundgate::store {

// Reads the resident records, as of `options`' snapshot. Policies are compiled again.
absl::StatusOr<core::Resident> LoadResident(const Database& database,
                                            const PolicyCompiler& compile_policy,
                                            const rocksdb::ReadOptions& options = {});

// Used by the writer's thread alone.
class StoredState final : public core::StateReader {
 public:
  // `database` must outlive the state.
  StoredState(const Database& database, core::Resident resident)
      : database_(database), resident_(std::move(resident)) {}

  const core::Resident& resident() const override { return resident_; }
  std::optional<core::Book> FindBook(const core::BookId& id) const override;
  std::optional<core::Family> FindFamily(const core::FamilyId& id) const override;
  std::optional<core::KeyRecord> FindKey(const core::KeyId& id) const override;
  std::optional<core::Violation> FindViolation(const std::string& id) const override;
  std::optional<core::Group> FindGroup(const std::string& id) const override;
  std::vector<core::Timer> DueTimers(absl::Time time, size_t limit) const override;
  absl::Status status() const override { return status_; }

  // Shows changes that are not in RocksDB yet.
  void Absorb(const core::Changes& changes);

  // They are now: only RocksDB is asked again.
  void ForgetGroup();

 private:
  template <typename Id, typename Record>
  using Overlay = absl::flat_hash_map<Id, std::optional<Record>>;

  template <typename Id, typename Record>
  std::optional<Record> Find(const Overlay<Id, Record>& overlay, const Id& id, Table table,
                             const std::string& key) const;

  const Database& database_;
  core::Resident resident_;
  Overlay<core::BookId, core::Book> books_;
  Overlay<core::FamilyId, core::Family> families_;
  Overlay<core::KeyId, core::KeyRecord> keys_;
  Overlay<std::string, core::Violation> violations_;
  Overlay<std::string, core::Group> groups_;
  std::set<core::Timer> timers_added_;
  std::set<core::Timer> timers_removed_;
  mutable absl::Status status_;  // of the first read that failed
};

}  // namespace fundgate::store

#endif  // SERVER_STORE_STORED_STATE_H_
