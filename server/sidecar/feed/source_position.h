// Where a source was read to. No I/O.
#ifndef SERVER_SIDECAR_FEED_SOURCE_POSITION_H_
#define SERVER_SIDECAR_FEED_SOURCE_POSITION_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace fundgate::feed {

// One step of a source along one of its streams: a transaction of a domain, a message of a topic's
// partition. Numbers of a stream only grow; they may leave some out.
struct Step {
  std::string stream;              // "0", a domain; "orders/3", a partition
  uint64_t number = 0;             // the sequence; of a message the offset of the one after it
  std::optional<uint32_t> server;  // who wrote it, in MariaDB alone

  // As the Ingest service writes it: "0-1-42", "orders/3:18".
  std::string ToString() const;

  friend bool operator==(const Step&, const Step&) = default;
};

// A transaction's name in MariaDB: DOMAIN-SERVER-SEQUENCE.
struct Gtid {
  uint32_t domain = 0;
  uint32_t server = 0;
  uint64_t sequence = 0;

  // INVALID_ARGUMENT if it isn't one.
  static absl::StatusOr<Gtid> Parse(std::string_view text);
  std::string ToString() const;
  // NOLINTNEXTLINE(google-explicit-constructor): a GTID is a step
  operator Step() const;

  friend bool operator==(const Gtid&, const Gtid&) = default;
};

// How the steps of a source are written.
enum class PositionForm : uint8_t {
  kGtids,    // DOMAIN-SERVER-SEQUENCE
  kOffsets,  // TOPIC/PARTITION:OFFSET
};

// The newest step of every stream; and where one was too large for one request, how many of its
// rows were sent, so that a sidecar that comes later goes on behind them and no row is applied
// twice.
//
// Its text is a position of the Ingest service: one step a stream, and for each stream that ever
// had such a step an entry "rows.DOMAIN:COUNT", or "TOPIC/PARTITION#rows:COUNT". COUNT never runs
// backwards. Its lowest 32 bits are the rows sent of the next step; the 10 bits above them tell
// which server wrote that one, so that another one in its place (after a failover that lost it) is
// noticed; above are the steps that were sent in parts before.
class SourcePosition {
 public:
  // FAILED_PRECONDITION if an entry is of another form: another kind of feeder was here.
  static absl::StatusOr<SourcePosition> Parse(std::string_view text, PositionForm form);

  PositionForm form() const { return form_; }

  // True if the step is known here.
  bool Covers(const Step& step) const;
  // True if every step that `other` covers is covered here; rows don't matter.
  bool Covers(const SourcePosition& other) const;
  // True if it is the newest of its stream.
  bool IsAt(const Step& step) const;
  bool empty() const { return newest_.empty(); }
  const std::map<std::string, Step>& newest() const { return newest_; }  // by stream

  // The step is complete. It must not be covered.
  void Advance(const Step& step);

  // The first `rows` rows of this step are sent, more than before; the others are not.
  void AdvanceRows(const Step& step, uint32_t rows);

  // How many rows of this step are sent though it isn't covered, usually 0. DATA_LOSS if they were
  // the rows of another one, of which the server knows nothing.
  absl::StatusOr<uint32_t> RowsSent(const Step& step) const;

  std::string ToString() const;
  // The newest steps alone, as a server wants them to start from.
  std::string Steps() const;

 private:
  explicit SourcePosition(PositionForm form) : form_(form) {}

  absl::Status ParseGtid(std::string_view entry);
  bool ParseOffset(std::string_view entry);

  PositionForm form_;
  std::map<std::string, Step> newest_;     // by stream
  std::map<std::string, uint64_t> parts_;  // by stream: the COUNT above
};

}  // namespace fundgate::feed

#endif  // SERVER_SIDECAR_FEED_SOURCE_POSITION_H_
