// A table map and the bytes that it was read from. Part of Reader.
#ifndef SERVER_SIDECAR_BINLOG_CACHED_MAP_H_
#define SERVER_SIDECAR_BINLOG_CACHED_MAP_H_

#include <cstdint>
#include <vector>

#include "server/sidecar/binlog/reader.h"
#include "server/sidecar/binlog/table_map.h"

namespace fundgate::binlog {

// Servers send the same map before every statement: one whose bytes haven't changed isn't read
// again.
struct Reader::CachedMap {
  std::vector<uint8_t> body;
  MappedTable mapped;
  uint64_t changed_in = 0;  // Reader::transactions_ when it last had rows
  uint64_t statements = 0;  // Reader::statements_ when it was read
};

}  // namespace fundgate::binlog

#endif  // SERVER_SIDECAR_BINLOG_CACHED_MAP_H_
