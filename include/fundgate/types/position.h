// How far a source was read.
#ifndef FUNDGATE_TYPES_POSITION_H_
#define FUNDGATE_TYPES_POSITION_H_

#include <cstdint>
#include <memory>
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

  const std::string& ToString() const&;
  std::string ToString() && { return static_cast<const Position&>(*this).ToString(); }

  bool empty() const { return known_ == nullptr; }

  // True if everything `other` covers is covered here too. Every position covers the empty one.
  bool Covers(const Position& other) const;

  friend bool operator==(const Position& a, const Position& b) {
    return a.known_ == b.known_ || a.ToString() == b.ToString();
  }

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

  struct Known {
    absl::btree_map<std::string, Stream> streams;  // by domain, UUID or name
    std::string text;                              // says all of them, in one way
  };
  static std::string TextOf(const Known& known);

  std::shared_ptr<const Known> known_;  // null: nothing. Copies share it: many decisions name one
};

}  // namespace fundgate

#endif  // FUNDGATE_TYPES_POSITION_H_
