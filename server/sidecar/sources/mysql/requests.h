// What a reader of MySQL's binlog asks of the server, byte by byte. No I/O. Source: MySQL Internals
// Manual, "Replication Protocol".
#ifndef SERVER_SIDECAR_SOURCES_MYSQL_REQUESTS_H_
#define SERVER_SIDECAR_SOURCES_MYSQL_REQUESTS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/sidecar/sources/file_position.h"

namespace fundgate::sources {

// Commands of the protocol. Fixed by servers.
inline constexpr int kComBinlogDump = 18;
inline constexpr int kComRegisterSlave = 21;
inline constexpr int kComBinlogDumpGtid = 30;

// The body of COM_BINLOG_DUMP_GTID: everything but the transactions of `executed`, a GTID set such
// as "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5:7", from the oldest log on; empty: everything. A set
// with tags ("...:tag:1-3") is written as servers since 8.3 understand it, others don't.
// `stops_at_end`: what is logged, without waiting for more. INVALID_ARGUMENT if it isn't a set.
absl::StatusOr<std::string> DumpRequest(uint32_t server_id, std::string_view executed,
                                        bool stops_at_end);

// The body of COM_BINLOG_DUMP: everything from this byte of a file on; without a name of the
// oldest. INVALID_ARGUMENT if the offset doesn't fit 32 bits.
absl::StatusOr<std::string> DumpRequest(uint32_t server_id, const FilePlace& place,
                                        bool stops_at_end);

// The body of COM_REGISTER_SLAVE: how the reader is listed by SHOW SLAVE HOSTS.
std::string RegisterRequest(uint32_t server_id, std::string_view host);

}  // namespace fundgate::sources

#endif  // SERVER_SIDECAR_SOURCES_MYSQL_REQUESTS_H_
