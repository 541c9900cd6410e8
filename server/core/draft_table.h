// The records of one kind that an input has read or changed, while it is being judged.
#ifndef SERVER_CORE_DRAFT_TABLE_H_
#define SERVER_CORE_DRAFT_TABLE_H_

#include <algorithm>
#include <cstddef>
#include <list>
#include <memory_resource>
#include <optional>
#include <set>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "server/core/changes.h"

namespace fundgate::core {

// Few inputs change more of one kind.
template <typename Kind>
using ChangedIds = absl::InlinedVector<typename Kind::Id, 2>;

// Records of one kind: read from the state once, then kept here, in memory that the draft has for
// all of its tables. A check has one or two of a kind, which are looked for one after the other; an
// index is made for the thousands that rows of a database bring. Whoever is called back must not
// touch the table.
template <typename Kind>
class DraftTable {
 public:
  using Id = typename Kind::Id;
  using Record = typename Kind::Record;
  using Memory = std::pmr::memory_resource;

  // The record as it stands, or null. `load` reads it from the state: (const Id&) ->
  // std::optional<Record>. The pointer is valid as long as the draft.
  template <typename AnyId, typename Load>
  const Record* Find(Memory& memory, AnyId&& id, const Load& load) {
    const std::optional<Record>& record = SlotOf(memory, std::forward<AnyId>(id), load).record;
    return record.has_value() ? &*record : nullptr;
  }

  // The record to be changed; a new one with default values if there is none.
  template <typename Load>
  Record& Mutable(Memory& memory, const Id& id, const Load& load) {
    Slot& slot = SlotOf(memory, id, load);
    slot.changed = true;
    if (!slot.record.has_value()) slot.record.emplace();
    return *slot.record;
  }

  // Whatever was there before; that is not read.
  void Put(Memory& memory, Id id, Record record) {
    Slot& slot = SlotToFill(memory, std::move(id));
    slot.record = std::move(record);
    slot.changed = true;
  }
  void Erase(Memory& memory, const Id& id) {
    Slot& slot = SlotToFill(memory, id);
    slot.record.reset();
    slot.changed = true;
  }

  bool Holds(const Id& id) const { return FindSlot(id) != nullptr; }

  // The record if it is here and not erased, or null.
  const Record* FindHere(const Id& id) const {
    const Slot* slot = FindSlot(id);
    return slot != nullptr && slot->record.has_value() ? &*slot->record : nullptr;
  }

  // Calls `visit(id, record)` for each record here and not erased, changed or only read, in order.
  template <typename Visit>
  void ForEachPresent(const Visit& visit) const {
    ForEachSlot([&visit](const Slot& slot) {
      if (slot.record.has_value()) visit(slot.id, *slot.record);
    });
  }

  // Ids of everything changed, erased ones too, in order.
  core::ChangedIds<Kind> ChangedIds() const {
    core::ChangedIds<Kind> ids;
    ForEachSlot([&ids](const Slot& slot) {
      if (slot.changed) ids.push_back(slot.id);
    });
    return ids;
  }

  // Records that came minus records that went; `was(id)` tells whether it was there before.
  template <typename Was>
  ptrdiff_t Growth(const Was& was) const {
    ptrdiff_t growth = 0;
    ForEachSlot([&](const Slot& slot) {
      if (slot.changed) growth += ptrdiff_t{slot.record.has_value()} - ptrdiff_t{was(slot.id)};
    });
    return growth;
  }

  // Moves everything changed into `changed`, which must be empty, sorted; this table is empty
  // afterwards.
  void TakeChanged(ChangedRecords<Kind>& changed) {
    if (!slots_.has_value()) return;
    changed.reserve(static_cast<size_t>(std::count_if(
        slots_->all.begin(), slots_->all.end(), [](const Slot& slot) { return slot.changed; })));
    WalkInOrder(*slots_, [&changed](Slot& slot) {
      if (slot.changed) changed.emplace_back(std::move(slot.id), std::move(slot.record));
    });
    slots_.reset();
  }

  // Calls `visit(id, record)` for each record changed and not erased, in order.
  template <typename Visit>
  void ForEachChanged(const Visit& visit) const {
    ForEachSlot([&visit](const Slot& slot) {
      if (slot.changed && slot.record.has_value()) visit(slot.id, *slot.record);
    });
  }

 private:
  static constexpr size_t kFew = 8;

  struct Slot {
    explicit Slot(const Id& of) : id(of) {}
    explicit Slot(Id&& of) : id(std::move(of)) {}

    Id id;
    std::optional<Record> record;
    bool changed = false;
  };

  struct ById {
    using is_transparent = void;
    bool operator()(const Slot* a, const Slot* b) const { return a->id < b->id; }
    bool operator()(const Slot* a, const Id& b) const { return a->id < b; }
    bool operator()(const Id& a, const Slot* b) const { return a < b->id; }
  };

  struct Slots {
    explicit Slots(Memory& memory) : all(&memory), index(&memory) {}

    std::pmr::list<Slot> all;          // which stay where they are
    std::pmr::set<Slot*, ById> index;  // of all, once they are more than kFew
  };

  const Slot* FindSlot(const Id& id) const {
    if (!slots_.has_value()) return nullptr;
    if (!slots_->index.empty()) {
      const auto found = slots_->index.find(id);
      return found == slots_->index.end() ? nullptr : *found;
    }
    const auto found = std::find_if(slots_->all.begin(), slots_->all.end(),
                                    [&id](const Slot& slot) { return slot.id == id; });
    return found == slots_->all.end() ? nullptr : &*found;
  }
  Slot* FindSlot(const Id& id) { return const_cast<Slot*>(std::as_const(*this).FindSlot(id)); }

  // For an id that isn't here yet.
  template <typename AnyId>
  Slot& AddSlot(Memory& memory, AnyId&& id) {
    if (!slots_.has_value()) slots_.emplace(memory);
    Slot& added = slots_->all.emplace_back(std::forward<AnyId>(id));
    if (!slots_->index.empty()) {
      slots_->index.insert(&added);
    } else if (slots_->all.size() > kFew) {
      for (Slot& slot : slots_->all) slots_->index.insert(&slot);
    }
    return added;
  }

  template <typename AnyId>
  Slot& SlotToFill(Memory& memory, AnyId&& id) {
    Slot* slot = FindSlot(id);
    return slot != nullptr ? *slot : AddSlot(memory, std::forward<AnyId>(id));
  }

  template <typename AnyId, typename Load>
  Slot& SlotOf(Memory& memory, AnyId&& id, const Load& load) {
    if (Slot* slot = FindSlot(id)) return *slot;
    Slot& added = AddSlot(memory, std::forward<AnyId>(id));
    added.record = load(added.id);
    return added;
  }

  // Calls `visit(slot)` for each slot of `slots`, in the order of their ids.
  template <typename AnySlots, typename Visit>
  static void WalkInOrder(AnySlots& slots, const Visit& visit) {
    if (!slots.index.empty()) {
      for (auto* slot : slots.index) visit(*slot);
      return;
    }
    absl::InlinedVector<decltype(&slots.all.front()), kFew> few;
    for (auto& slot : slots.all) few.push_back(&slot);
    std::sort(few.begin(), few.end(), ById());
    for (auto* slot : few) visit(*slot);
  }
  template <typename Visit>
  void ForEachSlot(const Visit& visit) const {
    if (slots_.has_value()) WalkInOrder(*slots_, visit);
  }

  std::optional<Slots> slots_;  // none of most kinds
};

}  // namespace fundgate::core

#endif  // SERVER_CORE_DRAFT_TABLE_H_
