#include "server/sidecar/binlog/payload.h"

#include <zstd.h>

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "server/sidecar/binlog/event.h"

namespace fundgate::binlog {
namespace {

// Fields of the head and kinds of compression. Written by servers: never renumber.
constexpr uint64_t kEndOfHead = 0;
constexpr uint64_t kSize = 1;
constexpr uint64_t kCompression = 2;
constexpr uint64_t kUnpackedSize = 3;
constexpr uint64_t kZstd = 0;
constexpr uint64_t kNone = 255;

// What is unpacked at a time: a damaged size must not cost memory that its data doesn't fill.
constexpr size_t kStep = size_t{64} << 10;

}  // namespace

void Payload::Free::operator()(ZSTD_DCtx_s* context) const { ::ZSTD_freeDCtx(context); }

absl::StatusOr<Payload> Payload::Open(std::span<const uint8_t> body) {
  Bytes in(body);
  uint64_t size = 0;
  uint64_t compression = kZstd;
  uint64_t unpacked_size = 0;
  while (in.ok()) {
    const uint64_t field = in.Packed();
    if (field == kEndOfHead) break;
    Bytes value(in.Take(in.Packed()));
    if (field == kSize) size = value.Packed();
    if (field == kCompression) compression = value.Packed();
    if (field == kUnpackedSize) unpacked_size = value.Packed();
    if (!value.ok()) in.Fail();
  }
  if (!in.ok() || size == 0 || size != in.left() || (compression == kZstd && unpacked_size == 0))
    return absl::DataLossError("the head of the compressed transaction is damaged");
  if (compression != kZstd && compression != kNone) {
    return absl::UnimplementedError(
        absl::StrCat("a transaction is compressed in way ", compression, ", which isn't known"));
  }
  Payload payload(in.rest());
  payload.compressed_ = compression == kZstd;
  payload.left_ = payload.compressed_ ? unpacked_size : size;
  if (payload.compressed_) {
    payload.context_.reset(::ZSTD_createDCtx());
    if (payload.context_ == nullptr) return absl::ResourceExhaustedError("zstd has no memory");
  }
  return payload;
}

absl::StatusOr<std::span<const uint8_t>> Payload::Next() {
  event_.clear();
  if (left_ == 0) {
    if (at_ != packed_.size())
      return absl::DataLossError("the compressed transaction holds more than it announces");
    return std::span<const uint8_t>();
  }
  FUNDGATE_RETURN_IF_ERROR(Unpack(EventHeader::kSize));
  const size_t size = ReadHeader(event_).size;
  if (size < EventHeader::kSize || size - EventHeader::kSize > left_) {
    return absl::DataLossError(absl::StrCat("an event of ", size,
                                            " bytes is announced in a compressed transaction, of",
                                            " which ", left_, " bytes are left"));
  }
  while (event_.size() < size)
    FUNDGATE_RETURN_IF_ERROR(Unpack(std::min(kStep, size - event_.size())));
  return std::span<const uint8_t>(event_);
}

absl::Status Payload::Unpack(size_t size) {
  const size_t before = event_.size();
  if (size > left_) return absl::DataLossError("the compressed transaction ends inside an event");
  left_ -= size;
  if (!compressed_) {
    const std::span<const uint8_t> plain = packed_.subspan(at_, size);
    event_.insert(event_.end(), plain.begin(), plain.end());
    at_ += size;
    return absl::OkStatus();
  }
  event_.resize(before + size);
  ZSTD_outBuffer out = {event_.data() + before, size, 0};
  ZSTD_inBuffer in = {packed_.data(), packed_.size(), at_};
  // Without progress the rest is missing; at the last byte zstd also takes in its frame's end.
  for (size_t result = 1; out.pos < size || (left_ == 0 && result != 0);) {
    const size_t in_before = in.pos;
    const size_t out_before = out.pos;
    result = ::ZSTD_decompressStream(context_.get(), &out, &in);
    if (::ZSTD_isError(result) != 0 || (in.pos == in_before && out.pos == out_before)) {
      return absl::DataLossError(absl::StrCat(
          "the compressed transaction doesn't unpack: ",
          ::ZSTD_isError(result) != 0 ? ::ZSTD_getErrorName(result) : "its end is missing"));
    }
  }
  at_ = in.pos;
  return absl::OkStatus();
}

}  // namespace fundgate::binlog
