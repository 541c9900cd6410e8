#include "server/sidecar/sources/mysql/requests.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "fundgate/types/status_macros.h"
#include "fundgate/types/text.h"

namespace fundgate::sources {
namespace {

// A binlog begins with four bytes of magic; the server wants to hear so even where GTIDs decide.
constexpr uint64_t kFirstOffset = 4;
constexpr size_t kUuidBytes = 16;
constexpr uint64_t kNonBlock = 1;  // a flag of a dump

// The least significant byte first.
void Append(uint64_t number, int bytes, std::string& out) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(number >> (8 * i) & 0xff));
}

absl::Status NoSet(absl::string_view text) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", text, "\" is no GTID set; expected UUID:1-5:7"));
}

absl::Status AppendUuid(absl::string_view text, std::string& out) {
  const std::string hex = absl::StrReplaceAll(text, {{"-", ""}});
  if (hex.size() != 2 * kUuidBytes) return NoSet(text);
  for (const char digit : hex) {
    if (!absl::ascii_isxdigit(static_cast<unsigned char>(digit))) return NoSet(text);
  }
  out += absl::HexStringToBytes(hex);
  return absl::OkStatus();
}

// Whether it is what stands between the colons of a GTID set and is no interval.
bool IsTag(absl::string_view text) {
  constexpr size_t kTagBytesMax = 32;
  return !text.empty() && text.size() <= kTagBytesMax &&
         !absl::ascii_isdigit(static_cast<unsigned char>(text.front())) &&
         std::all_of(text.begin(), text.end(), [](char character) {
           const auto byte = static_cast<unsigned char>(character);
           return absl::ascii_islower(byte) || absl::ascii_isdigit(byte) || character == '_';
         });
}

// In the protocol intervals end behind their last number.
absl::StatusOr<std::string> IntervalOf(absl::string_view text) {
  const std::pair<absl::string_view, absl::string_view> ends =
      absl::StrSplit(text, absl::MaxSplits('-', 1));
  uint64_t first = 0;
  uint64_t last = 0;
  const bool read = absl::SimpleAtoi(ends.first, &first) &&
                    absl::SimpleAtoi(ends.second.empty() ? ends.first : ends.second, &last);
  if (!read || first == 0 || last < first) return NoSet(text);
  std::string interval;
  Append(first, 8, interval);
  Append(last + 1, 8, interval);
  return interval;
}

// The intervals of a server, or of one of its tags.
struct Entry {
  std::string uuid;
  std::string tag;
  uint64_t count = 0;
  std::string intervals;
};

// UUID:1-5:7, UUID:tag:1-3, or both together.
absl::Status ReadEntries(absl::string_view text, std::vector<Entry>& entries) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, ':');
  if (parts.size() < 2) return NoSet(text);
  std::string uuid;
  FUNDGATE_RETURN_IF_ERROR(AppendUuid(parts[0], uuid));
  Entry entry{uuid, "", 0, ""};
  for (size_t i = 1; i < parts.size(); ++i) {
    if (IsTag(parts[i])) {
      if (entry.count > 0) entries.push_back(entry);
      if (entry.count == 0 && i > 1) return NoSet(text);
      entry = {uuid, std::string(parts[i]), 0, ""};
      continue;
    }
    FUNDGATE_ASSIGN_OR_RETURN(const std::string interval, IntervalOf(parts[i]));
    ++entry.count;
    entry.intervals += interval;
  }
  if (entry.count == 0) return NoSet(text);
  entries.push_back(std::move(entry));
  return absl::OkStatus();
}

// As servers pack sets. With a tag anywhere all entries have a field for it, and the number of
// entries makes room for a mark of that, twice.
std::string PackSet(const std::vector<Entry>& entries) {
  constexpr uint64_t kWithTags = 1;
  const bool tagged = std::any_of(entries.begin(), entries.end(),
                                  [](const Entry& entry) { return !entry.tag.empty(); });
  std::string set;
  Append(tagged ? kWithTags << 56 | entries.size() << 8 | kWithTags : entries.size(), 8, set);
  for (const Entry& entry : entries) {
    set += entry.uuid;
    if (tagged) Append(entry.tag.size() << 1, 1, set);  // a variable integer of one byte
    set += entry.tag;
    Append(entry.count, 8, set);
    set += entry.intervals;
  }
  return set;
}

}  // namespace

absl::StatusOr<std::string> DumpRequest(uint32_t server_id, std::string_view executed,
                                        bool stops_at_end) {
  std::vector<Entry> entries;
  for (const absl::string_view entry :
       absl::StrSplit(ToAbsl(executed), ',', absl::SkipWhitespace())) {
    FUNDGATE_RETURN_IF_ERROR(ReadEntries(absl::StripAsciiWhitespace(entry), entries));
  }
  const std::string set = PackSet(entries);
  std::string request;
  Append(stops_at_end ? kNonBlock : 0, 2, request);
  Append(server_id, 4, request);
  Append(0, 4, request);  // length of a file's name: the server finds it
  Append(kFirstOffset, 8, request);
  Append(set.size(), 4, request);
  return request + set;
}

absl::StatusOr<std::string> DumpRequest(uint32_t server_id, const FilePlace& place,
                                        bool stops_at_end) {
  if (place.offset > UINT32_MAX) {
    return absl::InvalidArgumentError(
        absl::StrCat(place.file, " is longer than 4 GiB: it can't be read on behind that"));
  }
  std::string request;
  Append(place.offset, 4, request);
  Append(stops_at_end ? kNonBlock : 0, 2, request);
  Append(server_id, 4, request);
  return request + place.file;
}

std::string RegisterRequest(uint32_t server_id, std::string_view host) {
  std::string request;
  Append(server_id, 4, request);
  Append(host.size(), 1, request);
  request += host;
  Append(0, 2, request);  // lengths of user and password, which nobody asks for
  Append(0, 2, request);  // port
  Append(0, 8, request);  // rank and the server's id, which servers fill in
  return request;
}

}  // namespace fundgate::sources
