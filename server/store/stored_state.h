// The state as the machine sees it: what is in RocksDB, with the groups on top that aren't yet.
#ifndef SERVER_STORE_STORED_STATE_H_
#define SERVER_STORE_STORED_STATE_H_

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "server/core/state.h"
#include "server/store/database.h"
#include "server/store/kept_records.h"
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
  StoredState(const Database& database, core::Resident resident, size_t most_kept_bytes)
      : database_(database), resident_(std::move(resident)), most_kept_bytes_(most_kept_bytes) {}

  const core::Resident& resident() const override { return resident_; }
  absl::Status status() const override { return status_; }

  // Shows changes that are not in RocksDB yet; those of kinds that aren't kept by Note() alone.
  void Absorb(const core::Changes& changes);

  // Shows one record of a kind that isn't kept as it will be in RocksDB; nothing: it goes. Most are
  // not asked for before they are there: bytes are a tenth of the work of a copy.
  template <typename Kind>
  void Note(const typename Kind::Id& id, std::optional<std::string_view> bytes) {
    static_assert(!KeptKinds::kHas<Kind>);
    std::optional<std::string>& noted = newer_.of<Kind>()[id];
    if (bytes.has_value()) {
      noted.emplace(*bytes);
    } else {
      noted.reset();
    }
  }

  // The group that ends here, and that newest one which is in RocksDB by now: what such groups have
  // changed is forgotten some time.
  void EndGroup(uint64_t ended, uint64_t written);

 private:
  template <typename Kind>
  using Overlay = absl::flat_hash_map<typename Kind::Id, std::optional<std::string>>;

  // As it will be in RocksDB, of a kind that isn't kept; null: it is there as it will be.
  template <typename Kind>
  const std::optional<std::string>* Noted(const typename Kind::Id& id) const;
  // Calls `visit(id, there)` for all that Note() was told of and may not be in RocksDB yet.
  template <typename Kind, typename Visit>
  void ForEachNoted(const Visit& visit) const;

  void Answer(const core::AnyLookup& lookup) const override;
  void Answer(const core::AnyDueLookup& lookup) const override;
  void Answer(const core::KeysLookup& lookup) const override;
  template <typename Kind>
  std::optional<typename Kind::Record> Stored(const typename Kind::Id& id) const;
  // Where the entries of a queue's lane begin. What was taken from there is gone, but RocksDB would
  // walk over all of it again at every look.
  template <typename Kind>
  struct Beginning {
    typename Kind::Id lane;                  // as it is asked for
    std::optional<typename Kind::Id> first;  // none is before it; nothing: there are none at all
  };
  template <typename Kind>
  using Beginnings = std::vector<Beginning<Kind>>;

  template <typename Kind>
  Beginning<Kind>& BeginningOf(const typename Kind::Id& lane) const;
  template <typename Kind>
  void Lower(const typename Kind::Id& id) const;
  template <typename Kind>
  std::optional<typename Kind::Record> Decoded(std::string_view bytes) const;
  template <typename Kind>
  void StoredDue(const core::DueLookup<Kind>& asked, std::set<typename Kind::Id>& due) const;

  const Database& database_;
  core::Resident resident_;
  // Of these kinds: as they were read or written last. Of the others: what may not be in RocksDB
  // yet, in two generations, of which the older goes once it is.
  mutable core::KindTables<KeptRecords, KeptKinds> kept_;
  core::KindTables<Overlay, core::StoredKinds> newer_;
  core::KindTables<Overlay, core::StoredKinds> older_;
  uint64_t older_ended_ = 0;  // the newest group with something in `older_`
  uint64_t kept_aged_ = 0;    // the newest group with something in the older of the kept records
  // Of the lanes that were asked for from their very beginning.
  mutable core::KindTables<Beginnings, core::QueueKinds> beginnings_;
  const size_t most_kept_bytes_;
  mutable absl::Status status_;  // of the first read that failed
};

}  // namespace fundgate::store

#endif  // SERVER_STORE_STORED_STATE_H_
