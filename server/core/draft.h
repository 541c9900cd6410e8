// The changes of one input while it is being judged: what is written here is read back here, and
// nobody else sees it before the outcome is taken.
#ifndef SERVER_CORE_DRAFT_H_
#define SERVER_CORE_DRAFT_H_

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "server/core/changes.h"
#include "server/core/policy.h"
#include "server/core/records.h"
#include "server/core/state.h"

namespace fundgate::core {

// Records of one kind: read from the state once, then kept here.
template <typename Id, typename Record>
class DraftTable {
 public:
  // The record as it stands, or null. `load` reads it from the state: (const Id&) ->
  // std::optional<Record>. The pointer is valid as long as the draft.
  template <typename Load>
  const Record* Find(const Id& id, const Load& load) {
    const std::optional<Record>& record = SlotOf(id, load).record;
    return record.has_value() ? &*record : nullptr;
  }

  // The record to be changed; a new one with default values if there is none.
  template <typename Load>
  Record& Mutable(const Id& id, const Load& load) {
    Slot& slot = SlotOf(id, load);
    slot.changed = true;
    if (!slot.record.has_value()) slot.record.emplace();
    return *slot.record;
  }

  void Erase(const Id& id) { slots_[id] = Slot{std::nullopt, true}; }

  bool Holds(const Id& id) const { return slots_.contains(id); }

  // Everything changed, sorted; the table is empty afterwards.
  std::vector<std::pair<Id, std::optional<Record>>> TakeChanged() {
    std::vector<std::pair<Id, std::optional<Record>>> changed;
    for (auto& [id, slot] : slots_) {
      if (slot.changed) changed.emplace_back(id, std::move(slot.record));
    }
    slots_.clear();
    return changed;
  }

  // Ids of everything changed, erased ones too, in order.
  std::vector<Id> ChangedIds() const {
    std::vector<Id> ids;
    for (const auto& [id, slot] : slots_) {
      if (slot.changed) ids.push_back(id);
    }
    return ids;
  }

  // Records that came minus records that went; `was(id)` tells whether it was there before.
  template <typename Was>
  ptrdiff_t Growth(const Was& was) const {
    ptrdiff_t growth = 0;
    for (const auto& [id, slot] : slots_) {
      if (slot.changed) growth += ptrdiff_t{slot.record.has_value()} - ptrdiff_t{was(id)};
    }
    return growth;
  }

  // Calls `visit(id, record)` for each record changed and not erased, in order.
  template <typename Visit>
  void ForEachChanged(const Visit& visit) const {
    for (const auto& [id, slot] : slots_) {
      if (slot.changed && slot.record.has_value()) visit(id, *slot.record);
    }
  }

 private:
  struct Slot {
    std::optional<Record> record;
    bool changed = false;
  };

  template <typename Load>
  Slot& SlotOf(const Id& id, const Load& load) {
    auto [slot, is_new] = slots_.try_emplace(id);
    if (is_new) slot->second.record = load(id);
    return slot->second;
  }

  std::map<Id, Slot> slots_;  // a map whose elements stay where they are
};

// One input's view of the state, and its changes to it. Pointers and references it gives stay
// valid as long as it lives. Used by one thread.
class Draft {
 public:
  // `state` must outlive the draft and must have a policy if policy() is called.
  Draft(const StateReader& state, absl::Time now);

  absl::Time now() const { return now_; }
  Sequence sequence() const { return sequence_; }  // of the input at hand, if it is recorded
  const Policy& policy() const { return *state_.resident().policy; }
  // As it was before this input: read sources, breakers, gaps and suspects through the draft.
  const Resident& before() const { return state_.resident(); }

  // Books. A book that was never touched has counters that are all zero.
  bool KnowsBook(const BookId& id);
  const Book& ReadBook(const BookId& id, const BookDefinition& definition);
  Book& MutableBook(const BookId& id, const BookDefinition& definition);
  const Family* FindFamily(const FamilyId& id);
  Family& MutableFamily(const FamilyId& id);

  // Keys. `WakeBy` makes sure that the key is looked at by `at`; an earlier timer stays as it is.
  const KeyRecord* FindKey(const KeyId& id);
  KeyRecord& MutableKey(const KeyId& id);
  void EraseKey(const KeyId& id);
  // The hold of a key, new if it has none. Not a change of the key itself: changed_at stays.
  Hold& MutableHold(const KeyId& id);
  void EndHold(const KeyId& id);
  // The hold as it was before this input, of keys that were read by it; or null.
  const Hold* HoldBefore(const KeyId& id) const;
  std::vector<KeyId> ChangedKeys() const;
  void WakeBy(const KeyId& id, absl::Time at);
  // For a timer that has fired.
  void RemoveTimer(const Timer& timer);
  void ClearWake(const KeyId& id);

  // Sources. One that was never heard of is at the empty position with epoch 0.
  const Source& ReadSource(const SourceName& name);
  Source& MutableSource(const SourceName& name);

  const Breaker* FindBreaker(const std::string& scope);
  Breaker& MutableBreaker(const std::string& scope);
  // Number of breakers that are not CLOSED.
  size_t CountBreakers() const;

  const Gap* FindGap(const GapScope& scope);
  Gap& MutableGap(const GapScope& scope);

  Suspect& MutableSuspect(const SuspectId& id);
  void EraseSuspect(const SuspectId& id) { suspects_.Erase(id); }
  // All suspects as they stand now, sorted.
  std::vector<std::pair<SuspectId, Suspect>> Suspects() const;

  Budget BlindSpent(const MovementKind& checkpoint);
  void SetBlindSpent(const MovementKind& checkpoint, std::optional<Budget> spent);

  // Adds a violation; sets its id and time.
  void AddViolation(Violation violation);
  size_t violation_count() const { return violations_.size(); }
  // Those added so far. More may be added while one is looked at by its place.
  Violation& NewViolation(size_t place) { return violations_[place]; }
  // Those found before.
  const Violation* FindViolation(const std::string& id);
  Violation& MutableViolation(const std::string& id);

  // Groups and alerts. Names of new ones are unique.
  std::string NewGroupId() { return NameOf('g', groups_named_++); }
  std::string NewAlertId() { return NameOf('a', alerts_named_++); }
  const Group* FindGroup(const std::string& id);
  Group& MutableGroup(const std::string& id);
  const OpenGroup* FindOpenGroup(const GroupKey& key);
  OpenGroup& MutableOpenGroup(const GroupKey& key);
  void CloseGroup(const GroupKey& key);
  size_t CountOpenGroups() const;
  const Alert* FindWaiting(const std::string& slot);
  Alert& MutableWaiting(const std::string& slot);
  void EraseWaiting(const std::string& slot);
  // Everything in the outbox as it stands now, by slot.
  absl::btree_map<std::string, Alert> Waiting() const;
  size_t CountWaiting() const;
  // Null only if the name is new.
  const Tally* FindTally(const std::string& name);
  Tally& MutableTally(const std::string& name);

  ClockRecord& MutableClock() { return clock_; }
  void SetPolicy(PolicyRecord record, std::shared_ptr<const Policy> policy);

  // True if anything but the clock would change.
  bool HasChanges() const { return changed_; }

  // Everything, with the clock at this input. The draft is spent.
  Changes Take() &&;

 private:
  std::optional<KeyRecord> LoadKey(const KeyId& id);
  std::string NameOf(char letter, size_t count) const;
  void TakeHolds(Changes& changes) const;

  const StateReader& state_;
  const absl::Time now_;
  const Sequence sequence_;
  bool changed_ = false;

  DraftTable<BookId, Book> books_;
  std::map<size_t, Book> zero_books_;  // by number of counters: what unknown books look like
  DraftTable<FamilyId, Family> families_;
  DraftTable<KeyId, KeyRecord> keys_;
  std::set<Timer> timers_added_;
  std::set<Timer> timers_removed_;
  DraftTable<SourceName, Source> sources_;
  DraftTable<std::string, Breaker> breakers_;
  DraftTable<GapScope, Gap> gaps_;
  DraftTable<SuspectId, Suspect> suspects_;
  DraftTable<MovementKind, Budget> blind_spent_;
  std::map<KeyId, Hold> holds_before_;
  std::vector<Violation> violations_;
  DraftTable<std::string, Violation> reviewed_;
  DraftTable<std::string, Group> groups_;
  DraftTable<GroupKey, OpenGroup> open_groups_;
  DraftTable<std::string, Alert> outbox_;
  DraftTable<std::string, Tally> tallies_;
  size_t groups_named_ = 0;
  size_t alerts_named_ = 0;
  ClockRecord clock_;
  std::optional<PolicyRecord> policy_record_;
  std::shared_ptr<const Policy> new_policy_;
};

}  // namespace fundgate::core

#endif  // SERVER_CORE_DRAFT_H_
