#include "server/sidecar/mapping/row_identity.h"

#include <algorithm>
#include <bit>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/expression/utf8.h"
#include "server/policy/fnv1a.h"

namespace fundgate::mapping {
namespace {

using Kind = binlog::Value::Kind;

// The classes of ImageHash. On disk: never renumber.
enum ImageClass : uint8_t { kAbsent = 0, kNull = 1, kWhole = 2, kReal = 3, kText = 4 };

ImageClass ClassOf(Kind kind) {
  switch (kind) {
    case Kind::kAbsent:
      return kAbsent;
    case Kind::kNull:
      return kNull;
    case Kind::kInt:
    case Kind::kUint:
      return kWhole;
    case Kind::kFloat:
    case Kind::kDouble:
      return kReal;
    default:
      return kText;
  }
}

void AppendEscaped(std::string_view text, bool is_binary, std::string& out) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  if (text.empty()) out += '%';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool escape =
        byte < 0x20 || byte == 0x7f || c == ',' || c == '%' || (is_binary && byte >= 0x80);
    if (escape) {
      out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    } else {
      out += c;
    }
  }
}

void AppendKeyValue(const binlog::Value& value, std::string& out) {
  switch (ClassOf(value.kind)) {
    case kAbsent:
      out += "%A";
      return;
    case kNull:
      out += "%N";
      return;
    case kWhole:
      value.kind == Kind::kInt ? absl::StrAppend(&out, value.integer)
                               : absl::StrAppend(&out, static_cast<uint64_t>(value.integer));
      return;
    case kReal:
      absl::StrAppendFormat(&out, "%.17g", value.real);
      return;
    case kText:
      // Text that isn't UTF-8 in spite of its kind must not spoil the message.
      AppendEscaped(value.text,
                    value.kind == Kind::kBytes ||
                        expression::InvalidUtf8At(value.text) != std::string_view::npos,
                    out);
  }
}

}  // namespace

bool SameValue(const binlog::Value& a, const binlog::Value& b) {
  if (a.kind != b.kind) return false;
  switch (ClassOf(a.kind)) {
    case kAbsent:
    case kNull:
      return true;
    case kWhole:
      return a.integer == b.integer;
    case kReal:
      return std::bit_cast<uint64_t>(a.real) == std::bit_cast<uint64_t>(b.real);
    case kText:
      return a.text == b.text;
  }
  return false;
}

std::string PrimaryKeyText(const binlog::Table& table, std::span<const binlog::Value> image) {
  std::string key;
  bool first = true;
  for (const uint32_t column : table.primary_key) {
    if (!first) key += ',';
    first = false;
    AppendKeyValue(column < image.size() ? image[column] : binlog::Value(), key);
  }
  return key;
}

uint64_t ImageHash(std::span<const binlog::Value> image) {
  policy::Fnv1a hash;
  for (const binlog::Value& value : image) {
    const ImageClass image_class = ClassOf(value.kind);
    hash.AddByte(image_class);
    if (image_class == kWhole) {
      hash.AddNumber(static_cast<uint64_t>(value.integer), 8);
    } else if (image_class == kReal) {
      hash.AddNumber(std::bit_cast<uint64_t>(value.real), 8);
    } else if (image_class == kText) {
      hash.AddText(value.text);
    }
  }
  return std::max<uint64_t>(hash.value(), 1);
}

std::string CutText(std::string_view text, size_t max_bytes) {
  // What could stand behind the cut is looked at only as far as the character in which it may fall.
  constexpr size_t kCharacterBytesMax = 4;
  std::string cut;
  while (!text.empty() && cut.size() < max_bytes) {
    const size_t room = max_bytes - cut.size();
    const std::string_view near = text.substr(0, room + kCharacterBytesMax);
    const size_t valid = std::min(expression::InvalidUtf8At(near), near.size());
    size_t taken = std::min(valid, room);
    while (taken < valid && !expression::BeginsCodePoint(text[taken])) --taken;
    cut.append(text.substr(0, taken));
    if (taken < valid || taken == text.size()) return cut;
    if (cut.size() < max_bytes) cut += '?';
    text.remove_prefix(valid + 1);
  }
  return cut;
}

}  // namespace fundgate::mapping
