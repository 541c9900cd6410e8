// From what a binlog tells to transactions that can be sent.
#ifndef SERVER_SIDECAR_FEED_STAGER_H_
#define SERVER_SIDECAR_FEED_STAGER_H_

#include <cstddef>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "server/sidecar/binlog/transaction.h"
#include "server/sidecar/feed/counters.h"
#include "server/sidecar/feed/transaction.h"
#include "server/sidecar/log.h"
#include "server/sidecar/mapping/row_mapper.h"

namespace fundgate::feed {

struct StagerOptions {
  size_t memory_bytes_max = 4 << 20;  // of one transaction's events; the others go to a file
  std::string spill_folder = "/tmp";
};

// Keeps a transaction's events until it has ended: a stream that is cut in the middle of one leaves
// nothing behind. What was rolled back is dropped; what can't be read is a gap, an ERROR in the log
// and counted.
//
// Thread safety: used by one thread, which the sink is called on.
class Stager final : public binlog::TransactionListener {
 public:
  // Takes each transaction once it has ended, also without events. Its failure ends the reading.
  using Sink = std::function<absl::Status(Transaction transaction)>;

  // All but the sink are the caller's and must live longer.
  Stager(mapping::RowMapper& mapper, StagerOptions options, const sidecar::Log& log,
         Counters& counters, Sink sink);

  absl::Status OnBegin(const binlog::TransactionHead& head) override;
  absl::Status OnRow(const binlog::RowChange& row) override;
  absl::Status OnStatement(std::string_view database, std::string_view sql) override;
  absl::Status OnUnreadable(const binlog::Unreadable& unreadable) override;
  absl::Status OnEnd(binlog::TransactionEnd end) override;

 private:
  absl::Status Keep();
  void Tell(const v1::Gap& gap) const;

  mapping::RowMapper& mapper_;
  const StagerOptions options_;
  const sidecar::Log& log_;
  Counters& counters_;
  const Sink sink_;

  std::optional<Transaction> transaction_;  // begun and not ended
  std::vector<v1::Event> appended_;         // by the newest row
  std::set<std::string> kinds_unreadable_;  // in this transaction, as a whole
  uint64_t gaps_ = 0;                       // in this transaction
};

}  // namespace fundgate::feed

#endif  // SERVER_SIDECAR_FEED_STAGER_H_
