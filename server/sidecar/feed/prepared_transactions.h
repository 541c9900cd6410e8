// XA transactions that were prepared, until their fate is known.
#ifndef SERVER_SIDECAR_FEED_PREPARED_TRANSACTIONS_H_
#define SERVER_SIDECAR_FEED_PREPARED_TRANSACTIONS_H_

#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "fundgate/v1/event.pb.h"
#include "server/sidecar/feed/source_position.h"
#include "server/sidecar/feed/staged_events.h"

namespace fundgate::feed {

struct PreparedTransaction {
  std::string xa_id;  // as binlog::TransactionHead has it
  std::string id;     // of the transaction that prepared it, for people
  Step before;        // SourcePosition::Before() of that one
  absl::Time prepared_at;
  StagedEvents events;
  google::protobuf::Map<std::string, std::string> marks;
  bool has_gap = false;
};

// The oldest one beyond any of them is given up.
struct PreparedLimits {
  size_t transactions = 1024;
  size_t files = 256;  // of transactions whose events don't fit into memory
  // By the source's clock, to the newest transaction: each connection reads all that is behind the
  // oldest one again.
  absl::Duration age = absl::Hours(6);
};

// Thread safety: none.
class PreparedTransactions {
 public:
  explicit PreparedTransactions(const PreparedLimits& limits) : limits_(limits) {}

  // Takes the place of an earlier one of the same name: that one's fate was not seen.
  void Add(PreparedTransaction transaction);

  // Its fate is known. Nothing if it isn't here: it was prepared before reading began, or given up.
  std::optional<PreparedTransaction> Take(std::string_view xa_id);

  // Gives up what exceeds the limits, now that the source is at this time; says what it was.
  std::vector<PreparedTransaction> GiveUp(absl::Time now);

  // What SourcePosition::SetUndecided() wants: of each stream the step before the oldest.
  std::vector<Step> Before() const;

 private:
  bool IsBeyond(absl::Time now) const;

  const PreparedLimits limits_;
  std::list<PreparedTransaction> transactions_;  // oldest first
};

}  // namespace fundgate::feed

#endif  // SERVER_SIDECAR_FEED_PREPARED_TRANSACTIONS_H_
