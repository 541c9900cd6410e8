// Records that were read or written last, so that RocksDB needn't be asked for them again.
#ifndef SERVER_STORE_KEPT_RECORDS_H_
#define SERVER_STORE_KEPT_RECORDS_H_

#include <cstddef>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "server/core/record_kinds.h"

namespace fundgate::store {

// The kinds that checks read and write again and again, under the same ids. Keys are not among
// them: most of them are new.
using KeptKinds = core::KindList<core::Books, core::Families, core::Windows, core::RulesSeen>;

// What a record of a kept kind takes beside its own size, about.
inline size_t BytesBehind(const core::Book& book) {
  return book.counters.capacity() * sizeof(core::Counter);
}
inline size_t BytesBehind(const core::Family& /*family*/) { return 0; }
inline size_t BytesBehind(const core::Window& window) {
  const size_t buckets =
      window.buckets.capacity() > core::kInlineBuckets ? window.buckets.capacity() : 0;
  return buckets * sizeof(core::WindowBucket) +
         window.values.capacity() * sizeof(core::WindowValue) +
         window.hours.capacity() * sizeof(core::WindowHour);
}
inline size_t BytesBehind(const core::RuleStatistics& statistics) {
  return statistics.error.capacity();
}

// In two generations: what was asked for since the last call of Age(), and what was before. Used by
// one thread.
template <typename Kind>
class KeptRecords {
 public:
  using Id = typename Kind::Id;
  using Record = typename Kind::Record;

  // The record, or nothing if there is none. `load` reads one that isn't kept: () ->
  // std::optional<Record>. The reference is valid until the next call.
  template <typename Load>
  const std::optional<Record>& Find(const Id& id, const Load& load) {
    const auto newer = newer_.find(id);
    if (newer != newer_.end()) return newer->second;
    if (auto older = older_.extract(id)) {
      newer_bytes_ += BytesOf(older.mapped());
      return newer_.insert(std::move(older)).position->second;
    }
    const std::optional<Record>& loaded = newer_.emplace(id, load()).first->second;
    newer_bytes_ += BytesOf(loaded);
    return loaded;
  }

  // The record as it is from now on; nothing: it is gone.
  void Put(const Id& id, const std::optional<Record>& record) {
    auto [entry, is_new] = newer_.try_emplace(id, record);
    if (is_new) {
      older_.erase(id);
    } else {
      newer_bytes_ -= BytesOf(entry->second);
      entry->second = record;
    }
    newer_bytes_ += BytesOf(entry->second);
  }

  // About what was asked for since the last call of Age().
  size_t newer_bytes() const { return newer_bytes_; }

  // Forgets what nobody has asked for since the last call: nothing that was put before that call
  // may be missing from RocksDB.
  void Age() {
    older_ = std::exchange(newer_, {});
    newer_bytes_ = 0;
  }

 private:
  using Map = absl::flat_hash_map<Id, std::optional<Record>>;

  // With an eighth of empty places, and names that don't fit into their ids.
  static size_t BytesOf(const std::optional<Record>& record) {
    constexpr size_t kNames = 64;
    return sizeof(typename Map::value_type) * 9 / 8 + kNames +
           (record.has_value() ? BytesBehind(*record) : 0);
  }

  Map newer_;
  Map older_;
  size_t newer_bytes_ = 0;
};

}  // namespace fundgate::store

#endif  // SERVER_STORE_KEPT_RECORDS_H_
