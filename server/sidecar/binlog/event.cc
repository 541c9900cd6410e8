#include "server/sidecar/binlog/event.h"

#include <zlib.h>

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "server/sidecar/binlog/bytes.h"

namespace fundgate::binlog {
namespace {

struct TypeName {
  EventType type = EventType::kUnknown;
  const char* name = nullptr;
};

constexpr TypeName kNames[] = {
    {EventType::kQuery, "QUERY"},
    {EventType::kStop, "STOP"},
    {EventType::kRotate, "ROTATE"},
    {EventType::kIntVar, "INTVAR"},
    {EventType::kLoad, "LOAD"},
    {EventType::kRand, "RAND"},
    {EventType::kUserVar, "USER_VAR"},
    {EventType::kFormatDescription, "FORMAT_DESCRIPTION"},
    {EventType::kXid, "XID"},
    {EventType::kBeginLoadQuery, "BEGIN_LOAD_QUERY"},
    {EventType::kExecuteLoadQuery, "EXECUTE_LOAD_QUERY"},
    {EventType::kTableMap, "TABLE_MAP"},
    {EventType::kWriteRowsV1, "WRITE_ROWS_V1"},
    {EventType::kUpdateRowsV1, "UPDATE_ROWS_V1"},
    {EventType::kDeleteRowsV1, "DELETE_ROWS_V1"},
    {EventType::kIncident, "INCIDENT"},
    {EventType::kHeartbeat, "HEARTBEAT"},
    {EventType::kRowsQuery, "ROWS_QUERY"},
    {EventType::kWriteRows, "WRITE_ROWS"},
    {EventType::kUpdateRows, "UPDATE_ROWS"},
    {EventType::kDeleteRows, "DELETE_ROWS"},
    {EventType::kGtid, "GTID"},
    {EventType::kAnonymousGtid, "ANONYMOUS_GTID"},
    {EventType::kPreviousGtids, "PREVIOUS_GTIDS"},
    {EventType::kXaPrepare, "XA_PREPARE"},
    {EventType::kPartialUpdateRows, "PARTIAL_UPDATE_ROWS"},
    {EventType::kTransactionPayload, "TRANSACTION_PAYLOAD"},
    {EventType::kHeartbeatV2, "HEARTBEAT"},
    {EventType::kGtidTagged, "GTID_TAGGED"},
    {EventType::kAnnotateRows, "ANNOTATE_ROWS"},
    {EventType::kBinlogCheckpoint, "BINLOG_CHECKPOINT"},
    {EventType::kMariaDbGtid, "GTID"},
    {EventType::kGtidList, "GTID_LIST"},
    {EventType::kStartEncryption, "START_ENCRYPTION"},
    {EventType::kQueryCompressed, "QUERY_COMPRESSED"},
    {EventType::kWriteRowsCompressedV1, "WRITE_ROWS_COMPRESSED_V1"},
    {EventType::kUpdateRowsCompressedV1, "UPDATE_ROWS_COMPRESSED_V1"},
    {EventType::kDeleteRowsCompressedV1, "DELETE_ROWS_COMPRESSED_V1"},
};

constexpr size_t kFlagsAt = 17;

}  // namespace

std::string NameOf(EventType type) {
  for (const TypeName& known : kNames) {
    if (known.type == type) return known.name;
  }
  return absl::StrCat("type ", static_cast<int>(type));
}

EventHeader ReadHeader(std::span<const uint8_t> bytes) {
  Bytes in(bytes);
  EventHeader header;
  header.timestamp = static_cast<uint32_t>(in.Little(4));
  header.type = static_cast<EventType>(in.Byte());
  header.server_id = static_cast<uint32_t>(in.Little(4));
  header.size = static_cast<uint32_t>(in.Little(4));
  header.end_position = static_cast<uint32_t>(in.Little(4));
  header.flags = static_cast<uint16_t>(in.Little(2));
  return header;
}

bool ChecksumHolds(std::span<const uint8_t> event) {
  if (event.size() < EventHeader::kSize + kChecksumSize) return false;
  const size_t covered = event.size() - kChecksumSize;
  std::array<uint8_t, EventHeader::kSize> header = {};
  std::copy_n(event.begin(), header.size(), header.begin());
  if (static_cast<EventType>(header[4]) == EventType::kFormatDescription)
    header[kFlagsAt] &= static_cast<uint8_t>(~EventHeader::kInUse);
  uLong sum = ::crc32(0, header.data(), header.size());
  sum = ::crc32_z(sum, event.data() + header.size(), covered - header.size());
  return Bytes(event.subspan(covered)).Little(kChecksumSize) == sum;
}

}  // namespace fundgate::binlog
