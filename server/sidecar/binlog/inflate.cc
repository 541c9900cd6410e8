#include "server/sidecar/binlog/inflate.h"

#include <zlib.h>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "server/sidecar/binlog/bytes.h"

namespace fundgate::binlog {
namespace {

// zlib packs at best about 1032 : 1, so what claims more is damaged: it is found before memory for
// it is taken.
constexpr uint64_t kMaxRatio = 1100;

absl::Status CheckSize(uint64_t size, size_t packed) {
  if (size > kMaxInflated || size > (packed + 1) * kMaxRatio) {
    return absl::DataLossError(
        absl::StrCat(packed, " compressed bytes claim to hold ", size, " bytes"));
  }
  return absl::OkStatus();
}

// Unpacks `packed` into exactly `size` bytes. `window` is zlib's: negative for data without zlib's
// own header.
absl::Status Inflate(std::span<const uint8_t> packed, uint8_t* out, size_t size, int window) {
  z_stream stream = {};
  if (::inflateInit2(&stream, window) != Z_OK)
    return absl::ResourceExhaustedError("zlib has no memory");
  stream.next_in = const_cast<uint8_t*>(packed.data());
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = out;
  stream.avail_out = static_cast<uInt>(size);
  const int result = ::inflate(&stream, Z_FINISH);
  const bool whole = result == Z_STREAM_END && stream.avail_out == 0 && stream.avail_in == 0;
  ::inflateEnd(&stream);
  if (!whole) {
    return absl::DataLossError(
        absl::StrCat("compressed data doesn't unpack to the ", size, " bytes it announces"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status InflateEvent(std::span<const uint8_t> packed, std::vector<uint8_t>& out) {
  // One byte: a set bit, three for the algorithm (0: zlib), four for the size of the length.
  Bytes in(packed);
  const uint8_t head = in.Byte();
  const uint64_t size = in.Big(head & 0x07U);
  if (!in.ok() || (head & 0xf8U) != 0x80)
    return absl::DataLossError("the head of the compressed data is not one of zlib's");
  FUNDGATE_RETURN_IF_ERROR(CheckSize(size, in.left()));
  // zlib takes no null, also where it writes nothing.
  out.reserve(1);
  out.resize(size);
  return Inflate(in.rest(), out.data(), out.size(), MAX_WBITS);
}

absl::StatusOr<std::string_view> InflateColumn(std::span<const uint8_t> packed, Arena& arena) {
  if (packed.empty()) return std::string_view();
  // One byte: four bits for the algorithm (0: none, 8: zlib), one that says that zlib's header is
  // missing, three for the size of the length.
  Bytes in(packed);
  const uint8_t head = in.Byte();
  const int algorithm = head >> 4;
  if (head == 0) return AsText(in.rest());
  const uint64_t size = in.Big(head & 0x07U);
  if (!in.ok() || algorithm != 8)
    return absl::DataLossError("the head of a compressed column is not one of zlib's");
  FUNDGATE_RETURN_IF_ERROR(CheckSize(size, in.left()));
  char* out = arena.Reserve(size);
  const int window = (head & 0x08U) != 0 ? -MAX_WBITS : MAX_WBITS;
  FUNDGATE_RETURN_IF_ERROR(Inflate(in.rest(), reinterpret_cast<uint8_t*>(out), size, window));
  return arena.Finish(out + size);
}

}  // namespace fundgate::binlog
