// Where a MariaDB source was read to. No I/O.
#ifndef SERVER_SIDECAR_FEED_SOURCE_POSITION_H_
#define SERVER_SIDECAR_FEED_SOURCE_POSITION_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace fundgate::feed {

// A transaction's name in MariaDB: DOMAIN-SERVER-SEQUENCE.
struct Gtid {
  uint32_t domain = 0;
  uint32_t server = 0;
  uint64_t sequence = 0;

  // INVALID_ARGUMENT if it isn't one.
  static absl::StatusOr<Gtid> Parse(std::string_view text);
  std::string ToString() const;

  friend bool operator==(const Gtid&, const Gtid&) = default;
};

// The newest transaction of every domain; and where a transaction was too large for one request,
// how many of its rows were sent, so that a sidecar that comes later goes on behind them and no row
// is applied twice.
//
// Its text is a position of the Ingest service: one GTID a domain, and for each domain that ever
// had such a transaction an entry "rows.DOMAIN:COUNT". COUNT never runs backwards. Its lowest 32
// bits are the rows sent of the next transaction; the 10 bits above them tell which server wrote
// that one, so that another one in its place (after a failover that lost it) is noticed; above are
// the transactions that were sent in parts before.
class SourcePosition {
 public:
  // FAILED_PRECONDITION if an entry is neither of the two: another kind of feeder was here.
  static absl::StatusOr<SourcePosition> Parse(std::string_view text);

  // True if the transaction is known here.
  bool Covers(const Gtid& gtid) const;
  // True if every transaction that `other` covers is covered here; rows don't matter.
  bool Covers(const SourcePosition& other) const;
  // True if it is the newest of its domain.
  bool IsAt(const Gtid& gtid) const;
  bool empty() const { return newest_.empty(); }

  // The transaction is complete. It must not be covered.
  void Advance(const Gtid& gtid);

  // The first `rows` rows of this transaction are sent, more than before; the others are not.
  void AdvanceRows(const Gtid& gtid, uint32_t rows);

  // How many rows of this transaction are sent though it isn't covered, usually 0. DATA_LOSS if
  // they were the rows of another one, of which the server knows nothing.
  absl::StatusOr<uint32_t> RowsSent(const Gtid& gtid) const;

  std::string ToString() const;
  // The GTIDs alone, as a server wants them to start from.
  std::string Gtids() const;

 private:
  std::map<uint32_t, Gtid> newest_;     // by domain
  std::map<uint32_t, uint64_t> parts_;  // by domain: the COUNT above
};

}  // namespace fundgate::feed

#endif  // SERVER_SIDECAR_FEED_SOURCE_POSITION_H_
