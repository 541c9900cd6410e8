// From what a source tells to transactions that can be sent.
#ifndef SERVER_SIDECAR_FEED_STAGER_H_
#define SERVER_SIDECAR_FEED_STAGER_H_

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/sidecar/binlog/transaction.h"
#include "server/sidecar/feed/counters.h"
#include "server/sidecar/feed/prepared_transactions.h"
#include "server/sidecar/feed/read_again.h"
#include "server/sidecar/feed/source_position.h"
#include "server/sidecar/feed/transaction.h"
#include "server/sidecar/log.h"
#include "server/sidecar/mapping/row_mapper.h"

namespace fundgate::feed {

struct StagerOptions {
  // Where the source is: what comes is from SourcePosition::ReadFrom() on. Nothing: the beginning
  // of a MariaDB.
  std::optional<SourcePosition> position;
  // Where the transaction stands in its source; asked at its beginning, and once more at its end if
  // positions are places in files, of which a transaction's is its end. Default: its id is a GTID.
  std::function<absl::StatusOr<Step>(const binlog::TransactionHead& head)> step_of;
  size_t memory_bytes_max = 4 << 20;  // of one transaction's events; the others go to a file
  std::string spill_folder = "/tmp";
  // A transaction with a gap isn't handed on: OnEnd fails with FAILED_PRECONDITION.
  bool stops_at_gap = false;
  // True: something that can't be read stands behind the newest transaction and has no place of its
  // own, so that it can only be told with the next one; until then nothing of the source is proven.
  // False: it was handed on. Default: nobody wants to know.
  std::function<void(bool waits)> on_untold;
  PreparedLimits prepared;
};

// Keeps a transaction's events until it has ended: a stream that is cut in the middle of one leaves
// nothing behind. What was rolled back is dropped; of a transaction that a crash of the server cut
// off nothing is told, not even that it was read, since another one gets its name. What can't be
// read is a gap, an ERROR in the log (the first ten of a transaction) and counted, also in a
// transaction that was rolled back: not every table can do that.
//
// What can't be read between two transactions is told with the next one, if positions are GTIDs: a
// sidecar that connects again before that reads it again.
//
// The events of a prepared XA transaction are kept beyond its end: its XA COMMIT hands them on, its
// XA ROLLBACK drops them. An XA COMMIT of one that isn't kept, since it was prepared before reading
// began or was given up (see PreparedLimits), is a gap of everything.
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
  void Tell(const v1::Gap& gap);
  void Keep(Transaction& transaction);
  absl::Status TakeCommitted(Transaction& transaction);
  void GiveUpOld(absl::Time now);
  bool HasPlace() const;
  absl::Status CheckMayGoOn() const;
  absl::Status KeepUntold();
  absl::Status AppendUnreadable(Transaction& transaction);
  google::protobuf::Map<std::string, std::string> Marks() const;
  absl::Status Remember(Transaction transaction, binlog::TransactionEnd end);

  mapping::RowMapper& mapper_;
  const StagerOptions options_;
  const sidecar::Log& log_;
  Counters& counters_;
  const Sink sink_;

  ReadAgain again_;
  SourcePosition read_;  // up to the transaction before
  PreparedTransactions prepared_;
  bool undecided_changed_;  // since the position was told of them

  binlog::TransactionHead head_;            // of the transaction
  bool was_told_ = false;                   // it was, by an earlier session
  std::optional<Transaction> transaction_;  // begun and not ended
  std::vector<v1::Event> appended_;         // by the newest row
  // Of this transaction what isn't a row, one gap a kind: it may have a million statements.
  std::map<std::string, v1::Event> unreadable_;
  std::map<std::string, v1::Event> untold_;  // of what stood between this and the one before
  uint64_t gaps_ = 0;                        // of this transaction
  bool has_row_gap_ = false;
};

}  // namespace fundgate::feed

#endif  // SERVER_SIDECAR_FEED_STAGER_H_
