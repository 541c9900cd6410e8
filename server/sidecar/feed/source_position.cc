#include "server/sidecar/feed/source_position.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "fundgate/types/text.h"

namespace fundgate::feed {
namespace {

constexpr char kPartPrefix[] = "rows.";

// The parts of COUNT. Stored by gates: never change them.
constexpr int kRowBits = 32;
constexpr int kServerBits = 10;
constexpr uint64_t kRowMask = (uint64_t{1} << kRowBits) - 1;
constexpr uint64_t kServerMask = (uint64_t{1} << kServerBits) - 1;

uint64_t Complete(uint64_t count) { return count >> (kRowBits + kServerBits); }
uint64_t ServerOf(uint64_t count) { return count >> kRowBits & kServerMask; }

}  // namespace

absl::StatusOr<Gtid> Gtid::Parse(std::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(ToAbsl(text), '-');
  Gtid gtid;
  if (parts.size() != 3 || !absl::SimpleAtoi(parts[0], &gtid.domain) ||
      !absl::SimpleAtoi(parts[1], &gtid.server) || !absl::SimpleAtoi(parts[2], &gtid.sequence)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", ToAbsl(text), "\" is no MariaDB GTID; expected DOMAIN-SERVER-SEQUENCE, like 0-1-42"));
  }
  return gtid;
}

std::string Gtid::ToString() const { return absl::StrCat(domain, "-", server, "-", sequence); }

absl::StatusOr<SourcePosition> SourcePosition::Parse(std::string_view text) {
  SourcePosition position;
  for (absl::string_view entry : absl::StrSplit(ToAbsl(text), ',', absl::SkipWhitespace())) {
    entry = absl::StripAsciiWhitespace(entry);
    absl::string_view part = entry;
    if (absl::ConsumePrefix(&part, kPartPrefix)) {
      const std::pair<absl::string_view, absl::string_view> sides = absl::StrSplit(part, ':');
      uint32_t domain = 0;
      uint64_t count = 0;
      if (absl::SimpleAtoi(sides.first, &domain) && absl::SimpleAtoi(sides.second, &count)) {
        position.parts_[domain] = count;
        continue;
      }
    }
    const absl::StatusOr<Gtid> gtid = Gtid::Parse(ToStd(entry));
    if (!gtid.ok()) {
      return absl::FailedPreconditionError(
          absl::StrCat("the gate has the source at \"", ToAbsl(text), "\", of which \"", entry,
                       "\" is no MariaDB GTID: another kind of feeder was here"));
    }
    position.newest_[gtid->domain] = *gtid;
  }
  return position;
}

bool SourcePosition::Covers(const Gtid& gtid) const {
  const auto newest = newest_.find(gtid.domain);
  return newest != newest_.end() && newest->second.sequence >= gtid.sequence;
}

bool SourcePosition::Covers(const SourcePosition& other) const {
  return std::all_of(other.newest_.begin(), other.newest_.end(),
                     [this](const auto& entry) { return Covers(entry.second); });
}

bool SourcePosition::IsAt(const Gtid& gtid) const {
  const auto newest = newest_.find(gtid.domain);
  return newest != newest_.end() && newest->second == gtid;
}

void SourcePosition::Advance(const Gtid& gtid) {
  newest_[gtid.domain] = gtid;
  const auto part = parts_.find(gtid.domain);
  if (part != parts_.end() && (part->second & kRowMask) > 0) {
    part->second = (Complete(part->second) + 1) << (kRowBits + kServerBits);
  }
}

void SourcePosition::AdvanceRows(const Gtid& gtid, uint32_t rows) {
  uint64_t& count = parts_[gtid.domain];
  count =
      Complete(count) << (kRowBits + kServerBits) | (gtid.server & kServerMask) << kRowBits | rows;
}

absl::StatusOr<uint32_t> SourcePosition::RowsSent(const Gtid& gtid) const {
  const auto part = parts_.find(gtid.domain);
  const uint64_t rows = part == parts_.end() ? 0 : part->second & kRowMask;
  if (rows > 0 && ServerOf(part->second) != (gtid.server & kServerMask)) {
    return absl::DataLossError(absl::StrCat(
        "the first ", rows, " rows of a large transaction of domain ", gtid.domain,
        " were sent, but the server has another one in its place, ", gtid.ToString(),
        ": it has lost what was read from the primary before it. The gate has applied what never "
        "became part of this database; the source's books must be built anew from a snapshot"));
  }
  return static_cast<uint32_t>(rows);
}

std::string SourcePosition::ToString() const {
  std::string text = Gtids();
  for (const auto& [domain, count] : parts_) {
    absl::StrAppend(&text, text.empty() ? "" : ",", kPartPrefix, domain, ":", count);
  }
  return text;
}

std::string SourcePosition::Gtids() const {
  std::string text;
  for (const auto& [domain, gtid] : newest_) {
    absl::StrAppend(&text, text.empty() ? "" : ",", gtid.ToString());
  }
  return text;
}

}  // namespace fundgate::feed
