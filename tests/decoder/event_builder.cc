#include "tests/decoder/event_builder.h"

#include <zstd.h>

#include <array>

namespace fundgate::decoder_testing {
namespace {

using binlog::EventType;

uint32_t Crc32(const uint8_t* at, size_t size) {
  // Bit by bit: another way than the one that is tested.
  uint32_t sum = 0xffffffff;
  for (size_t i = 0; i < size; ++i) {
    sum ^= at[i];
    for (int bit = 0; bit < 8; ++bit) sum = sum >> 1 ^ ((sum & 1) != 0 ? 0xedb88320U : 0U);
  }
  return ~sum;
}

// Sizes of the post headers from type 1 on, as servers announce them.
constexpr std::array<uint8_t, 42> kPostHeaders = {
    56, 13, 0, 8, 0, 18, 0, 4,  4,  4,  18, 0,  0, 95, 0,  4, 26, 8,  0, 0, 0,
    8,  8,  8, 2, 0, 0,  0, 10, 10, 10, 42, 42, 0, 18, 52, 0, 10, 40, 0, 0};

}  // namespace

Body& Body::Little(uint64_t value, size_t size) {
  for (size_t i = 0; i < size; ++i)
    bytes.push_back(i < 8 ? static_cast<uint8_t>(value >> (8 * i)) : 0);
  return *this;
}

Body& Body::Raw(std::initializer_list<int> raw) {
  for (const int byte : raw) bytes.push_back(static_cast<uint8_t>(byte));
  return *this;
}

Body& Body::Text(std::string_view text) {
  bytes.insert(bytes.end(), text.begin(), text.end());
  return *this;
}

Body& Body::ShortText(std::string_view text) { return Byte(text.size()).Text(text); }

void FixChecksum(EventBytes& event) {
  const size_t covered = event.size() - binlog::kChecksumSize;
  const uint32_t sum = Crc32(event.data(), covered);
  for (size_t i = 0; i < binlog::kChecksumSize; ++i)
    event[covered + i] = static_cast<uint8_t>(sum >> (8 * i));
}

EventBytes MakeEvent(EventType type, const Body& body, const EventOptions& options) {
  const size_t size = binlog::EventHeader::kSize + body.bytes.size() +
                      (options.checksum ? binlog::kChecksumSize : 0);
  Body event;
  event.Little(1700000000, 4).Byte(static_cast<uint8_t>(type)).Little(options.server_id, 4);
  event.Little(size, 4).Little(options.end_position, 4).Little(options.flags, 2);
  event.bytes.insert(event.bytes.end(), body.bytes.begin(), body.bytes.end());
  event.bytes.resize(size);
  if (options.checksum) FixChecksum(event.bytes);
  return event.bytes;
}

EventBytes MakeFormat(std::string_view server, bool checksums) {
  Body body;
  body.Little(4, 2).Text(server);
  body.bytes.resize(52);
  body.Little(0, 4).Byte(19);
  body.bytes.insert(body.bytes.end(), kPostHeaders.begin(), kPostHeaders.end());
  body.Byte(checksums ? 1 : 0);
  return MakeEvent(EventType::kFormatDescription, body);
}

EventBytes MakeMariaDbGtid(uint64_t sequence, uint8_t flags) {
  return MakeEvent(EventType::kMariaDbGtid,
                   Body().Little(sequence, 8).Little(0, 4).Byte(flags).Little(0, 6));
}

EventBytes MakeQuery(std::string_view sql, std::string_view database) {
  return MakeEvent(
      EventType::kQuery,
      Body().Little(0, 8).Byte(database.size()).Little(0, 4).Text(database).Byte(0).Text(sql));
}

EventBytes MakeXid() { return MakeEvent(EventType::kXid, Body().Little(1, 8)); }

EventBytes MakeTableMap(const TableParts& parts) {
  Body body;
  body.Little(parts.id, 6).Little(1, 2).ShortText("d").Byte(0).ShortText(parts.name).Byte(0);
  body.Byte(parts.types.size());
  body.bytes.insert(body.bytes.end(), parts.types.begin(), parts.types.end());
  body.Byte(parts.metadata.size());
  body.bytes.insert(body.bytes.end(), parts.metadata.begin(), parts.metadata.end());
  body.bytes.resize(body.bytes.size() + (parts.types.size() + 7) / 8, 0xff);
  body.bytes.insert(body.bytes.end(), parts.optional.bytes.begin(), parts.optional.bytes.end());
  return MakeEvent(EventType::kTableMap, body);
}

EventBytes MakeRows(EventType type, uint64_t id, size_t columns, const Body& image,
                    uint16_t flags) {
  Body body;
  body.Little(id, 6).Little(flags, 2);
  if (type == EventType::kWriteRows || type == EventType::kDeleteRows)
    body.Little(5, 2).Raw({0, 1, 2});  // extra data of three bytes
  body.Byte(columns).Byte(0xff).Byte(0);
  body.bytes.insert(body.bytes.end(), image.bytes.begin(), image.bytes.end());
  return MakeEvent(type, body);
}

EventBytes WithoutChecksum(EventBytes event) {
  event.resize(event.size() - binlog::kChecksumSize);
  for (size_t i = 0; i < 4; ++i) event[9 + i] = static_cast<uint8_t>(event.size() >> (8 * i));
  return event;
}

EventBytes MakePayload(const std::vector<EventBytes>& events, Packing packing) {
  EventBytes plain;
  for (const EventBytes& event : events) {
    const EventBytes bare = WithoutChecksum(event);
    plain.insert(plain.end(), bare.begin(), bare.end());
  }
  EventBytes packed = plain;
  if (packing == Packing::kZstd) {
    packed.resize(::ZSTD_compressBound(plain.size()));
    packed.resize(::ZSTD_compress(packed.data(), packed.size(), plain.data(), plain.size(), 3));
  }
  // Sizes as integers of three bytes behind the mark that says so.
  Body body;
  body.Raw({2, 3, 0xfc}).Little(static_cast<uint8_t>(packing), 2);
  body.Raw({1, 4, 0xfd}).Little(packed.size(), 3);
  body.Raw({3, 4, 0xfd}).Little(plain.size(), 3).Byte(0);
  body.bytes.insert(body.bytes.end(), packed.begin(), packed.end());
  return MakeEvent(EventType::kTransactionPayload, body);
}

}  // namespace fundgate::decoder_testing
