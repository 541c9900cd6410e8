// The columns that expressions read, as their frame.
#ifndef SERVER_SIDECAR_MAPPING_ROW_FRAME_H_
#define SERVER_SIDECAR_MAPPING_ROW_FRAME_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "server/expression/environment.h"
#include "server/expression/program.h"
#include "server/expression/scratch.h"
#include "server/expression/value.h"
#include "server/sidecar/binlog/table.h"
#include "server/sidecar/binlog/value.h"

namespace fundgate::mapping {

// What a column is to an expression. Whole numbers are int as long as they fit, else uint; FLOAT
// and DOUBLE are double; DECIMAL (all its digits), text, the labels of ENUM and SET, dates and
// times are string; NULL is null, an absent column absent. BOOLEAN is TINYINT(1) and arrives as
// int: write `row.flag != 0`. Bytes are an error: nobody says what they mean.
expression::Value ToExpression(const binlog::Value& value);

// Columns by slot. Reused from row to row. Used by one thread.
class RowFrame {
 public:
  // For the programs compiled in `environment`, whose slots are paths such as "row.amount".
  explicit RowFrame(const expression::Environment& environment);

  // The columns that are read, by slot.
  const std::vector<std::string>& columns() const { return columns_; }

  // Finds the columns by their names, as SQL compares them: without regard to the case of ASCII
  // letters. FAILED_PRECONDITION naming the first that is missing; the frame is of no use then.
  absl::Status Bind(const binlog::Table& table);

  // Takes over the image of a row of the bound table. Values view it.
  void Fill(std::span<const binlog::Value> image);
  std::span<const expression::Value> values() const { return values_; }
  // What the program makes of the row. Text that it builds stays until the next Fill().
  expression::Value Evaluate(const expression::Program& program) {
    return program.Evaluate(values_, scratch_);
  }

  // Whether the image lacks a column that is read.
  bool Lacks(std::span<const binlog::Value> image) const;
  // Whether a column that is read holds something else in the one than in the other.
  bool Differ(std::span<const binlog::Value> a, std::span<const binlog::Value> b) const;

  // The columns that the program reads, with what is wrong with those of the image filled in last:
  // "column amount is NULL", "column status is not in the row's image", "column amount".
  std::string Describe(const expression::Program& program) const;

 private:
  std::vector<std::string> columns_;  // by slot
  std::vector<uint32_t> indexes_;     // by slot
  std::vector<expression::Value> values_;
  expression::Scratch scratch_;
};

}  // namespace fundgate::mapping

#endif  // SERVER_SIDECAR_MAPPING_ROW_FRAME_H_
