// Stores with the state of years, made in minutes: tables are written in order and handed to
// RocksDB whole, instead of judging what led to them.
//
// What is filled is the state. Of the journal there is only what comes after it: a gate would have
// cut off nothing that a key's decision stands in, so the decisions of filled keys can't be
// explained. Checks, events, the forgetting of keys and everything else are as with any other.
#ifndef TESTS_BENCH_SCALE_FILL_H_
#define TESTS_BENCH_SCALE_FILL_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tests/bench/scale/history.h"

namespace fundgate::bench {

// What a filled folder says of itself, in its file `population`.
struct Filled {
  uint64_t orders = 0;
  uint64_t keys_of_order = 0;
  uint64_t accounts = 0;
  uint64_t overdue_orders = 0;  // behind the others; their keys were to be forgotten at once
};

absl::StatusOr<Filled> ReadFilled(const std::string& directory);

// How it goes: records made, of how many.
using FillProgress = std::function<void(uint64_t done, uint64_t total)>;

// What filling takes on disk, found out by making a small part of it in `directory`.
absl::StatusOr<uint64_t> BytesNeeded(const std::string& directory, const Timeline& timeline);

// A new store in which the keys of the timeline stand; none of them is due before `now` plus some
// weeks, and none was changed within a week, if the timeline is RecentTimeline's.
absl::Status Fill(const std::string& directory, const Timeline& timeline, absl::Time now,
                  const FillProgress& progress);
Timeline RecentTimeline(uint64_t orders, uint64_t keys_of_order, absl::Time now);

// Adds orders to a filled store, all of whose keys are to be forgotten at once.
absl::Status AddOverdue(const std::string& directory, uint64_t orders, absl::Time now,
                        const FillProgress& progress);

// Has RocksDB compact everything. The bytes of each table before and after.
struct TableSize {
  std::string name;
  uint64_t before = 0;
  uint64_t after = 0;
};
absl::StatusOr<std::vector<TableSize>> Compact(const std::string& directory);

}  // namespace fundgate::bench

#endif  // TESTS_BENCH_SCALE_FILL_H_
