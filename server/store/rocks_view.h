// A view over a snapshot of RocksDB.
#ifndef SERVER_STORE_ROCKS_VIEW_H_
#define SERVER_STORE_ROCKS_VIEW_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/store/database.h"
#include "server/store/view.h"

namespace fundgate::store {

class RocksView final : public View {
 public:
  // `snapshot` may be null: then it shows the database as it is, for one opened read-only.
  RocksView(std::shared_ptr<Database> database, const rocksdb::Snapshot* snapshot,
            core::Resident resident);
  ~RocksView() override;
  RocksView(const RocksView&) = delete;
  RocksView& operator=(const RocksView&) = delete;

  const core::Resident& resident() const override { return resident_; }
  absl::StatusOr<core::PolicyRecord> GetPolicy(uint64_t version) const override;
  absl::StatusOr<JournalEntry> GetJournalEntry(Sequence sequence) const override;
  absl::StatusOr<std::vector<core::PolicyRecord>> ListPolicies() const override;
  absl::StatusOr<JournalCut> GetJournalCut() const override;
  absl::Status ScanJournal(Sequence first,
                           const std::function<bool(const JournalEntry&)>& visit) const override;
  absl::StatusOr<std::vector<core::Violation>> ListViolations(size_t limit) const override;
  absl::StatusOr<std::vector<core::Group>> ListGroups(size_t limit) const override;
  absl::StatusOr<std::vector<BreakerChange>> ListBreakerChanges(
      const std::string& scope, const std::optional<core::BreakerChangeId>& last,
      size_t limit) const override;
  absl::Status ScanHolds(core::HoldState state, const std::optional<core::HoldEntry>& after,
                         const std::function<bool(const core::HoldEntry&)>& visit) const override;
  absl::Status ScanBooks(
      const AccountId& account,
      const std::function<bool(const core::BookId&, const core::Book&)>& visit) const override;

  absl::Status ScanTimers(absl::Time until,
                          const std::function<bool(const core::Timer&)>& visit) const override;

 private:
  absl::Status Answer(const core::AnyLookup& lookup) const override;
  template <typename Kind>
  absl::StatusOr<std::vector<typename Kind::Record>> NewestOf(size_t limit) const;
  rocksdb::ReadOptions AtSnapshot() const;

  const std::shared_ptr<Database> database_;
  const rocksdb::Snapshot* const snapshot_;
  const core::Resident resident_;
};

}  // namespace fundgate::store

#endif  // SERVER_STORE_ROCKS_VIEW_H_
