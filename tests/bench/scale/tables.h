// The tables of a filled store, cut into files that are made apart from each other.
#ifndef TESTS_BENCH_SCALE_TABLES_H_
#define TESTS_BENCH_SCALE_TABLES_H_

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "server/store/database.h"
#include "tests/bench/scale/filled_records.h"

namespace fundgate::bench {

// A piece of one table: records in the order of their keys.
struct Piece {
  enum class Of { kPayments, kRefunds, kTimers, kBooks, kFamilies };
  static constexpr Of kAll[] = {Of::kPayments, Of::kRefunds, Of::kTimers, Of::kBooks,
                                Of::kFamilies};

  Of of = Of::kPayments;
  uint64_t begin = 0;  // places among those that sort alike; of books and families: accounts
  uint64_t end = 0;
};

store::Table TableOf(Piece::Of of);
uint64_t RecordsOf(Piece::Of of, const Population& population);

// All that is to be filled, each with at most about so many records.
std::vector<Piece> PiecesOf(const Population& population, uint64_t most_records);

// Accounts by their names: the order in which books sort.
std::vector<uint64_t> SortedAccounts(uint64_t accounts);

// One thread.
class PieceWriter {
 public:
  // `accounts` are SortedAccounts. All must outlive the writer. `done` counts records.
  PieceWriter(store::Database& database, const std::vector<uint64_t>& accounts,
              FilledRecords records, std::atomic<uint64_t>& done)
      : database_(database), accounts_(accounts), records_(std::move(records)), done_(done) {}

  // Makes a file that the piece's table can take in. How many records it has, and its bytes.
  struct Written {
    uint64_t records = 0;
    uint64_t bytes = 0;
  };
  absl::StatusOr<Written> Write(const Piece& piece, const std::string& path);

 private:
  template <typename Put>
  void ForEach(const Piece& piece, const Put& put);
  template <typename Put>
  void ForEachOrder(const Piece& piece, const Put& put);

  store::Database& database_;
  const std::vector<uint64_t>& accounts_;
  FilledRecords records_;
  std::atomic<uint64_t>& done_;
  std::string bytes_;
};

}  // namespace fundgate::bench

#endif  // TESTS_BENCH_SCALE_TABLES_H_
