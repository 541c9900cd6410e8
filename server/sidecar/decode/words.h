// The words that both forms of output share.
#ifndef SERVER_SIDECAR_DECODE_WORDS_H_
#define SERVER_SIDECAR_DECODE_WORDS_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "server/sidecar/binlog/table.h"
#include "server/sidecar/binlog/transaction.h"
#include "server/sidecar/binlog/value.h"

namespace fundgate::decode {

std::string_view WordOf(binlog::RowOperation operation);           // "insert"
std::string_view WordOf(binlog::TransactionEnd end);               // "commit"
std::string_view WordOf(binlog::Unreadable::Kind kind);            // "statement"
std::string ColumnName(const binlog::Table& table, size_t index);  // or "@1"
std::string TimeText(int64_t seconds);                             // "2026-11-20T10:00:00Z"
// Text for a line of a terminal: control characters and backslashes are escaped, and quotes if
// asked.
std::string OneLine(std::string_view text, bool quotes);
std::string RealText(const binlog::Value& value);  // the shortest that reads back alike

}  // namespace fundgate::decode

#endif  // SERVER_SIDECAR_DECODE_WORDS_H_
