// One consistent, synced picture of the store, for everybody but the machine.
#ifndef SERVER_STORE_VIEW_H_
#define SERVER_STORE_VIEW_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/core/input.h"
#include "server/core/outcome.h"
#include "server/core/records.h"
#include "server/core/state.h"

namespace fundgate::store {

// One record of the journal, decoded. Record n's hash is SHA-256 over record n-1's hash and record
// n's bytes; the first one's predecessor is 32 zero bytes.
struct JournalEntry {
  Sequence sequence = 0;
  uint32_t logic_version = 0;
  uint64_t policy_version = 0;  // in force when it was judged
  core::Input input;            // an ApplyPolicyInput comes back without its compiled policy
  core::Answer answer;
  std::string previous_hash;  // 32 bytes
  std::string hash;           // 32 bytes
};

// Where a journal begins. Its oldest records may have been dropped; what proves what they were is
// kept: the first kept record is tied to the last dropped one by its hash.
struct JournalCut {
  Sequence first = 1;       // the first record that is kept; 1: nothing was dropped
  std::string before_hash;  // of the last dropped record; 32 bytes
  std::string origin_hash;  // of record 1, by which anchors name the journal; 32 bytes
  absl::Time begun;         // of record 1
  absl::Time ended;         // of the last dropped record
  absl::Time cut_at;        // when the newest cut was made
  // Over the last dropped record's anchor (anchor/anchor.h), of time `ended`; empty: nobody signed.
  std::string signature;

  bool exists() const { return first > 1; }
};

// Immutable; any thread. Errors are DATA_LOSS for what can't be decoded and UNAVAILABLE for what
// can't be read.
class View {
 public:
  virtual ~View() = default;

  // The resident part of the state: sources, breakers, gaps, policy, clock.
  virtual const core::Resident& resident() const = 0;

  // The record of a stored kind, or nothing.
  template <typename Kind>
  absl::StatusOr<std::optional<typename Kind::Record>> Find(const typename Kind::Id& id) const {
    std::optional<typename Kind::Record> found;
    absl::Status status = Answer(core::AnyLookup(core::Lookup<Kind>{id, found}));
    if (!status.ok()) return status;
    return found;
  }

  // NOT_FOUND if there is no such version or record.
  virtual absl::StatusOr<core::PolicyRecord> GetPolicy(uint64_t version) const = 0;
  virtual absl::StatusOr<JournalEntry> GetJournalEntry(Sequence sequence) const = 0;

  // Newest version last.
  virtual absl::StatusOr<std::vector<core::PolicyRecord>> ListPolicies() const = 0;

  virtual absl::StatusOr<JournalCut> GetJournalCut() const = 0;

  // Calls `visit` with each record from `first` on, or from the first that is kept, in order, until
  // it returns false or the journal ends. Checks each record's hash against the chain: DATA_LOSS
  // names the first sequence that does not fit, or isn't there.
  virtual absl::Status ScanJournal(Sequence first,
                                   const std::function<bool(const JournalEntry&)>& visit) const = 0;

  // Newest first, at most `limit`.
  virtual absl::StatusOr<std::vector<core::Violation>> ListViolations(size_t limit) const = 0;
  virtual absl::StatusOr<std::vector<core::Group>> ListGroups(size_t limit) const = 0;

  // What became of breakers: those of one scope, or of all if it is empty. The newest first, those
  // of one record by scope; at most `limit` of those that follow `last` in that order, if it is
  // given.
  using BreakerChange = std::pair<core::BreakerChangeId, core::Breaker>;
  virtual absl::StatusOr<std::vector<BreakerChange>> ListBreakerChanges(
      const std::string& scope, const std::optional<core::BreakerChangeId>& last,
      size_t limit) const = 0;

  // Calls `visit` with each hold of that state after `after` (from the first, if there is none),
  // the oldest first, until it returns false.
  virtual absl::Status ScanHolds(
      core::HoldState state, const std::optional<core::HoldEntry>& after,
      const std::function<bool(const core::HoldEntry&)>& visit) const = 0;

  // Calls `visit` with each moment at which a key must be looked at again, up to `until`, the
  // earliest first, until it returns false.
  virtual absl::Status ScanTimers(absl::Time until,
                                  const std::function<bool(const core::Timer&)>& visit) const = 0;

  // Calls `visit` with each book of the account, by name, order and currency, until it returns
  // false.
  virtual absl::Status ScanBooks(
      const AccountId& account,
      const std::function<bool(const core::BookId&, const core::Book&)>& visit) const = 0;

 private:
  virtual absl::Status Answer(const core::AnyLookup& lookup) const = 0;
};

}  // namespace fundgate::store

#endif  // SERVER_STORE_VIEW_H_
