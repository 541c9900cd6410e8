// A listener that holds a reader of binlogs to what transaction.h and value.h promise.
#ifndef TESTS_FUZZ_STREAM_PROMISES_H_
#define TESTS_FUZZ_STREAM_PROMISES_H_

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "server/sidecar/binlog/transaction.h"

namespace fundgate::fuzz {

// Ends the process where a call is out of order or brings something that a caller may rely not to
// come. Reads every byte that it is shown, so that the sanitizers see what lies nowhere.
class StreamPromises : public binlog::TransactionListener {
 public:
  StreamPromises();

  absl::Status OnBegin(const binlog::TransactionHead& head) override;
  absl::Status OnRow(const binlog::RowChange& row) override;
  absl::Status OnStatement(std::string_view database, std::string_view sql) override;
  absl::Status OnUnreadable(const binlog::Unreadable& unreadable) override;
  absl::Status OnEnd(binlog::TransactionEnd end) override;

  bool open() const { return open_; }
  uint64_t rows() const { return rows_; }
  uint64_t unreadable() const { return unreadable_; }

 private:
  bool open_ = false;
  bool any_row_ = false;
  uint32_t last_index_ = 0;
  uint64_t rows_ = 0;
  uint64_t unreadable_ = 0;
};

}  // namespace fundgate::fuzz

#endif  // TESTS_FUZZ_STREAM_PROMISES_H_
