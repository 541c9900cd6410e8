// MySQL's binary JSON to text. (MariaDB's JSON is text already.)
#ifndef SERVER_SIDECAR_BINLOG_JSON_H_
#define SERVER_SIDECAR_BINLOG_JSON_H_

#include <cstdint>
#include <span>
#include <string_view>

#include "server/sidecar/binlog/arena.h"

namespace fundgate::binlog {

// Writes a document as MySQL prints it, {"a": [1, "b"]}, into `arena`. Dates, times and decimals
// inside are quoted strings; other values of SQL are "base64:typeN:...". False if the bytes are
// damaged, nested deeper than the server allows, or would unfold to far more than they are.
bool JsonToText(std::span<const uint8_t> document, Arena& arena, std::string_view& text);

}  // namespace fundgate::binlog

#endif  // SERVER_SIDECAR_BINLOG_JSON_H_
