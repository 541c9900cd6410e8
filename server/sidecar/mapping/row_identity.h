// What names a row and its contents towards the gate.
#ifndef SERVER_SIDECAR_MAPPING_ROW_IDENTITY_H_
#define SERVER_SIDECAR_MAPPING_ROW_IDENTITY_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "server/sidecar/binlog/table.h"
#include "server/sidecar/binlog/value.h"

namespace fundgate::mapping {

// Whether two columns hold the same: kind and contents. Two absent ones do.
bool SameValue(const binlog::Value& a, const binlog::Value& b);

// EventRow.primary_key: the key's values as text, in the key's order, joined by commas. In each
// value commas, percent signs and control bytes (also those of BINARY that are not ASCII) are
// percent-escaped; an empty value is a lone "%", NULL (which no primary key holds) is "%N" and a
// value that the image lacks "%A".
std::string PrimaryKeyText(const binlog::Table& table, std::span<const binlog::Value> image);

// Bytes of EventRow.primary_key that the contract takes.
inline constexpr size_t kMaxPrimaryKeyBytes = 1024;

// EventRow.image_hash: FNV-1a, 64 bits (server/policy/fnv1a.h), over all columns in the table's
// order. Each adds one byte for its class and then
//   0  absent, 1 NULL                 nothing
//   2  whole numbers, BIT, YEAR       8 bytes, two's complement, least significant first
//   3  FLOAT, DOUBLE                  8 bytes of its IEEE 754 double, least significant first
//   4  everything else                4 bytes of length, least significant first, and the text of
//                                     binlog::Value: labels of ENUM and SET, digits of DECIMAL
// Frozen: the gate compares hashes over years. Never 0, which says that there is no row.
uint64_t ImageHash(std::span<const binlog::Value> image);

// Valid UTF-8 of at most `max_bytes` bytes: cut between two characters, each byte that is part of
// no character replaced by "?".
std::string CutText(std::string_view text, size_t max_bytes);

}  // namespace fundgate::mapping

#endif  // SERVER_SIDECAR_MAPPING_ROW_IDENTITY_H_
