// Numbers that only grow, and that others read while they do.
#ifndef SERVER_METRICS_COUNTER_H_
#define SERVER_METRICS_COUNTER_H_

#include <atomic>
#include <cstdint>

namespace fundgate::metrics {

// Any thread counts, any thread reads.
class Counter {
 public:
  void Add(uint64_t count = 1) { value_.fetch_add(count, std::memory_order_relaxed); }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

// One thread counts, any thread reads: costs what a plain number does.
class OwnedCounter {
 public:
  void Add(uint64_t count = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
  }
  void Subtract(uint64_t count = 1) {
    value_.store(value_.load(std::memory_order_relaxed) - count, std::memory_order_relaxed);
  }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

}  // namespace fundgate::metrics

#endif  // SERVER_METRICS_COUNTER_H_
