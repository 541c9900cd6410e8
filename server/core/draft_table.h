// The records of one kind that an input has read or changed, while it is being judged.
#ifndef SERVER_CORE_DRAFT_TABLE_H_
#define SERVER_CORE_DRAFT_TABLE_H_

#include <algorithm>
#include <cstddef>
#include <list>
#include <memory>
#include <memory_resource>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "server/core/changed_records.h"

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
  using Memory = std::pmr::memory_resource;  // the same in every call; it outlives the table

  DraftTable() = default;
  DraftTable(const DraftTable&) = delete;
  DraftTable& operator=(const DraftTable&) = delete;
  ~DraftTable() {
    if (slots_ != nullptr) std::destroy_at(slots_);
  }

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

  // Makes the list of everything changed. Once more after later changes.
  void Settle() {
    if (slots_ == nullptr) return;
    slots_->settled.clear();
    WalkInOrder(*slots_, [this](const Slot& slot) {
      if (slot.changed) slots_->settled.push_back(&slot);
    });
  }
  // That list; valid until the next change.
  ChangedRecords<Kind> settled() const {
    return slots_ == nullptr ? ChangedRecords<Kind>() : ChangedRecords<Kind>(slots_->settled);
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

  struct Slot : ChangedRecord<Kind> {
    explicit Slot(const Id& of) : ChangedRecord<Kind>{of, std::nullopt} {}
    explicit Slot(Id&& of) : ChangedRecord<Kind>{std::move(of), std::nullopt} {}

    bool changed = false;
  };

  struct ById {
    using is_transparent = void;
    bool operator()(const Slot* a, const Slot* b) const { return a->id < b->id; }
    bool operator()(const Slot* a, const Id& b) const { return a->id < b; }
    bool operator()(const Id& a, const Slot* b) const { return a < b->id; }
  };

  struct Slots {
    explicit Slots(Memory& memory) : all(&memory), index(&memory), settled(&memory) {}

    std::pmr::list<Slot> all;          // which stay where they are
    std::pmr::set<Slot*, ById> index;  // of all, once they are more than kFew
    std::pmr::vector<const ChangedRecord<Kind>*> settled;
  };

  const Slot* FindSlot(const Id& id) const {
    if (slots_ == nullptr) return nullptr;
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
    if (slots_ == nullptr) {
      slots_ = std::pmr::polymorphic_allocator<>(&memory).template new_object<Slots>(memory);
    }
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
    if (slots.all.size() == 1) return visit(slots.all.front());
    absl::InlinedVector<decltype(&slots.all.front()), kFew> few;
    for (auto& slot : slots.all) few.push_back(&slot);
    std::sort(few.begin(), few.end(), ById());
    for (auto* slot : few) visit(*slot);
  }
  template <typename Visit>
  void ForEachSlot(const Visit& visit) const {
    if (slots_ != nullptr) WalkInOrder(*slots_, visit);
  }

  Slots* slots_ = nullptr;  // in the tables' memory; null of most kinds
};

}  // namespace fundgate::core

#endif  // SERVER_CORE_DRAFT_TABLE_H_
