// How the machine sees what it knows.
#ifndef SERVER_CORE_STATE_H_
#define SERVER_CORE_STATE_H_

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/core/changes.h"
#include "server/core/policy.h"
#include "server/core/record_kinds.h"
#include "server/core/records.h"

namespace fundgate::core {

// Sorted: whoever walks one walks in the same order everywhere.
template <typename Kind>
using ResidentTable = absl::btree_map<typename Kind::Id, typename Kind::Record>;

using ResidentTables = KindTables<ResidentTable, ResidentKinds>;

// The small part of the state that is always in memory.
struct Resident : ResidentTables {
  ClockRecord clock;
  uint64_t policy_version = 0;
  std::shared_ptr<const Policy> policy;  // null before the first policy

  // Takes over the resident part of `changes`.
  void Absorb(const Changes& changes);
};

// A question to the state: the record of one id.
template <typename Kind>
struct Lookup {
  const typename Kind::Id& id;
  std::optional<typename Kind::Record>& found;
};
using AnyLookup = StoredKinds::Each<Lookup, std::variant>;

// A question to the state: the earliest ids of a queue from `from` on, in its lane, at or before
// `time`, in order.
template <typename Kind>
struct DueLookup {
  const typename Kind::Id& from;
  absl::Time time;
  size_t limit = 0;
  std::vector<typename Kind::Id>& found;
};
using AnyDueLookup = QueueKinds::Each<DueLookup, std::variant>;

// A question to the state: the ids of keys behind `after`, in order, at most `limit` of them.
struct KeysLookup {
  const KeyId& after;
  size_t limit = 0;
  std::vector<KeyId>& found;
};

// Read access to the state as it is after every input applied so far. Used by one thread.
//
// A record that does not exist is not found. Neither is one whose read fails, and `status()` is not
// ok from then on; Machine::Apply then returns that status instead of an outcome, and whoever owns
// the state must load it anew.
class StateReader {
 public:
  virtual ~StateReader() = default;

  virtual const Resident& resident() const = 0;
  virtual absl::Status status() const = 0;

  // The record of a stored kind.
  template <typename Kind>
  std::optional<typename Kind::Record> Find(const typename Kind::Id& id) const {
    std::optional<typename Kind::Record> found;
    Answer(AnyLookup(Lookup<Kind>{id, found}));
    return found;
  }
  // The earliest entries of a queue at or before `time`, at most `limit` of them, in order.
  template <typename Kind>
  std::vector<typename Kind::Id> Due(absl::Time time, size_t limit) const {
    typename Kind::Id from;
    from.at = absl::InfinitePast();
    return Due<Kind>(from, time, limit);
  }
  // Those from `from` on, in its lane.
  template <typename Kind>
  std::vector<typename Kind::Id> Due(const typename Kind::Id& from, absl::Time time,
                                     size_t limit) const {
    std::vector<typename Kind::Id> found;
    Answer(AnyDueLookup(DueLookup<Kind>{from, time, limit, found}));
    return found;
  }
  // The ids of keys behind `after`, in order, at most `limit` of them.
  std::vector<KeyId> KeysAfter(const KeyId& after, size_t limit) const {
    std::vector<KeyId> found;
    Answer(KeysLookup{after, limit, found});
    return found;
  }

 private:
  virtual void Answer(const AnyLookup& lookup) const = 0;
  virtual void Answer(const AnyDueLookup& lookup) const = 0;
  virtual void Answer(const KeysLookup& lookup) const = 0;
};

// The state in memory: the reference for every other implementation, and what policy tests and
// replays run on.
class MemoryState final : public StateReader {
 public:
  const Resident& resident() const override { return resident_; }
  absl::Status status() const override { return absl::OkStatus(); }

  void Absorb(const Changes& changes);

  // All records of a stored kind.
  template <typename Kind>
  const std::map<typename Kind::Id, typename Kind::Record>& of() const {
    return tables_.of<Kind>();
  }
  // By id: in the order in which they were found.
  std::vector<Violation> violations() const;
  const std::vector<PolicyRecord>& policies() const { return policies_; }

 private:
  template <typename Kind>
  using Table = std::map<typename Kind::Id, typename Kind::Record>;

  void Answer(const AnyLookup& lookup) const override;
  void Answer(const AnyDueLookup& lookup) const override;
  void Answer(const KeysLookup& lookup) const override;

  Resident resident_;
  KindTables<Table, StoredKinds> tables_;
  std::vector<PolicyRecord> policies_;
};

}  // namespace fundgate::core

#endif  // SERVER_CORE_STATE_H_
