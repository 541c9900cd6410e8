// A binlog to measure with: what a database writes when a service pays.
#ifndef TESTS_BENCH_PAYMENTS_STREAM_H_
#define TESTS_BENCH_PAYMENTS_STREAM_H_

#include <cstddef>
#include <vector>

#include "tests/decoder/event_builder.h"

namespace fundgate::bench {

// Rows of d.refund: two BIGINT UNSIGNED, DECIMAL(18,4), CHAR(3), ENUM, TIMESTAMP(3), DATETIME(6),
// VARCHAR(32) and JSON as MariaDB keeps it, about 90 bytes each, in events of about 8 kB with a
// CRC32, as servers cut them. The table map has all that binlog_row_metadata=FULL brings.
class PaymentsStream {
 public:
  PaymentsStream();

  static constexpr size_t kEvents = 100;
  static constexpr size_t kRowsOfEvent = 90;
  static constexpr size_t kRows = kEvents * kRowsOfEvent;

  const decoder_testing::EventBytes& format() const { return format_; }
  // Of one transaction, in their order: its name and the table map; rows; the end.
  const std::vector<decoder_testing::EventBytes>& begin() const { return begin_; }
  const std::vector<decoder_testing::EventBytes>& rows() const { return rows_; }
  const decoder_testing::EventBytes& end() const { return end_; }

  // The policy's part that maps the rows: `movements` and `sources`, with source pay_db.
  static const char* Policy();

 private:
  decoder_testing::EventBytes format_;
  std::vector<decoder_testing::EventBytes> begin_;
  std::vector<decoder_testing::EventBytes> rows_;
  decoder_testing::EventBytes end_;
};

}  // namespace fundgate::bench

#endif  // TESTS_BENCH_PAYMENTS_STREAM_H_
