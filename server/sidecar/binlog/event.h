// The frame that all events share: a header of 19 bytes, a body, sometimes a CRC32.
#ifndef SERVER_SIDECAR_BINLOG_EVENT_H_
#define SERVER_SIDECAR_BINLOG_EVENT_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace fundgate::binlog {

// The type codes of events. Written by servers: never renumber. From 160 on they are MariaDB's.
enum class EventType : uint8_t {
  kUnknown = 0,
  kQuery = 2,
  kStop = 3,
  kRotate = 4,
  kIntVar = 5,
  kLoad = 6,
  kSlave = 7,
  kCreateFile = 8,
  kAppendBlock = 9,
  kExecLoad = 10,
  kDeleteFile = 11,
  kNewLoad = 12,
  kRand = 13,
  kUserVar = 14,
  kFormatDescription = 15,
  kXid = 16,
  kBeginLoadQuery = 17,
  kExecuteLoadQuery = 18,
  kTableMap = 19,
  kWriteRowsV1 = 23,
  kUpdateRowsV1 = 24,
  kDeleteRowsV1 = 25,
  kIncident = 26,
  kHeartbeat = 27,
  kIgnorable = 28,
  kRowsQuery = 29,
  kWriteRows = 30,
  kUpdateRows = 31,
  kDeleteRows = 32,
  kGtid = 33,
  kAnonymousGtid = 34,
  kPreviousGtids = 35,
  kTransactionContext = 36,
  kViewChange = 37,
  kXaPrepare = 38,
  kPartialUpdateRows = 39,
  kTransactionPayload = 40,
  kHeartbeatV2 = 41,
  kGtidTagged = 42,
  kAnnotateRows = 160,
  kBinlogCheckpoint = 161,
  kMariaDbGtid = 162,
  kGtidList = 163,
  kStartEncryption = 164,
  kQueryCompressed = 165,
  kWriteRowsCompressedV1 = 166,
  kUpdateRowsCompressedV1 = 167,
  kDeleteRowsCompressedV1 = 168,
  kWriteRowsCompressed = 169,
  kUpdateRowsCompressed = 170,
  kDeleteRowsCompressed = 171,
};

// For errors: "TABLE_MAP", or "type 200" for one that has no name here.
std::string NameOf(EventType type);

struct EventHeader {
  static constexpr size_t kSize = 19;
  static constexpr uint16_t kInUse = 0x0001;  // of a format description: its file is still written
  static constexpr uint16_t kArtificial = 0x0020;  // made for this connection, in no file
  static constexpr uint16_t kIgnorable = 0x0080;   // who doesn't know the type may skip it
  static constexpr uint16_t kSkipReplication = 0x8000;

  uint32_t timestamp = 0;  // seconds since 1970
  EventType type = EventType::kUnknown;
  uint32_t server_id = 0;
  uint32_t size = 0;          // of the whole event: header, body and CRC
  uint32_t end_position = 0;  // in its file, modulo 2^32; 0 for some artificial events
  uint16_t flags = 0;
};

// Reads the header at the beginning of `bytes`, which has at least kSize of them.
EventHeader ReadHeader(std::span<const uint8_t> bytes);

// Where the event begins in its file; 0 for artificial ones, which are in none.
inline uint64_t OffsetOf(const EventHeader& header) {
  return header.end_position > header.size ? header.end_position - header.size : 0;
}

inline constexpr size_t kChecksumSize = 4;

// Whether the last 4 bytes of a whole event are the CRC32 of what stands before them. The in-use
// flag of a format description is taken as cleared: the server sets it without counting anew.
bool ChecksumHolds(std::span<const uint8_t> event);

}  // namespace fundgate::binlog

#endif  // SERVER_SIDECAR_BINLOG_EVENT_H_
