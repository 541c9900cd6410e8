// What a sidecar has done since it was started.
#ifndef SERVER_SIDECAR_FEED_COUNTERS_H_
#define SERVER_SIDECAR_FEED_COUNTERS_H_

#include <atomic>
#include <cstdint>

namespace fundgate::feed {

// Any thread. They only grow.
struct Counters {
  std::atomic<uint64_t> transactions = 0;  // ended, mapped or not
  std::atomic<uint64_t> events = 0;        // of these, told to the gate
  std::atomic<uint64_t> gaps = 0;          // of these, what couldn't be read
  std::atomic<uint64_t> requests = 0;      // sent
  std::atomic<uint64_t> probes = 0;        // sent
  std::atomic<uint64_t> sessions = 0;      // begun: one more after each loss of a connection
};

}  // namespace fundgate::feed

#endif  // SERVER_SIDECAR_FEED_COUNTERS_H_
