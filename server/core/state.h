// How the machine sees what it knows.
#ifndef SERVER_CORE_STATE_H_
#define SERVER_CORE_STATE_H_

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/core/changes.h"
#include "server/core/policy.h"
#include "server/core/records.h"

namespace fundgate::core {

// The small part of the state that is always in memory. Sorted maps: whoever walks them walks in
// the same order everywhere.
struct Resident {
  ClockRecord clock;
  uint64_t policy_version = 0;
  std::shared_ptr<const Policy> policy;  // null before the first policy
  absl::btree_map<SourceName, Source> sources;
  absl::btree_map<std::string, Breaker> breakers;  // by scope; only those not CLOSED
  absl::btree_map<GapScope, Gap> gaps;
  absl::btree_map<SuspectId, Suspect> suspects;
  absl::btree_map<MovementKind, Budget> blind_spent;  // on declared ALLOWs, by checkpoint
  AlertBoard alerts;

  // Takes over the resident part of `changes`.
  void Absorb(const Changes& changes);
};

// Read access to the state as it is after every input applied so far. Used by one thread.
//
// Find functions return nothing for a record that does not exist. A read that fails also returns
// nothing and makes `status()` not ok for good; Machine::Apply then returns that status instead of
// an outcome, and whoever owns the state must load it anew.
class StateReader {
 public:
  virtual ~StateReader() = default;

  virtual const Resident& resident() const = 0;
  virtual std::optional<Book> FindBook(const BookId& id) const = 0;
  virtual std::optional<Family> FindFamily(const FamilyId& id) const = 0;
  virtual std::optional<KeyRecord> FindKey(const KeyId& id) const = 0;
  virtual std::optional<Violation> FindViolation(const std::string& id) const = 0;
  virtual std::optional<Group> FindGroup(const std::string& id) const = 0;
  // The earliest timers at or before `time`, at most `limit` of them, in order.
  virtual std::vector<Timer> DueTimers(absl::Time time, size_t limit) const = 0;
  virtual absl::Status status() const = 0;
};

// The state in memory: the reference for every other implementation, and what policy tests and
// replays run on.
class MemoryState final : public StateReader {
 public:
  const Resident& resident() const override { return resident_; }
  std::optional<Book> FindBook(const BookId& id) const override;
  std::optional<Family> FindFamily(const FamilyId& id) const override;
  std::optional<KeyRecord> FindKey(const KeyId& id) const override;
  std::optional<Violation> FindViolation(const std::string& id) const override;
  std::optional<Group> FindGroup(const std::string& id) const override;
  std::vector<Timer> DueTimers(absl::Time time, size_t limit) const override;
  absl::Status status() const override { return absl::OkStatus(); }

  void Absorb(const Changes& changes);

  const std::map<BookId, Book>& books() const { return books_; }
  const std::map<FamilyId, Family>& families() const { return families_; }
  const std::map<KeyId, KeyRecord>& keys() const { return keys_; }
  const std::set<Timer>& timers() const { return timers_; }
  const std::set<HoldEntry>& holds() const { return holds_; }
  // In the order in which they were found.
  const std::vector<Violation>& violations() const { return violations_; }
  const std::map<std::string, Group>& groups() const { return groups_; }
  const std::vector<PolicyRecord>& policies() const { return policies_; }

 private:
  Resident resident_;
  std::map<BookId, Book> books_;
  std::map<FamilyId, Family> families_;
  std::map<KeyId, KeyRecord> keys_;
  std::set<Timer> timers_;
  std::set<HoldEntry> holds_;
  std::vector<Violation> violations_;
  std::map<std::string, size_t> violation_places_;  // by id, in violations_
  std::map<std::string, Group> groups_;
  std::vector<PolicyRecord> policies_;
};

}  // namespace fundgate::core

#endif  // SERVER_CORE_STATE_H_
