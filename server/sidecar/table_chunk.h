// Rows of a table as they stand, as many as are read at once, and who wants them.
#ifndef SERVER_SIDECAR_TABLE_CHUNK_H_
#define SERVER_SIDECAR_TABLE_CHUNK_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "server/sidecar/binlog/table.h"
#include "server/sidecar/binlog/value.h"

namespace fundgate::sidecar {

// A part of a table, in the order of its primary key.
struct TableChunk {
  // A row's columns as text, nothing for NULL.
  using Row = std::vector<std::optional<std::string>>;

  binlog::Table definition;
  std::vector<Row> rows;
  std::vector<std::string> cursors;  // where the table goes on behind each of the rows
  size_t bytes = 0;                  // that the rows take, about
  uint64_t expected_rows = 0;        // of the whole table, as the database guesses
  bool is_last = false;              // the table has no more

  // What the row is to a mapper: exactly what a binlog would tell of it. Valid until the next call.
  std::function<std::span<const binlog::Value>(const Row& row)> values_of;
};

struct TableTask {
  std::string table;   // "pay.refund"
  std::string cursor;  // behind which row; empty: from the beginning
  size_t rows = 0;     // at most
  size_t bytes = 0;    // no row more once they take so many
};

// Who wants tables to be read while a source is followed. Used by the thread that reads the source.
class TableReading {
 public:
  virtual ~TableReading() = default;

  // What to read now, or nothing: it isn't time yet, or all is read.
  virtual std::optional<TableTask> Next() = 0;

  // Takes the rows that the task asked for, as they stood exactly where the source is now. Its
  // failure ends the reading of the source.
  virtual absl::Status Take(const TableTask& task, const TableChunk& chunk) = 0;

  // The task can't be done before somebody has set something right; the source can be followed on.
  virtual absl::Status GiveUp(const TableTask& task, const absl::Status& why) = 0;
};

}  // namespace fundgate::sidecar

#endif  // SERVER_SIDECAR_TABLE_CHUNK_H_
