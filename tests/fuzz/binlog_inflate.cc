// What is compressed in a binlog: any bytes as compressed ones, and what zlib packs comes back.
//
// The first byte chooses; the rest is data.
#include <zlib.h>

#include <algorithm>

#include "server/sidecar/binlog/inflate.h"
#include "tests/fuzz/fuzzer.h"

namespace fundgate::fuzz {
namespace {

// Compressed by zlib, behind the head that MariaDB puts before an event's.
std::vector<uint8_t> Packed(Input data) {
  uLongf size = ::compressBound(data.size());
  std::vector<uint8_t> packed(3 + size);
  Expect(::compress(packed.data() + 3, &size, data.data(), data.size()) == Z_OK, "zlib packs");
  packed.resize(3 + size);
  packed[0] = 0x82;  // a length of two bytes
  packed[1] = static_cast<uint8_t>(data.size() >> 8);
  packed[2] = static_cast<uint8_t>(data.size());
  return packed;
}

void ExpectComesBack(Input data) {
  std::vector<uint8_t> packed = Packed(data);
  std::vector<uint8_t> out;
  Expect(binlog::InflateEvent(packed, out).ok() && std::ranges::equal(out, data),
         "an event that was packed comes back as it was");
  binlog::Arena arena;
  const absl::StatusOr<std::string_view> column = binlog::InflateColumn(packed, arena);
  Expect(column.ok() &&
             std::ranges::equal(*column, data, {}, [](char c) { return static_cast<uint8_t>(c); }),
         "a column that was packed comes back as it was");
}

}  // namespace

const size_t kInputMax = 256;

void Run(Input input) {
  Choices in(input);
  const uint8_t choice = in.Byte();
  const Input rest = in.Rest();
  if (choice % 4 == 0) return ExpectComesBack(rest);
  const std::vector<uint8_t> exact(rest.begin(), rest.end());
  std::vector<uint8_t> out;
  const absl::Status event = binlog::InflateEvent(exact, out);
  Expect(event.ok() || !event.message().empty(), "an error says what is wrong");
  binlog::Arena arena;
  const absl::StatusOr<std::string_view> column = binlog::InflateColumn(exact, arena);
  Expect(column.ok() || !column.status().message().empty(), "an error says what is wrong");
}

std::vector<std::string> Seeds() {
  const std::string text = "INSERT INTO t VALUES (1), (1), (1), (1), (1), (1), (1)";
  const std::vector<uint8_t> packed =
      Packed({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  std::string event(1, '\1');
  event.append(packed.begin(), packed.end());
  return {std::string(1, '\0') + text, event, std::string("\1\0plain", 7)};
}

}  // namespace fundgate::fuzz
