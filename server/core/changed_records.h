// The records of one kind that an input has changed.
#ifndef SERVER_CORE_CHANGED_RECORDS_H_
#define SERVER_CORE_CHANGED_RECORDS_H_

#include <cstddef>
#include <iterator>
#include <optional>
#include <span>

namespace fundgate::core {

// A record as it became.
template <typename Kind>
struct ChangedRecord {
  typename Kind::Id id;
  std::optional<typename Kind::Record> record;  // nothing: it goes
};

// Sorted by id, each id once: a view of records that lie elsewhere.
template <typename Kind>
class ChangedRecords {
 public:
  using Pointers = std::span<const ChangedRecord<Kind>* const>;

  class Iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = ChangedRecord<Kind>;
    using difference_type = std::ptrdiff_t;
    using pointer = const value_type*;
    using reference = const value_type&;

    Iterator() = default;
    explicit Iterator(typename Pointers::iterator at) : at_(at) {}

    reference operator*() const { return **at_; }
    pointer operator->() const { return *at_; }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    Iterator operator++(int) {
      Iterator before = *this;
      ++at_;
      return before;
    }
    friend bool operator==(const Iterator&, const Iterator&) = default;

   private:
    typename Pointers::iterator at_;
  };
  using value_type = ChangedRecord<Kind>;
  using iterator = Iterator;
  using const_iterator = Iterator;

  ChangedRecords() = default;
  explicit ChangedRecords(Pointers records) : records_(records) {}

  Iterator begin() const { return Iterator(records_.begin()); }
  Iterator end() const { return Iterator(records_.end()); }
  size_t size() const { return records_.size(); }
  bool empty() const { return records_.empty(); }

 private:
  Pointers records_;
};

}  // namespace fundgate::core

#endif  // SERVER_CORE_CHANGED_RECORDS_H_
