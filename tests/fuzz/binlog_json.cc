// MySQL's binary JSON: any bytes as a document.
#include <vector>

#include "server/sidecar/binlog/charset.h"
#include "server/sidecar/binlog/json.h"
#include "tests/decoder/event_builder.h"
#include "tests/fuzz/fuzzer.h"

namespace fundgate::fuzz {
namespace {

using decoder_testing::Body;

std::string Seed(const Body& body) { return {body.bytes.begin(), body.bytes.end()}; }

// {"a": 1, "bc": ["x", null]}, and the same with places of four bytes.
Body SmallObject() {
  Body body;
  body.Byte(0).Little(2, 2).Little(33, 2).Little(18, 2).Little(1, 2).Little(19, 2).Little(2, 2);
  body.Byte(5).Little(1, 2).Byte(2).Little(21, 2).Text("abc");
  return body.Little(2, 2).Little(12, 2).Byte(12).Little(10, 2).Raw({4, 0, 0}).ShortText("x");
}

Body LargeArray() {
  Body body;
  body.Byte(3).Little(3, 4).Little(35, 4).Byte(7).Little(9, 4).Byte(10).Little(23, 4);
  return body.Byte(12).Little(31, 4).Little(77, 8).ShortText("xyz");
}

}  // namespace

const size_t kInputMax = 256;

void Run(Input input) {
  const std::vector<uint8_t> exact(input.begin(), input.end());
  binlog::Arena arena;
  std::string_view text;
  if (!binlog::JsonToText(exact, arena, text)) return;
  Expect(!text.empty(), "a document has a text");
  Expect(binlog::IsUtf8(text), "the text is UTF-8");
  for (const char character : text)
    Expect(static_cast<uint8_t>(character) >= 0x20, "control characters are escaped");
}

std::vector<std::string> Seeds() {
  return {Seed(SmallObject()),
          Seed(LargeArray()),
          Seed(Body().Raw({4, 1})),
          Seed(Body().Byte(11).Little(0x3ff8000000000000, 8)),
          Seed(Body().Byte(12).ShortText("a\"\\\n\xc3\xa4")),
          Seed(Body().Raw({15, 246, 4, 3, 1, 0x8c, 5})),
          Seed(Body().Raw({15, 12, 8}).Little(0x19b2740000000000, 8)),
          Seed(Body().Raw({15, 252, 1, 0xff}))};
}

}  // namespace fundgate::fuzz
