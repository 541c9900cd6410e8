// Decoding as work to measure: a reader, and what is done with its rows.
#ifndef TESTS_BENCH_DECODING_H_
#define TESTS_BENCH_DECODING_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "fundgate/v1/event.pb.h"
#include "server/sidecar/binlog/reader.h"
#include "server/sidecar/mapping/row_mapper.h"
#include "tests/bench/payments_stream.h"

namespace fundgate::bench {

class Decoding : public binlog::TransactionListener {
 public:
  enum class Work : uint8_t {
    kSkip,    // nobody wants the table: rows are walked over
    kDecode,  // rows are told
    kMap,     // and become events, as a gate is sent them
  };

  // `stream` lives longer.
  Decoding(const PaymentsStream& stream, Work work);

  // Reads one transaction, in which the stream's rows come `times` times.
  void ReadTransaction(size_t times = 1);

  uint64_t rows() const { return rows_; }
  // The first thing that went wrong; empty: nothing.
  const std::string& error() const { return error_; }

  absl::Status OnBegin(const binlog::TransactionHead& head) override;
  absl::Status OnRow(const binlog::RowChange& row) override;
  absl::Status OnStatement(std::string_view database, std::string_view sql) override;
  absl::Status OnUnreadable(const binlog::Unreadable& unreadable) override;
  absl::Status OnEnd(binlog::TransactionEnd end) override;

 private:
  void Apply(const decoder_testing::EventBytes& event);

  const PaymentsStream& stream_;
  Work work_;
  std::unique_ptr<mapping::RowMapper> mapper_;
  binlog::Reader reader_;
  std::vector<v1::Event> events_;
  uint64_t rows_ = 0;
  std::string error_;
};

}  // namespace fundgate::bench

#endif  // TESTS_BENCH_DECODING_H_
