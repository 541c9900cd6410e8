#include "server/sidecar/binlog/json.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "fundgate/types/text.h"
#include "server/sidecar/binlog/bytes.h"
#include "server/sidecar/binlog/charset.h"
#include "server/sidecar/binlog/decimal.h"
#include "server/sidecar/binlog/table.h"

namespace fundgate::binlog {
namespace {

// Written by servers: never renumber.
enum class JsonType : uint8_t {
  kSmallObject = 0,
  kLargeObject = 1,
  kSmallArray = 2,
  kLargeArray = 3,
  kLiteral = 4,
  kInt16 = 5,
  kUint16 = 6,
  kInt32 = 7,
  kUint32 = 8,
  kInt64 = 9,
  kUint64 = 10,
  kDouble = 11,
  kString = 12,
  kOpaque = 15,
};

constexpr int kMaxDepth = 100;  // the server's own bound
// Shared parts could unfold without end in a damaged document; honest ones stay far below this.
constexpr size_t kMaxGrowth = 32;
constexpr size_t kMinLimit = 4096;

// Reads from the document, appends to a text. Each method is false on damage.
class JsonWriter {
 public:
  explicit JsonWriter(size_t limit) : limit_(limit) {}

  const std::string& text() const { return text_; }

  // `bytes` begins with the value, without its type.
  bool Write(JsonType type, std::span<const uint8_t> bytes, int depth) {
    if (text_.size() > limit_ || depth > kMaxDepth) return false;
    Bytes in(bytes);
    switch (type) {
      case JsonType::kSmallObject:
        return WriteContainer(bytes, 2, true, depth);
      case JsonType::kLargeObject:
        return WriteContainer(bytes, 4, true, depth);
      case JsonType::kSmallArray:
        return WriteContainer(bytes, 2, false, depth);
      case JsonType::kLargeArray:
        return WriteContainer(bytes, 4, false, depth);
      case JsonType::kLiteral:
        return WriteLiteral(in.Byte()) && in.ok();
      case JsonType::kInt16:
        absl::StrAppend(&text_, static_cast<int16_t>(in.Little(2)));
        return in.ok();
      case JsonType::kUint16:
        absl::StrAppend(&text_, in.Little(2));
        return in.ok();
      case JsonType::kInt32:
        absl::StrAppend(&text_, static_cast<int32_t>(in.Little(4)));
        return in.ok();
      case JsonType::kUint32:
        absl::StrAppend(&text_, in.Little(4));
        return in.ok();
      case JsonType::kInt64:
        absl::StrAppend(&text_, static_cast<int64_t>(in.Little(8)));
        return in.ok();
      case JsonType::kUint64:
        absl::StrAppend(&text_, in.Little(8));
        return in.ok();
      case JsonType::kDouble:
        return WriteDouble(std::bit_cast<double>(in.Little(8))) && in.ok();
      case JsonType::kString:
        return WriteString(in.Text(ReadLength(in))) && in.ok();
      case JsonType::kOpaque: {
        const auto sql_type = static_cast<ColumnType>(in.Byte());
        const std::span<const uint8_t> value = in.Take(ReadLength(in));
        return in.ok() && WriteOpaque(sql_type, value);
      }
    }
    return false;
  }

 private:
  static uint64_t ReadLength(Bytes& in) {
    uint64_t length = 0;
    for (int shift = 0; shift < 35; shift += 7) {
      const uint64_t byte = in.Byte();
      length |= (byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) return length;
    }
    in.Fail();
    return 0;
  }

  static bool IsInlined(JsonType type, size_t width) {
    switch (type) {
      case JsonType::kLiteral:
      case JsonType::kInt16:
      case JsonType::kUint16:
        return true;
      case JsonType::kInt32:
      case JsonType::kUint32:
        return width == 4;
      default:
        return false;
    }
  }

  // Number of members, size, then the places of all keys, then types and places of all values.
  bool WriteContainer(std::span<const uint8_t> bytes, size_t width, bool keyed, int depth) {
    Bytes head(bytes);
    const uint64_t count = head.Little(width);
    const uint64_t size = head.Little(width);
    const size_t entry = (keyed ? width + 2 : 0) + 1 + width;
    if (!head.ok() || size > bytes.size() || count > size / entry) return false;
    Bytes keys(head.Take(keyed ? count * (width + 2) : 0));
    Bytes values(head.Take(count * (1 + width)));
    const std::span<const uint8_t> all = bytes.first(size);
    text_ += keyed ? '{' : '[';
    for (uint64_t i = 0; i < count; ++i) {
      if (i > 0) text_ += ", ";
      if (keyed) {
        Bytes key(all);
        key.Take(keys.Little(width));
        if (!WriteString(key.Text(keys.Little(2))) || !key.ok()) return false;
        text_ += ": ";
      }
      const auto type = static_cast<JsonType>(values.Byte());
      if (IsInlined(type, width)) {
        if (!Write(type, values.Take(width), depth + 1)) return false;
        continue;
      }
      const uint64_t place = values.Little(width);
      if (!values.ok() || place >= all.size() || !Write(type, all.subspan(place), depth + 1))
        return false;
    }
    text_ += keyed ? '}' : ']';
    return keys.ok() && values.ok();
  }

  bool WriteLiteral(uint8_t literal) {
    constexpr const char* kLiterals[] = {"null", "true", "false"};
    if (literal >= std::size(kLiterals)) return false;
    text_ += kLiterals[literal];
    return true;
  }

  bool WriteDouble(double number) {
    if (!std::isfinite(number)) return false;
    char digits[32];
    const auto [end, error] = std::to_chars(digits, digits + sizeof(digits), number);
    const std::string_view shortest(digits, static_cast<size_t>(end - digits));
    text_ += shortest;
    if (shortest.find_first_of(".e") == std::string_view::npos) text_ += ".0";
    return true;
  }

  // All text of a document is utf8mb4, whatever the table's character set is.
  bool WriteString(std::string_view characters) {
    if (!IsUtf8(characters)) return false;
    text_ += '"';
    for (const char character : characters) {
      const auto code = static_cast<uint8_t>(character);
      if (character == '"' || character == '\\') {
        text_ += '\\';
        text_ += character;
      } else if (code >= 0x20) {
        text_ += character;
      } else {
        absl::StrAppend(&text_, "\\u", absl::Hex(code, absl::kZeroPad4));
      }
    }
    text_ += '"';
    return true;
  }

  bool WriteOpaque(ColumnType type, std::span<const uint8_t> value) {
    Bytes in(value);
    switch (type) {
      case ColumnType::kNewDecimal: {
        const int digits = in.Byte();
        const int scale = in.Byte();
        if (digits < 1 || digits > 81 || scale > digits) return false;
        Arena arena;
        std::string_view number;
        if (!ReadDecimal(in, digits, scale, arena, number)) return false;
        return WriteString(number);
      }
      case ColumnType::kDate:
      case ColumnType::kTimeOld:
      case ColumnType::kDateTimeOld:
      case ColumnType::kTimestampOld:
        return value.size() == 8 && WriteTemporal(type, static_cast<int64_t>(in.Little(8)));
      default: {
        std::string encoded;
        absl::Base64Escape(ToAbsl(AsText(value)), &encoded);
        return WriteString(absl::StrCat("base64:type", static_cast<int>(type), ":", encoded));
      }
    }
  }

  // Packed as in memory: 24 bits of microseconds, then clock, then for all but times the calendar.
  bool WriteTemporal(ColumnType type, int64_t packed) {
    const bool negative = packed < 0;
    const uint64_t number =
        negative ? ~static_cast<uint64_t>(packed) + 1 : static_cast<uint64_t>(packed);
    const uint64_t whole = number >> 24;
    const uint64_t months = whole >> 22;
    const uint64_t hours = type == ColumnType::kTimeOld ? whole >> 12 & 0x3ff : whole >> 12 & 31;
    std::string out;
    if (type != ColumnType::kTimeOld) {
      absl::StrAppend(&out, absl::Dec(months / 13, absl::kZeroPad4), "-",
                      absl::Dec(months % 13, absl::kZeroPad2), "-",
                      absl::Dec(whole >> 17 & 31, absl::kZeroPad2));
    }
    if (type != ColumnType::kDate) {
      absl::StrAppend(&out, out.empty() ? "" : " ", absl::Dec(hours, absl::kZeroPad2), ":",
                      absl::Dec(whole >> 6 & 63, absl::kZeroPad2), ":",
                      absl::Dec(whole & 63, absl::kZeroPad2), ".",
                      absl::Dec(number & 0xffffff, absl::kZeroPad6));
    }
    return WriteString(absl::StrCat(negative ? "-" : "", out));
  }

  size_t limit_;
  std::string text_;
};

}  // namespace

bool JsonToText(std::span<const uint8_t> document, Arena& arena, std::string_view& text) {
  std::string_view written = "null";  // what an empty document stands for
  JsonWriter writer(std::max(kMinLimit, document.size() * kMaxGrowth));
  if (!document.empty()) {
    if (!writer.Write(static_cast<JsonType>(document[0]), document.subspan(1), 0)) return false;
    written = writer.text();
  }
  char* out = arena.Reserve(written.size());
  text = arena.Finish(std::copy(written.begin(), written.end(), out));
  return true;
}

}  // namespace fundgate::binlog
