// TRANSACTION_PAYLOAD: a transaction's events in one event, compressed by MySQL
// (binlog_transaction_compression).
#ifndef SERVER_SIDECAR_BINLOG_PAYLOAD_H_
#define SERVER_SIDECAR_BINLOG_PAYLOAD_H_

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "server/sidecar/binlog/bytes.h"

struct ZSTD_DCtx_s;

namespace fundgate::binlog {

// Hands out the events inside one after another, so that memory holds one of them and what zstd
// looks back at (at most 128 MiB, 8 MiB as servers compress unless told otherwise).
class Payload {
 public:
  // `body`: the event without header and CRC, which lives longer. An error is a sentence without a
  // place: DATA_LOSS for damage, UNIMPLEMENTED for a compression that isn't known.
  static absl::StatusOr<Payload> Open(std::span<const uint8_t> body);

  // The next event: its header and body, without a CRC, which events inside don't have. Empty at
  // the end. Valid until the next call. DATA_LOSS: a sentence without a place.
  absl::StatusOr<std::span<const uint8_t>> Next();

 private:
  struct Free {
    void operator()(ZSTD_DCtx_s* context) const;
  };

  explicit Payload(std::span<const uint8_t> packed) : packed_(packed) {}
  // Adds `size` bytes to the event, or as many as there are.
  absl::Status Unpack(size_t size);

  std::span<const uint8_t> packed_;
  size_t at_ = 0;  // what is unpacked of packed_
  bool compressed_ = true;
  uint64_t left_ = 0;  // bytes that are announced and haven't come
  std::unique_ptr<ZSTD_DCtx_s, Free> context_;
  std::vector<uint8_t> event_;
};

}  // namespace fundgate::binlog

#endif  // SERVER_SIDECAR_BINLOG_PAYLOAD_H_
