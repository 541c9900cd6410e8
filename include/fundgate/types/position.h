// How far a source was read.
#ifndef FUNDGATE_TYPES_POSITION_H_
#define FUNDGATE_TYPES_POSITION_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/statusor.h"

namespace fundgate {

// A vector position: one entry per stream of the source, each with what was read of that stream.
//
// Text form: entries separated by commas, in any order, each of
//   DOMAIN-SERVER-SEQUENCE       MariaDB GTID. Covers every sequence up to SEQUENCE of DOMAIN.
//   UUID:1-5:7-9, UUID:tag:1-3   MySQL GTID set. Covers just the intervals; a tag has its own.
//   NAME:OFFSET                  a log file or topic partition. Covers every offset up to OFFSET.
// The empty text is the position before everything. `ToString` is canonical: entries sorted by
// stream, intervals merged. Sources: MariaDB "Global Transaction ID", MySQL "GTID Sets".
class Position {
 public:
  Position() = default;

  // INVALID_ARGUMENT naming the entry that can't be read, or a stream that stands there twice.
  static absl::StatusOr<Position> Parse(std::string_view text);

  std::string ToString() const;

  bool empty() const { return streams_.empty(); }

  // True if everything `other` covers is covered here too. Every position covers the empty one.
  bool Covers(const Position& other) const;

  friend bool operator==(const Position&, const Position&) = default;

 private:
  enum class Kind { kMariadbGtid, kMysqlGtidSet, kOffset };
  struct Stream {
    Kind kind = Kind::kOffset;
    std::string server;  // MariaDB only: the server id of the last transaction; not compared
    std::vector<std::pair<uint64_t, uint64_t>> intervals;  // closed, sorted, disjoint, not adjacent

    bool Covers(const Stream& other) const;
    friend bool operator==(const Stream&, const Stream&) = default;
  };
  static absl::StatusOr<std::pair<std::string, Stream>> ParseEntry(std::string_view entry);

  absl::btree_map<std::string, Stream> streams_;  // by domain, UUID or name
};

}  // namespace fundgate

#endif  // FUNDGATE_TYPES_POSITION_H_
