// FORMAT_DESCRIPTION: how the events after it are laid out.
#ifndef SERVER_SIDECAR_BINLOG_FORMAT_H_
#define SERVER_SIDECAR_BINLOG_FORMAT_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/sidecar/binlog/event.h"

namespace fundgate::binlog {

struct Format {
  std::string server_version;  // "10.11.19-MariaDB-log"
  bool mariadb = false;
  uint8_t header_size = EventHeader::kSize;
  bool checksums = false;  // the events after it end with a CRC32

  // Bytes that stand before the variable part of a type's body; `usual` for a type that the
  // server's list doesn't have.
  size_t PostHeaderSize(EventType type, size_t usual) const;

  std::vector<uint8_t> post_header_sizes;  // from type 1 on
};

// Reads a whole event (header included, whose size holds). Checks its own CRC32 where the server's
// version writes one. An error is a sentence without a place: DATA_LOSS for damage,
// FAILED_PRECONDITION for a format that isn't read here.
absl::StatusOr<Format> ReadFormat(std::span<const uint8_t> event);

}  // namespace fundgate::binlog

#endif  // SERVER_SIDECAR_BINLOG_FORMAT_H_
