#include "fundgate/types/position.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "fundgate/types/text.h"

namespace fundgate {
namespace {

constexpr size_t kUuidLength = 36;
constexpr size_t kTagBytesMax = 32;

absl::Status Unreadable(std::string_view entry, std::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("position entry \"", ToAbsl(entry), "\": ", ToAbsl(why)));
}

bool IsUuid(absl::string_view text) {
  if (text.size() != kUuidLength) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !absl::ascii_isxdigit(static_cast<unsigned char>(text[i]))) {
      return false;
    }
  }
  return true;
}

// MySQL's tags begin with a letter or "_", so that none looks like a number.
bool IsTag(absl::string_view text) {
  return !text.empty() && text.size() <= kTagBytesMax &&
         !absl::ascii_isdigit(static_cast<unsigned char>(text.front())) &&
         std::all_of(text.begin(), text.end(), [](char character) {
           return absl::ascii_isalnum(static_cast<unsigned char>(character)) || character == '_';
         });
}

bool ParseNumber(absl::string_view text, uint64_t* number) {
  return !text.empty() && absl::ascii_isdigit(static_cast<unsigned char>(text.front())) &&
         absl::SimpleAtoi(text, number);
}

using Intervals = std::vector<std::pair<uint64_t, uint64_t>>;

absl::StatusOr<Intervals> ParseIntervals(std::string_view entry, absl::string_view text) {
  Intervals intervals;
  for (const absl::string_view part : absl::StrSplit(text, ':')) {
    const std::pair<absl::string_view, absl::string_view> ends =
        absl::StrSplit(part, absl::MaxSplits('-', 1));
    uint64_t first = 0;
    uint64_t last = 0;
    if (!ParseNumber(ends.first, &first)) return Unreadable(entry, "expected UUID:1-5:7");
    last = first;
    if (part.find('-') != absl::string_view::npos && !ParseNumber(ends.second, &last)) {
      return Unreadable(entry, "expected UUID:1-5:7");
    }
    if (first == 0 || last < first) return Unreadable(entry, "an interval runs from 1 upwards");
    intervals.emplace_back(first, last);
  }
  std::sort(intervals.begin(), intervals.end());
  Intervals merged;
  for (const auto& [first, last] : intervals) {
    if (!merged.empty() && first - 1 <= merged.back().second) {
      merged.back().second = std::max(merged.back().second, last);
    } else {
      merged.emplace_back(first, last);
    }
  }
  return merged;
}

// UUID:1-5:tag:1-3 as UUID:1-5 and UUID:tag:1-3: what stands behind a tag is that tag's.
std::vector<std::string> SplitByTags(absl::string_view entry) {
  const std::vector<absl::string_view> words = absl::StrSplit(entry, ':');
  if (!IsUuid(words[0])) return {std::string(entry)};
  std::vector<std::string> entries = {std::string(words[0])};
  for (size_t i = 1; i < words.size(); ++i) {
    if (i > 1 && IsTag(words[i])) entries.emplace_back(words[0]);
    absl::StrAppend(&entries.back(), ":", words[i]);
  }
  return entries;
}

}  // namespace

absl::StatusOr<std::pair<std::string, Position::Stream>> Position::ParseEntry(
    std::string_view entry) {
  const absl::string_view text = ToAbsl(entry);
  const size_t colon = text.find(':');
  if (colon == absl::string_view::npos) {
    const std::vector<absl::string_view> parts = absl::StrSplit(text, '-');
    uint64_t domain = 0;
    uint64_t server = 0;
    uint64_t sequence = 0;
    if (parts.size() != 3 || !ParseNumber(parts[0], &domain) || !ParseNumber(parts[1], &server) ||
        !ParseNumber(parts[2], &sequence)) {
      return Unreadable(entry, "expected DOMAIN-SERVER-SEQUENCE, UUID:1-5 or NAME:OFFSET");
    }
    return std::make_pair(absl::StrCat(domain),
                          Stream{Kind::kMariadbGtid, absl::StrCat(server), {{0, sequence}}});
  }
  if (IsUuid(text.substr(0, colon))) {
    const size_t next = text.find(':', colon + 1);
    const bool has_tag =
        next != absl::string_view::npos && IsTag(text.substr(colon + 1, next - colon - 1));
    const size_t name_end = has_tag ? next : colon;
    absl::StatusOr<Intervals> intervals = ParseIntervals(entry, text.substr(name_end + 1));
    if (!intervals.ok()) return intervals.status();
    return std::make_pair(absl::AsciiStrToLower(text.substr(0, name_end)),
                          Stream{Kind::kMysqlGtidSet, "", *std::move(intervals)});
  }
  // The last colon: a name may hold colons of its own.
  const size_t last_colon = text.rfind(':');
  uint64_t offset = 0;
  if (last_colon == 0 || !ParseNumber(text.substr(last_colon + 1), &offset)) {
    return Unreadable(entry, "expected NAME:OFFSET with a whole number");
  }
  return std::make_pair(std::string(text.substr(0, last_colon)),
                        Stream{Kind::kOffset, "", {{0, offset}}});
}

absl::StatusOr<Position> Position::Parse(std::string_view text) {
  Position position;
  if (text.empty()) return position;
  auto known = std::make_shared<Known>();
  for (absl::string_view part : absl::StrSplit(ToAbsl(text), ',')) {
    part = absl::StripAsciiWhitespace(part);
    for (const std::string& single : SplitByTags(part)) {
      absl::StatusOr<std::pair<std::string, Stream>> entry = ParseEntry(single);
      if (!entry.ok()) return entry.status();
      if (!known->streams.insert(*std::move(entry)).second) {
        return Unreadable(ToStd(part), "its stream stands there twice");
      }
    }
  }
  known->text = TextOf(*known);
  position.known_ = std::move(known);
  return position;
}

const std::string& Position::ToString() const& {
  static const std::string kNothing;
  return known_ == nullptr ? kNothing : known_->text;
}

std::string Position::TextOf(const Known& known) {
  std::vector<std::string> entries;
  for (const auto& [name, stream] : known.streams) {
    switch (stream.kind) {
      case Kind::kMariadbGtid:
        entries.push_back(absl::StrCat(name, "-", stream.server, "-", stream.intervals[0].second));
        break;
      case Kind::kOffset:
        entries.push_back(absl::StrCat(name, ":", stream.intervals[0].second));
        break;
      case Kind::kMysqlGtidSet:
        entries.push_back(absl::StrCat(
            name, ":",
            absl::StrJoin(stream.intervals, ":", [](std::string* out, const auto& interval) {
              absl::StrAppend(out, interval.first);
              if (interval.second != interval.first) absl::StrAppend(out, "-", interval.second);
            })));
        break;
    }
  }
  return absl::StrJoin(entries, ",");
}

bool Position::Stream::Covers(const Stream& other) const {
  if (kind != other.kind) return false;
  return std::all_of(other.intervals.begin(), other.intervals.end(), [this](const auto& wanted) {
    return std::any_of(intervals.begin(), intervals.end(), [&wanted](const auto& own) {
      return own.first <= wanted.first && wanted.second <= own.second;
    });
  });
}

bool Position::Covers(const Position& other) const {
  if (other.known_ == known_ || other.known_ == nullptr) return true;
  if (known_ == nullptr) return false;
  const auto& streams = known_->streams;
  return std::all_of(other.known_->streams.begin(), other.known_->streams.end(),
                     [&streams](const auto& wanted) {
                       const auto own = streams.find(wanted.first);
                       return own != streams.end() && own->second.Covers(wanted.second);
                     });
}

}  // namespace fundgate
