// Where a source was read to. No I/O.
#ifndef SERVER_SIDECAR_FEED_SOURCE_POSITION_H_
#define SERVER_SIDECAR_FEED_SOURCE_POSITION_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "server/sidecar/feed/numbers.h"

namespace fundgate::feed {

// One step of a source along one of its streams: a transaction of a domain, a message of a topic's
// partition, a transaction of a MySQL server. Numbers of a stream only grow; they may leave some
// out. Those of MySQL's GTIDs may come in any order.
struct Step {
  // "0", a domain; "orders/3", a partition; "UUID", a server, or "UUID:tag"; "mysql-bin@UUID", all
  // binlog files of a server.
  std::string stream;
  uint64_t number = 0;  // the sequence; of a message or a place in a file: what comes after it
  std::optional<uint32_t> server;  // who wrote it, in MariaDB alone

  // As the Ingest service writes it: "0-1-42", "orders/3:18"; a MySQL transaction "UUID:42".
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
  kGtids,     // DOMAIN-SERVER-SEQUENCE
  kOffsets,   // TOPIC/PARTITION:OFFSET
  kGtidSets,  // UUID:1-5:7,UUID:tag:1-3, all steps and not only the newest
  kFiles,     // NAME@UUID:NUMBER, as sources::FilePositionOf() has it
};

// The step of a database's transaction by its GTID: DOMAIN-SERVER-SEQUENCE, UUID:NUMBER or
// UUID:TAG:NUMBER. INVALID_ARGUMENT if it is none of MariaDB; FAILED_PRECONDITION if it is none of
// MySQL: nothing can say where in its set it stands.
absl::StatusOr<Step> StepOfTransaction(std::string_view id, PositionForm form);

// The newest step of every stream, or of MySQL's all steps; and where one was too large for one
// request, how many of its rows were sent, so that a sidecar that comes later goes on behind them
// and no row is applied twice.
//
// Its text is a position of the Ingest service: one step a stream, and for each stream that ever
// had such a step an entry "rows.STREAM:COUNT", or of a partition "TOPIC/PARTITION#rows:COUNT".
// COUNT never runs backwards. Its lowest 32 bits are the rows sent of the next step; the 10 bits
// above them tell which server wrote that one, so that another one in its place (after a failover
// that lost it) is noticed, or of MySQL the last bits of its number; above are the steps that
// were sent in parts before.
//
// The steps of prepared XA transactions are covered. While some of them are undecided, an entry
// "xa.DOMAIN-SERVER:COUNT" or "xa.STREAM:COUNT" says from where a stream must be read again to meet
// them: COUNT is twice the number of the step before the oldest of them, plus 1; if it is even, the
// stream has none. It never runs backwards either.
class SourcePosition {
 public:
  // FAILED_PRECONDITION if an entry is of another form: another kind of feeder was here.
  static absl::StatusOr<SourcePosition> Parse(std::string_view text, PositionForm form);

  PositionForm form() const { return form_; }

  // True if the step is known here.
  bool Covers(const Step& step) const;
  // True if every step that `other` covers is covered here; rows don't matter.
  bool Covers(const SourcePosition& other) const;
  // True if a step that is covered may come again: it is the newest of its stream, or a name that
  // no other step ever gets.
  bool MayRepeat(const Step& step) const;
  bool empty() const { return newest_.empty() && sets_.empty(); }
  // By stream; none of MySQL's.
  const std::map<std::string, Step>& newest() const { return newest_; }
  // Of each stream that has steps which `other` lacks, the first of these: of MySQL's the lowest,
  // else the newest.
  std::vector<Step> Beyond(const SourcePosition& other) const;

  // The step is complete. It must not be covered.
  void Advance(const Step& step);

  // The first `rows` rows of this step are sent, more than before; the others are not.
  void AdvanceRows(const Step& step, uint32_t rows);

  // How many rows of this step are sent though it isn't covered, usually 0. DATA_LOSS if they were
  // the rows of another one, of which the server knows nothing.
  absl::StatusOr<uint32_t> RowsSent(const Step& step) const;

  // True if the first rows of a step are sent, and not all.
  bool has_part() const;

  // True if the first rows of another step of its stream are sent, which isn't covered: only one
  // can be.
  bool HasPartOfAnother(const Step& step) const;

  // The step that comes right before this one, which isn't covered; its number is 0 if this is the
  // first of its stream.
  Step Before(const Step& step) const;

  // Where prepared transactions are that aren't decided: of each stream with some the step Before
  // the oldest of them.
  void SetUndecided(const std::vector<Step>& before);
  // The streams that have some now; whether one ever had.
  std::set<std::string> UndecidedStreams() const;
  bool ever_had_undecided() const { return !undecided_.empty(); }
  // From where reading meets all of them; without any this position. Only its steps are of use.
  SourcePosition ReadFrom() const;

  // DATA_LOSS if the first rows of a MySQL transaction are sent that isn't among those of `head`,
  // a server's: it has lost it.
  absl::Status CheckParts(const SourcePosition& head) const;

  std::string ToString() const;
  // The newest steps alone, as a server wants them to start from.
  std::string Steps() const;

 private:
  explicit SourcePosition(PositionForm form) : form_(form) {}

  absl::Status ParseGtid(std::string_view entry);
  bool ParseOffset(std::string_view entry);
  bool ParseFile(std::string_view entry);
  bool ParseGtidSet(std::string_view entry);
  bool ParseUndecided(std::string_view entry);
  uint64_t PartBits(const Step& step) const;

  PositionForm form_;
  std::map<std::string, Step> newest_;     // by stream
  std::map<std::string, Numbers> sets_;    // by stream, instead of newest_
  std::map<std::string, uint64_t> parts_;  // by stream: the COUNT of rows above
  // The other COUNT, by stream and writer; MySQL's without one.
  std::map<std::pair<std::string, std::optional<uint32_t>>, uint64_t> undecided_;
};

}  // namespace fundgate::feed

#endif  // SERVER_SIDECAR_FEED_SOURCE_POSITION_H_
