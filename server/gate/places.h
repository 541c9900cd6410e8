// So many at once, and no more.
#ifndef SERVER_GATE_PLACES_H_
#define SERVER_GATE_PLACES_H_

#include <atomic>
#include <cstddef>
#include <optional>
#include <utility>

namespace fundgate::gate {

// Given back when it goes.
class Place {
 public:
  Place(Place&& other) noexcept : taken_(std::exchange(other.taken_, nullptr)) {}
  Place& operator=(Place&&) = delete;
  ~Place() {
    if (taken_ != nullptr) --*taken_;
  }

 private:
  friend class Places;
  explicit Place(std::atomic<size_t>& taken) : taken_(&taken) {}
  std::atomic<size_t>* taken_;
};

// Must outlive its places. Any thread.
class Places {
 public:
  explicit Places(size_t count) : count_(count) {}

  // Nothing if all are taken.
  std::optional<Place> Take() {
    Place place(taken_);
    if (++taken_ > count_) return std::nullopt;
    return place;
  }

  size_t taken() const { return taken_; }

 private:
  const size_t count_;
  std::atomic<size_t> taken_{0};
};

}  // namespace fundgate::gate

#endif  // SERVER_GATE_PLACES_H_
