#include "server/sidecar/binlog/charset.h"

#include <iconv.h>

#include <array>
#include <cstring>
#include <iterator>

namespace fundgate::binlog {
namespace {

// Numbers as in information_schema.collations of MariaDB 10.11 and MySQL 8.
struct Range {
  uint16_t first = 0;
  uint16_t last = 0;
  Charset charset;
};

constexpr Charset kUtf8mb3 = {"utf8mb3", Encoding::kUtf8};
constexpr Charset kUtf8mb4 = {"utf8mb4", Encoding::kUtf8};
constexpr Charset kAscii = {"ascii", Encoding::kUtf8};
constexpr Charset kLatin1 = {"latin1", Encoding::kLatin1};
constexpr Charset kBinary = {"binary", Encoding::kBinary};
constexpr Charset kUcs2 = {"ucs2", Encoding::kOther, "UCS-2BE"};
constexpr Charset kUtf16 = {"utf16", Encoding::kOther, "UTF-16BE"};
constexpr Charset kUtf16Le = {"utf16le", Encoding::kOther, "UTF-16LE"};
constexpr Charset kUtf32 = {"utf32", Encoding::kOther, "UTF-32BE"};
constexpr Charset kBig5 = {"big5", Encoding::kOther, "BIG5"};
constexpr Charset kLatin2 = {"latin2", Encoding::kOther, "ISO-8859-2"};
constexpr Charset kDec8 = {"dec8", Encoding::kOther, "DEC-MCS"};
constexpr Charset kCp850 = {"cp850", Encoding::kOther, "CP850"};
constexpr Charset kHp8 = {"hp8", Encoding::kOther, "HP-ROMAN8"};
constexpr Charset kKoi8r = {"koi8r", Encoding::kOther, "KOI8-R"};
constexpr Charset kUjis = {"ujis", Encoding::kOther, "EUC-JP"};
constexpr Charset kSjis = {"sjis", Encoding::kOther, "SJIS"};
constexpr Charset kCp1251 = {"cp1251", Encoding::kOther, "CP1251"};
constexpr Charset kHebrew = {"hebrew", Encoding::kOther, "ISO-8859-8"};
constexpr Charset kTis620 = {"tis620", Encoding::kOther, "TIS-620"};
constexpr Charset kEuckr = {"euckr", Encoding::kOther, "UHC"};  // the server's has UHC's additions
constexpr Charset kLatin7 = {"latin7", Encoding::kOther, "ISO-8859-13"};
constexpr Charset kKoi8u = {"koi8u", Encoding::kOther, "KOI8-U"};
constexpr Charset kGb2312 = {"gb2312", Encoding::kOther, "EUC-CN"};
constexpr Charset kGreek = {"greek", Encoding::kOther, "ISO-8859-7"};
constexpr Charset kCp1250 = {"cp1250", Encoding::kOther, "CP1250"};
constexpr Charset kGbk = {"gbk", Encoding::kOther, "GBK"};
constexpr Charset kCp1257 = {"cp1257", Encoding::kOther, "CP1257"};
constexpr Charset kLatin5 = {"latin5", Encoding::kOther, "ISO-8859-9"};
constexpr Charset kArmscii8 = {"armscii8", Encoding::kOther, "ARMSCII-8"};
constexpr Charset kCp866 = {"cp866", Encoding::kOther, "CP866"};
constexpr Charset kMacroman = {"macroman", Encoding::kOther, "MACINTOSH"};
constexpr Charset kCp852 = {"cp852", Encoding::kOther, "CP852"};
constexpr Charset kCp1256 = {"cp1256", Encoding::kOther, "CP1256"};
constexpr Charset kCp932 = {"cp932", Encoding::kOther, "CP932"};
constexpr Charset kEucjpms = {"eucjpms", Encoding::kOther, "EUC-JP-MS"};
constexpr Charset kGb18030 = {"gb18030", Encoding::kOther, "GB18030"};

constexpr Range kRanges[] = {
    // What text is mostly in comes first.
    {45, 46, kUtf8mb4},     {224, 247, kUtf8mb4},   {255, 323, kUtf8mb4}, {608, 610, kUtf8mb4},
    {2304, 2559, kUtf8mb4}, {63, 63, kBinary},      {8, 8, kLatin1},      {33, 33, kUtf8mb3},
    {76, 76, kUtf8mb3},     {83, 83, kUtf8mb3},     {192, 215, kUtf8mb3}, {223, 223, kUtf8mb3},
    {576, 578, kUtf8mb3},   {2048, 2303, kUtf8mb3}, {5, 5, kLatin1},      {15, 15, kLatin1},
    {31, 31, kLatin1},      {47, 49, kLatin1},      {94, 94, kLatin1},    {11, 11, kAscii},
    {65, 65, kAscii},       {35, 35, kUcs2},        {90, 90, kUcs2},      {128, 151, kUcs2},
    {159, 159, kUcs2},      {640, 642, kUcs2},      {2560, 2815, kUcs2},  {54, 55, kUtf16},
    {101, 124, kUtf16},     {672, 674, kUtf16},     {2816, 3071, kUtf16}, {56, 56, kUtf16Le},
    {62, 62, kUtf16Le},     {60, 61, kUtf32},       {160, 183, kUtf32},   {736, 738, kUtf32},
    {3072, 3327, kUtf32},   {1, 1, kBig5},          {84, 84, kBig5},      {2, 2, kLatin2},
    {9, 9, kLatin2},        {21, 21, kLatin2},      {27, 27, kLatin2},    {77, 77, kLatin2},
    {3, 3, kDec8},          {69, 69, kDec8},        {4, 4, kCp850},       {80, 80, kCp850},
    {6, 6, kHp8},           {72, 72, kHp8},         {7, 7, kKoi8r},       {74, 74, kKoi8r},
    {12, 12, kUjis},        {91, 91, kUjis},        {13, 13, kSjis},      {88, 88, kSjis},
    {14, 14, kCp1251},      {23, 23, kCp1251},      {50, 52, kCp1251},    {16, 16, kHebrew},
    {71, 71, kHebrew},      {18, 18, kTis620},      {89, 89, kTis620},    {19, 19, kEuckr},
    {85, 85, kEuckr},       {20, 20, kLatin7},      {41, 42, kLatin7},    {79, 79, kLatin7},
    {22, 22, kKoi8u},       {75, 75, kKoi8u},       {24, 24, kGb2312},    {86, 86, kGb2312},
    {25, 25, kGreek},       {70, 70, kGreek},       {26, 26, kCp1250},    {34, 34, kCp1250},
    {44, 44, kCp1250},      {66, 66, kCp1250},      {99, 99, kCp1250},    {28, 28, kGbk},
    {87, 87, kGbk},         {29, 29, kCp1257},      {58, 59, kCp1257},    {30, 30, kLatin5},
    {78, 78, kLatin5},      {32, 32, kArmscii8},    {64, 64, kArmscii8},  {36, 36, kCp866},
    {68, 68, kCp866},       {39, 39, kMacroman},    {53, 53, kMacroman},  {40, 40, kCp852},
    {81, 81, kCp852},       {57, 57, kCp1256},      {67, 67, kCp1256},    {95, 96, kCp932},
    {97, 98, kEucjpms},     {248, 250, kGb18030},
};

constexpr Charset kUnknownCharset = {};

// MariaDB numbers a collation without padding like the one with it, 1024 higher.
constexpr uint16_t kNoPad = 1024;

constexpr size_t kMaxUtf8PerByte = 3;  // of one byte in any of the character sets

bool IsContinuation(uint8_t byte) { return (byte & 0xc0) == 0x80; }

// Length of the UTF-8 sequence at `at`, of which `left` bytes are there; 0 if it is none.
size_t SequenceLength(const uint8_t* at, size_t left) {
  const uint8_t first = at[0];
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first < 0xe0) return left >= 2 && IsContinuation(at[1]) ? 2 : 0;
  if (first >= 0xe0 && first < 0xf0) {
    if (left < 3 || !IsContinuation(at[1]) || !IsContinuation(at[2])) return 0;
    if (first == 0xe0 && at[1] < 0xa0) return 0;   // overlong
    if (first == 0xed && at[1] >= 0xa0) return 0;  // a surrogate
    return 3;
  }
  if (first >= 0xf0 && first < 0xf5) {
    if (left < 4 || !IsContinuation(at[1]) || !IsContinuation(at[2]) || !IsContinuation(at[3]))
      return 0;
    if (first == 0xf0 && at[1] < 0x90) return 0;   // overlong
    if (first == 0xf4 && at[1] >= 0x90) return 0;  // above U+10FFFF
    return 4;
  }
  return 0;
}

// Number of bytes at the beginning that are ASCII, in steps of 8.
size_t AsciiPrefix(std::string_view bytes) {
  size_t size = 0;
  for (; size + 8 <= bytes.size(); size += 8) {
    uint64_t word = 0;
    std::memcpy(&word, bytes.data() + size, sizeof(word));
    if ((word & 0x8080808080808080U) != 0) break;
  }
  return size;
}

// cp1252's characters from 0x80 to 0x9f.
constexpr uint16_t kWindows1252[32] = {
    0x20ac, 0x0081, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x008d, 0x017d, 0x008f, 0x0090, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x009d, 0x017e, 0x0178};

char* AppendUtf8(char* out, uint16_t character) {
  if (character < 0x80) {
    *out++ = static_cast<char>(character);
  } else if (character < 0x800) {
    *out++ = static_cast<char>(0xc0 | character >> 6);
    *out++ = static_cast<char>(0x80 | (character & 0x3f));
  } else {
    *out++ = static_cast<char>(0xe0 | character >> 12);
    *out++ = static_cast<char>(0x80 | (character >> 6 & 0x3f));
    *out++ = static_cast<char>(0x80 | (character & 0x3f));
  }
  return out;
}

std::string_view FromLatin1(std::string_view bytes, Arena& arena) {
  bool ascii = true;
  for (size_t i = AsciiPrefix(bytes); i < bytes.size(); ++i) {
    if (static_cast<uint8_t>(bytes[i]) >= 0x80) {
      ascii = false;
      break;
    }
  }
  if (ascii) return bytes;
  char* out = arena.Reserve(bytes.size() * kMaxUtf8PerByte);
  for (const char byte : bytes) {
    const auto code = static_cast<uint8_t>(byte);
    out = AppendUtf8(out, code >= 0x80 && code < 0xa0 ? kWindows1252[code - 0x80] : code);
  }
  return arena.Finish(out);
}

}  // namespace

bool IsUtf8(std::string_view bytes) {
  const auto* begin = reinterpret_cast<const uint8_t*>(bytes.data());
  size_t at = AsciiPrefix(bytes);
  while (at < bytes.size()) {
    const size_t length = SequenceLength(begin + at, bytes.size() - at);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

const Charset& CharsetOf(uint16_t collation) {
  const uint16_t number = collation >= kNoPad && collation < 2 * kNoPad
                              ? static_cast<uint16_t>(collation - kNoPad)
                              : collation;
  for (const Range& range : kRanges) {
    if (number >= range.first && number <= range.last) return range.charset;
  }
  return kUnknownCharset;
}

uint16_t CollationOf(std::string_view charset) {
  if (charset == "utf8") charset = kUtf8mb3.name;
  for (const Range& range : kRanges) {
    if (range.charset.name == charset) return range.first;
  }
  return 0;
}

struct Transcoder::Converter {
  const char* name = nullptr;
  iconv_t handle = nullptr;  // iconv_t(-1): the system doesn't know the name

  explicit Converter(const char* iconv_name)
      : name(iconv_name), handle(::iconv_open("UTF-8", iconv_name)) {}
  ~Converter() {
    if (known()) ::iconv_close(handle);
  }
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;

  bool known() const { return handle != reinterpret_cast<iconv_t>(-1); }
};

Transcoder::Transcoder() = default;
Transcoder::~Transcoder() = default;

std::optional<std::string_view> Transcoder::ToUtf8(const Charset& charset, std::string_view bytes,
                                                   Arena& arena) {
  switch (charset.encoding) {
    case Encoding::kUnknown:
    case Encoding::kBinary:
      return std::nullopt;
    case Encoding::kUtf8:
      if (!IsUtf8(bytes)) return std::nullopt;
      return bytes;
    case Encoding::kLatin1:
      return FromLatin1(bytes, arena);
    case Encoding::kOther:
      return ByIconv(charset, bytes, arena);
  }
  return std::nullopt;
}

std::optional<std::string_view> Transcoder::ByIconv(const Charset& charset, std::string_view bytes,
                                                    Arena& arena) {
  Converter* converter = nullptr;
  for (const auto& open : converters_) {
    if (std::string_view(open->name) == charset.iconv_name) converter = open.get();
  }
  if (converter == nullptr)
    converter = converters_.emplace_back(std::make_unique<Converter>(charset.iconv_name)).get();
  if (!converter->known()) return std::nullopt;
  ::iconv(converter->handle, nullptr, nullptr, nullptr, nullptr);  // its first state
  char* in = const_cast<char*>(bytes.data());                      // iconv doesn't write there
  size_t in_left = bytes.size();
  size_t out_left = bytes.size() * kMaxUtf8PerByte;
  char* out = arena.Reserve(out_left);
  if (::iconv(converter->handle, &in, &in_left, &out, &out_left) != 0 || in_left != 0)
    return std::nullopt;
  return arena.Finish(out);
}

}  // namespace fundgate::binlog
