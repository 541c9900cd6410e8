// The binlog of a server, event by event, as a replica is sent it.
#ifndef SERVER_SIDECAR_SOURCES_EVENT_STREAM_H_
#define SERVER_SIDECAR_SOURCES_EVENT_STREAM_H_

#include <cstdint>
#include <span>

#include "absl/status/statusor.h"

namespace fundgate::sources {

// Thread safety: one thread at a time; Interrupt from any.
class EventStream {
 public:
  virtual ~EventStream() = default;

  // The next event, with its header and its checksum, also artificial ones and heartbeats: waits
  // for it, at most as long as the session's timeout. The bytes are valid until the next call.
  // Fails as DatabaseError() says; the stream is of no more use then.
  virtual absl::StatusOr<std::span<const uint8_t>> Fetch() = 0;

  // Any thread: Fetch fails with UNAVAILABLE, now and later.
  virtual void Interrupt() = 0;
};

}  // namespace fundgate::sources

#endif  // SERVER_SIDECAR_SOURCES_EVENT_STREAM_H_
