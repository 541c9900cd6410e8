// From transactions to requests that follow on each other. No I/O but reading back what was
// spilled.
#ifndef SERVER_SIDECAR_FEED_REQUEST_BUILDER_H_
#define SERVER_SIDECAR_FEED_REQUEST_BUILDER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "fundgate/v1/ingest.pb.h"
#include "server/sidecar/feed/source_position.h"
#include "server/sidecar/feed/transaction.h"

namespace fundgate::feed {

// What a request may hold. A gate judges one without a break: 9,000 events take it a quarter of a
// second, for which everybody waits who asks it meanwhile.
struct RequestLimits {
  // A transaction with no more of both goes whole, so that nobody is judged by half of it. One row
  // may exceed them by what it emits, at most 512 events: the contract allows 10000.
  size_t events = 9000;
  size_t bytes = 1 << 20;
  // Several transactions go together up to so many events, and a larger one in such parts.
  size_t events_together = 500;
  size_t events_of_part = 2000;
};

// Many small transactions make one request; a transaction that doesn't fit one makes several, cut
// between rows, of which all but the last advance the position by the rows sent alone.
//
// Thread safety: none.
class RequestBuilder {
 public:
  // `grant` is what GetPosition answered. FAILED_PRECONDITION if its position isn't of this form.
  static absl::StatusOr<RequestBuilder> Create(std::string source, uint64_t mapping_version,
                                               const v1::GetPositionResponse& grant,
                                               PositionForm form, const RequestLimits& limits = {});

  // Moves the transaction into the next request. False if that is full before the transaction is
  // through: Take it, and call again with what is left. The transaction that the
  // position ends with is passed over, and so are the first rows of one of which they were sent.
  // UNAVAILABLE if the events can't be read back; DATA_LOSS if those rows were another
  // transaction's, or if one has events whose number lies before the position's: no position can
  // say whether it was applied.
  absl::StatusOr<bool> Add(Transaction& transaction);

  // What the next request would say. A step of a run that reads tables anew counts as an event.
  bool has_events() const { return request_.events_size() > 0 || request_.has_snapshot(); }
  bool moves() const { return moved_; }

  // The next request, with the probe if there is one. The request after it follows on it.
  v1::IngestRequest Take(std::optional<v1::Probe> probe);

  // After everything that was added.
  const SourcePosition& position() const { return position_; }

 private:
  RequestBuilder(v1::IngestRequest head, SourcePosition position, const RequestLimits& limits);

  absl::StatusOr<bool> AddSnapshot(Transaction& transaction);
  void TakeUndecided(const Transaction& transaction);
  bool IsFull(bool in_parts) const;
  void Begin(const std::string& previous_position);

  RequestLimits limits_;
  v1::IngestRequest head_;  // what all requests have in common
  SourcePosition position_;
  v1::IngestRequest request_;  // being built
  size_t bytes_ = 0;           // of its events
  bool moved_ = false;         // the position, since the last request
};

}  // namespace fundgate::feed

#endif  // SERVER_SIDECAR_FEED_REQUEST_BUILDER_H_
