// What is known of a run that reads tables of a source anew.
#ifndef SERVER_CORE_SNAPSHOT_RECORD_H_
#define SERVER_CORE_SNAPSHOT_RECORD_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "fundgate/types/ids.h"
#include "server/core/movement.h"

namespace fundgate::core {

// Rows of a table that can't be read and are kept apart; with more of them nothing of the table is
// taken back.
inline constexpr size_t kMaxUnreadableRows = 1024;

// Numbers are on disk: never renumber.
enum class SnapshotState : uint8_t {
  kRequested = 1,  // nothing is read yet
  kReading = 2,    //
  kSweeping = 3,   // all is read; what was not met is being taken back
  kDone = 4,       //
  kFailed = 5,     // see `problem`
  kCancelled = 6,  // by an operator, or because the policy has no table any more
};

struct SnapshotTable {
  std::string name;
  std::string cursor;                   // where it goes on; only the feeder knows what it means
  Sequence begun_at = 0;                // the journal's record of its first step; 0: none came yet
  bool done = false;                    // all of it is read
  uint64_t rows = 0;                    // read so far
  uint64_t expected_rows = 0;           // of the whole table, as the database guesses
  std::vector<std::string> unreadable;  // primary keys of rows that can't be read
  bool unreadable_lost = false;         // there are more of them

  friend bool operator==(const SnapshotTable&, const SnapshotTable&) = default;
};

// By its source. There is at most one at a time, and the newest is kept.
struct SnapshotRun {
  uint64_t run = 0;  // counts the source's runs
  SnapshotState state = SnapshotState::kRequested;
  bool history = false;     // what it finds happened before go-live
  bool is_whole = false;    // over all tables of the source
  bool begin_anew = false;  // the feeder is to jump to the source's present position first
  std::string actor;
  std::string reason;
  absl::Time requested_at;
  absl::Time begun_at = absl::InfiniteFuture();  // its first step
  absl::Time ended_at = absl::InfiniteFuture();
  uint64_t mapping_version = 0;
  std::vector<SnapshotTable> tables;  // in the order of reading
  KeyId swept_to;                     // the newest key that was looked at
  uint64_t rows = 0;                  // read
  uint64_t corrected = 0;             // of these, those that changed what is posted
  uint64_t taken_back = 0;            // rows that are there no more
  uint64_t violations = 0;            // that its rows showed
  uint64_t gaps_healed = 0;
  std::string problem;  // why it failed

  bool is_active() const { return state < SnapshotState::kDone; }

  friend bool operator==(const SnapshotRun&, const SnapshotRun&) = default;
};

}  // namespace fundgate::core

#endif  // SERVER_CORE_SNAPSHOT_RECORD_H_
