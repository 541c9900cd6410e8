// What MariaDB packs with zlib: events and columns.
#ifndef SERVER_SIDECAR_BINLOG_INFLATE_H_
#define SERVER_SIDECAR_BINLOG_INFLATE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/sidecar/binlog/arena.h"

namespace fundgate::binlog {

// No event and no value of a server is larger than its max_allowed_packet, at most 1 GiB.
inline constexpr uint64_t kMaxInflated = uint64_t{1} << 30;

// The text or rows of a compressed event (log_bin_compress), into `out`, whose memory is used
// again. An error is a sentence without a place.
absl::Status InflateEvent(std::span<const uint8_t> packed, std::vector<uint8_t>& out);

// A value of a COMPRESSED column, in `arena` or in `packed` itself.
absl::StatusOr<std::string_view> InflateColumn(std::span<const uint8_t> packed, Arena& arena);

}  // namespace fundgate::binlog

#endif  // SERVER_SIDECAR_BINLOG_INFLATE_H_
