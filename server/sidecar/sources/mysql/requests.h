// What a reader of MySQL's binlog asks of the server, byte by byte. No I/O. Source: MySQL Internals
// Manual, "Replication Protocol".
#ifndef SERVER_SIDECAR_SOURCES_MYSQL_REQUESTS_H_
#define SERVER_SIDECAR_SOURCES_MYSQL_REQUESTS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace fundgate::sources {

// Commands of the protocol. Fixed by servers.
inline constexpr int kComRegisterSlave = 21;
inline constexpr int kComBinlogDumpGtid = 30;

// The body of COM_BINLOG_DUMP_GTID: everything but the transactions of `executed`, a GTID set such
// as "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5:7", from the oldest log on; empty: everything.
// `stops_at_end`: what is logged, without waiting for more. INVALID_ARGUMENT if it isn't a set.
absl::StatusOr<std::string> DumpRequest(uint32_t server_id, std::string_view executed,
                                        bool stops_at_end);

// The body of COM_REGISTER_SLAVE: how the reader is listed by SHOW SLAVE HOSTS.
std::string RegisterRequest(uint32_t server_id, std::string_view host);

}  // namespace fundgate::sources

#endif  // SERVER_SIDECAR_SOURCES_MYSQL_REQUESTS_H_
