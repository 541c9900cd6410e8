// The changes of one input while it is being judged: what is written here is read back here, and
// nobody else sees it before the outcome is taken.
#ifndef SERVER_CORE_DRAFT_H_
#define SERVER_CORE_DRAFT_H_

#include <cstddef>
#include <map>
#include <memory>
#include <memory_resource>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "server/core/changes.h"
#include "server/core/draft_table.h"
#include "server/core/policy.h"
#include "server/core/record_kinds.h"
#include "server/core/records.h"
#include "server/core/state.h"

namespace fundgate::core {

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

  // Records of any kind. What a kind means by its records, the functions below know: where they
  // have one for it, use that.
  template <typename Kind>
  const typename Kind::Record* Find(const typename Kind::Id& id) {
    return tables_.of<Kind>().Find(memory_, id, Loader<Kind>{*this});
  }
  template <typename Kind>
  const typename Kind::Record* Find(typename Kind::Id&& id) {
    return tables_.of<Kind>().Find(memory_, std::move(id), Loader<Kind>{*this});
  }
  template <typename Kind>
  typename Kind::Record& Mutable(const typename Kind::Id& id) {
    changed_ = true;
    return tables_.of<Kind>().Mutable(memory_, id, Loader<Kind>{*this});
  }
  template <typename Kind>
  void Put(typename Kind::Id id, typename Kind::Record record) {
    changed_ = true;
    tables_.of<Kind>().Put(memory_, std::move(id), std::move(record));
  }
  template <typename Kind>
  void Erase(const typename Kind::Id& id) {
    changed_ = true;
    tables_.of<Kind>().Erase(memory_, id);
  }

  // Ids of all records of the kind that this input has changed so far, erased ones too, in order.
  template <typename Kind>
  ChangedIds<Kind> Changed() const {
    return tables_.of<Kind>().ChangedIds();
  }

  // How many records of a resident kind there are now.
  template <typename Kind>
  size_t Count() const {
    const auto& known = before().of<Kind>();
    return known.size() +
           static_cast<size_t>(tables_.of<Kind>().Growth(
               [&known](const typename Kind::Id& id) { return known.contains(id); }));
  }

  // Calls `visit(id, record)` for each record of a resident kind as it stands now: those that this
  // input left alone, in order, then those it changed, in order.
  template <typename Kind, typename Visit>
  void ForEach(const Visit& visit) const {
    const auto& drafted = tables_.of<Kind>();
    for (const auto& [id, record] : before().of<Kind>()) {
      if (!drafted.Holds(id)) visit(id, record);
    }
    drafted.ForEachPresent(visit);
  }

  // The earliest entries of a queue, see StateReader::Due, as it was before this input.
  template <typename Kind>
  std::vector<typename Kind::Id> DueBefore(const typename Kind::Id& from, absl::Time time,
                                           size_t limit) const {
    return state_.Due<Kind>(from, time, limit);
  }

  // The ids of keys behind `after`, in order, as they were before this input.
  std::vector<KeyId> KeysAfterBefore(const KeyId& after, size_t limit) const {
    return state_.KeysAfter(after, limit);
  }

  // Books. A book that was never touched has counters that are all zero.
  const Book& ReadBook(const BookId& id, const BookDefinition& definition);
  Book& MutableBook(const BookId& id, const BookDefinition& definition);
  const Family* FindFamily(const FamilyId& id) { return Find<Families>(id); }
  const Family* FindFamily(FamilyId&& id) { return Find<Families>(std::move(id)); }
  Family& MutableFamily(const FamilyId& id) { return Mutable<Families>(id); }

  // Keys. `WakeBy` makes sure that the key is looked at by `at`; an earlier timer stays as it is.
  const KeyRecord* FindKey(const KeyId& id) { return Find<Keys>(id); }
  KeyRecord& MutableKey(const KeyId& id);
  void EraseKey(const KeyId& id);
  // The key's hold as it was before this input, of keys that were read by it; or null.
  const Hold* HoldBefore(const KeyId& id) const;
  void WakeBy(const KeyId& id, absl::Time at);
  // For a timer that has fired.
  void RemoveTimer(const Timer& timer) { Erase<Timers>(timer); }
  void ClearWake(const KeyId& id) { Mutable<Keys>(id).wake_at.reset(); }

  // Sources. One that was never heard of is at the empty position with epoch 0. What is read is
  // valid until the source is changed.
  const Source& ReadSource(const SourceName& name) const;
  Source& MutableSource(const SourceName& name) { return Mutable<Sources>(name); }

  const Breaker* FindBreaker(const std::string& scope) { return Find<Breakers>(scope); }
  Breaker& MutableBreaker(const std::string& scope);
  // Number of breakers that are not CLOSED.
  size_t CountBreakers() const;

  const Gap* FindGap(const GapScope& scope) { return Find<Gaps>(scope); }
  Gap& MutableGap(const GapScope& scope) { return Mutable<Gaps>(scope); }

  Suspect& MutableSuspect(const SuspectId& id) { return Mutable<core::Suspects>(id); }
  void EraseSuspect(const SuspectId& id) { Erase<core::Suspects>(id); }
  // All suspects as they stand now, sorted.
  std::vector<std::pair<SuspectId, Suspect>> Suspects() const;

  Budget BlindSpent(const MovementKind& checkpoint);
  void SetBlindSpent(const MovementKind& checkpoint, std::optional<Budget> spent);

  // While this lives, what is found happened before go-live: violations say so, and nothing is done
  // about them.
  class HistoryScope {
   public:
    HistoryScope(Draft& draft, bool history)
        : draft_(draft), before_(std::exchange(draft.history_, history)) {}
    ~HistoryScope() { draft_.history_ = before_; }
    HistoryScope(const HistoryScope&) = delete;
    HistoryScope& operator=(const HistoryScope&) = delete;

   private:
    Draft& draft_;
    const bool before_;
  };
  bool finds_history() const { return history_; }

  // Adds a violation; sets its id and time.
  void AddViolation(Violation violation);
  // The ids of those added so far, in the order in which they were found.
  const std::vector<std::string>& found_violations() const { return found_violations_; }

  // Names for new groups and alerts; each is given once.
  std::string NewGroupId() { return NameOf('g', groups_named_++); }
  std::string NewAlertId() { return NameOf('a', alerts_named_++); }

  ClockRecord& MutableClock() { return clock_; }
  void SetPolicy(PolicyRecord record, std::shared_ptr<const Policy> policy);

  // True if anything but the clock would change.
  bool HasChanges() const { return changed_; }

  // Everything, with the clock at this input, into changes that are empty. The draft is spent.
  void TakeInto(Changes& changes) &&;

 private:
  // Reads one record from the state.
  template <typename Kind>
  struct Loader {
    Draft& draft;
    std::optional<typename Kind::Record> operator()(const typename Kind::Id& id) const {
      if constexpr (std::is_same_v<Kind, Keys>) {
        return draft.LoadKey(id);
      } else if constexpr (StoredKinds::kHas<Kind>) {
        return draft.state_.Find<Kind>(id);
      } else {
        const auto& table = draft.before().of<Kind>();
        const auto found = table.find(id);
        return found == table.end() ? std::nullopt : std::optional(found->second);
      }
    }
  };

  std::optional<KeyRecord> LoadKey(const KeyId& id);
  std::string NameOf(char letter, size_t count) const;

  const StateReader& state_;
  const absl::Time now_;
  const Sequence sequence_;
  bool changed_ = false;
  bool history_ = false;

  std::unique_ptr<DraftRecords> records_ = std::make_unique<DraftRecords>();
  std::pmr::memory_resource& memory_ = records_->memory;
  KindTables<DraftTable, AllKinds>& tables_ = records_->tables;
  std::map<size_t, Book> zero_books_;  // by number of counters: what unknown books look like
  std::map<KeyId, Hold> holds_before_;
  std::vector<std::string> found_violations_;
  size_t groups_named_ = 0;
  size_t alerts_named_ = 0;
  ClockRecord clock_;
  std::optional<PolicyRecord> policy_record_;
  std::shared_ptr<const Policy> new_policy_;
};

}  // namespace fundgate::core

#endif  // SERVER_CORE_DRAFT_H_
