// What a sidecar has done since it was started, and how it is.
#ifndef SERVER_SIDECAR_FEED_COUNTERS_H_
#define SERVER_SIDECAR_FEED_COUNTERS_H_

#include <atomic>
#include <cstdint>

namespace fundgate::feed {

// Any thread.
struct Counters {
  // They only grow.
  std::atomic<uint64_t> bytes = 0;          // read from the source
  std::atomic<uint64_t> rows = 0;           // told by it, mapped or not
  std::atomic<uint64_t> transactions = 0;   // ended, mapped or not
  std::atomic<uint64_t> events = 0;         // of these, told to the gate
  std::atomic<uint64_t> gaps = 0;           // of these, what couldn't be read
  std::atomic<uint64_t> requests = 0;       // sent
  std::atomic<uint64_t> probes = 0;         // sent
  std::atomic<uint64_t> sessions = 0;       // begun: one more after each loss of a connection
  std::atomic<uint64_t> head_failures = 0;  // readings of the source's head that failed

  // As they are now.
  std::atomic<bool> following = false;    // connected to the source and to the gate
  std::atomic<int64_t> committed_at = 0;  // the newest transaction read, since 1970; 0: none
  std::atomic<int64_t> unacknowledged_nanos = 0;  // since when the gate owes an acknowledgement
};

}  // namespace fundgate::feed

#endif  // SERVER_SIDECAR_FEED_COUNTERS_H_
