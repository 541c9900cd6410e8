// Whole files, as `fundgate-sidecar decode` reads and prints them: any bytes as a file.
#include <sys/mman.h>
#include <unistd.h>

#include <sstream>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/sidecar/binlog/charset.h"
#include "server/sidecar/decode/decode.h"
#include "tests/decoder/event_builder.h"
#include "tests/fuzz/fuzzer.h"

namespace fundgate::fuzz {
namespace {

using binlog::EventType;
using decoder_testing::Body;
using decoder_testing::EventBytes;

// A file in memory, that has a path.
class MemoryFile {
 public:
  MemoryFile() : descriptor_(::memfd_create("binlog", MFD_CLOEXEC)) {
    Expect(descriptor_ >= 0, "memory can be had as a file");
  }

  std::string Fill(Input bytes) {
    Expect(::ftruncate(descriptor_, 0) == 0 && ::pwrite(descriptor_, bytes.data(), bytes.size(),
                                                        0) == static_cast<ssize_t>(bytes.size()),
           "a file in memory takes what is written");
    return absl::StrCat("/proc/self/fd/", descriptor_);
  }

 private:
  int descriptor_;  // until the process ends
};

std::string Seed(const std::vector<EventBytes>& events) {
  std::string seed =
      "\xfe"
      "bin";
  for (const EventBytes& event : events) seed.append(event.begin(), event.end());
  return seed;
}

}  // namespace

const size_t kInputMax = 1024;

void Run(Input input) {
  static MemoryFile file;
  const std::string files[] = {file.Fill(input)};
  for (const auto output :
       {decode::DecodeOptions::Output::kText, decode::DecodeOptions::Output::kJson}) {
    std::ostringstream out;
    const absl::Status read = decode::Decode(files, {.output = output}, out);
    Expect(read.ok() || !read.message().empty(), "an error says what is wrong");
    if (output == decode::DecodeOptions::Output::kJson)
      Expect(binlog::IsUtf8(out.str()), "what is printed for programs is UTF-8");
  }
}

std::vector<std::string> Seeds() {
  using decoder_testing::MakeFormat;
  using decoder_testing::MakeQuery;
  using decoder_testing::MakeRows;
  using decoder_testing::MakeTableMap;
  using decoder_testing::MakeXid;
  using decoder_testing::WithoutChecksum;
  const EventBytes row = MakeRows(EventType::kWriteRowsV1, 7, 1, Body().Little(5, 4));
  return {
      Seed({MakeFormat(), decoder_testing::MakeMariaDbGtid(1), MakeTableMap({}), row, MakeXid()}),
      Seed({MakeFormat(decoder_testing::kMySql, false), WithoutChecksum(MakeQuery("BEGIN")),
            WithoutChecksum(MakeTableMap({})), WithoutChecksum(row),
            WithoutChecksum(MakeQuery("DROP TABLE t")), WithoutChecksum(MakeXid())})};
}

}  // namespace fundgate::fuzz
