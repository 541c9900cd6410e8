// The names that MySQL gives to transactions.
#ifndef SERVER_SIDECAR_BINLOG_GTID_H_
#define SERVER_SIDECAR_BINLOG_GTID_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace fundgate::binlog {

// Of the body of a GTID event: "UUID:NUMBER". Nothing if it is damaged.
std::optional<std::string> ReadGtid(std::span<const uint8_t> body);

// Of the body of a GTID_TAGGED event, which MySQL 8.3 and later write for a GTID with a tag:
// "UUID:TAG:NUMBER". Nothing if it is damaged, or holds what must be understood and isn't here.
// Source of the format: MySQL's page on its serialization library.
std::optional<std::string> ReadTaggedGtid(std::span<const uint8_t> body);

}  // namespace fundgate::binlog

#endif  // SERVER_SIDECAR_BINLOG_GTID_H_
