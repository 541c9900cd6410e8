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

// Stored by gates: never change them.
constexpr char kPartPrefix[] = "rows.";  // before a domain
constexpr char kPartSuffix[] = "#rows";  // after a partition; no topic's name has a "#"

// The parts of COUNT. Stored by gates: never change them.
constexpr int kRowBits = 32;
constexpr int kServerBits = 10;
constexpr uint64_t kRowMask = (uint64_t{1} << kRowBits) - 1;
constexpr uint64_t kServerMask = (uint64_t{1} << kServerBits) - 1;

uint64_t Complete(uint64_t count) { return count >> (kRowBits + kServerBits); }
uint64_t ServerOf(uint64_t count) { return count >> kRowBits & kServerMask; }
uint64_t ServerBits(const Step& step) { return step.server.value_or(0) & kServerMask; }

}  // namespace

std::string Step::ToString() const {
  return server.has_value() ? absl::StrCat(stream, "-", *server, "-", number)
                            : absl::StrCat(stream, ":", number);
}

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

Gtid::operator Step() const { return {absl::StrCat(domain), sequence, server}; }

absl::Status SourcePosition::ParseGtid(std::string_view entry) {
  absl::string_view part = ToAbsl(entry);
  if (absl::ConsumePrefix(&part, kPartPrefix)) {
    const std::pair<absl::string_view, absl::string_view> sides = absl::StrSplit(part, ':');
    uint32_t domain = 0;
    uint64_t count = 0;
    if (absl::SimpleAtoi(sides.first, &domain) && absl::SimpleAtoi(sides.second, &count)) {
      parts_[absl::StrCat(domain)] = count;
      return absl::OkStatus();
    }
  }
  const absl::StatusOr<Gtid> gtid = Gtid::Parse(entry);
  if (!gtid.ok()) return gtid.status();
  const Step step = *gtid;
  newest_[step.stream] = step;
  return absl::OkStatus();
}

bool SourcePosition::ParseOffset(std::string_view entry) {
  const size_t colon = entry.rfind(':');
  uint64_t number = 0;
  if (colon == std::string_view::npos ||
      !absl::SimpleAtoi(ToAbsl(entry.substr(colon + 1)), &number)) {
    return false;
  }
  absl::string_view stream = ToAbsl(entry.substr(0, colon));
  if (stream.find('/') == absl::string_view::npos) return false;
  if (absl::ConsumeSuffix(&stream, kPartSuffix)) {
    parts_[std::string(stream)] = number;
  } else {
    newest_[std::string(stream)] = {std::string(stream), number, std::nullopt};
  }
  return true;
}

absl::StatusOr<SourcePosition> SourcePosition::Parse(std::string_view text, PositionForm form) {
  SourcePosition position(form);
  for (absl::string_view entry : absl::StrSplit(ToAbsl(text), ',', absl::SkipWhitespace())) {
    entry = absl::StripAsciiWhitespace(entry);
    const bool is_gtids = form == PositionForm::kGtids;
    const bool read =
        is_gtids ? position.ParseGtid(ToStd(entry)).ok() : position.ParseOffset(ToStd(entry));
    if (!read) {
      return absl::FailedPreconditionError(
          absl::StrCat("the gate has the source at \"", ToAbsl(text), "\", of which \"", entry,
                       "\" is no ", is_gtids ? "MariaDB GTID" : "TOPIC/PARTITION:OFFSET",
                       ": another kind of feeder was here"));
    }
  }
  return position;
}

bool SourcePosition::Covers(const Step& step) const {
  const auto newest = newest_.find(step.stream);
  return newest != newest_.end() && newest->second.number >= step.number;
}

bool SourcePosition::Covers(const SourcePosition& other) const {
  return std::all_of(other.newest_.begin(), other.newest_.end(),
                     [this](const auto& entry) { return Covers(entry.second); });
}

bool SourcePosition::IsAt(const Step& step) const {
  const auto newest = newest_.find(step.stream);
  return newest != newest_.end() && newest->second == step;
}

void SourcePosition::Advance(const Step& step) {
  newest_[step.stream] = step;
  const auto part = parts_.find(step.stream);
  if (part != parts_.end() && (part->second & kRowMask) > 0) {
    part->second = (Complete(part->second) + 1) << (kRowBits + kServerBits);
  }
}

void SourcePosition::AdvanceRows(const Step& step, uint32_t rows) {
  uint64_t& count = parts_[step.stream];
  count = Complete(count) << (kRowBits + kServerBits) | ServerBits(step) << kRowBits | rows;
}

absl::StatusOr<uint32_t> SourcePosition::RowsSent(const Step& step) const {
  const auto part = parts_.find(step.stream);
  const uint64_t rows = part == parts_.end() ? 0 : part->second & kRowMask;
  if (rows > 0 && ServerOf(part->second) != ServerBits(step)) {
    return absl::DataLossError(absl::StrCat(
        "the first ", rows, " rows of a large transaction of domain ", step.stream,
        " were sent, but the server has another one in its place, ", step.ToString(),
        ": it has lost what was read from the primary before it. The gate has applied what never "
        "became part of this database; the source's books must be built anew from a snapshot"));
  }
  return static_cast<uint32_t>(rows);
}

std::string SourcePosition::ToString() const {
  std::string text = Steps();
  for (const auto& [stream, count] : parts_) {
    absl::StrAppend(&text, text.empty() ? "" : ",");
    if (form_ == PositionForm::kGtids) {
      absl::StrAppend(&text, kPartPrefix, stream, ":", count);
    } else {
      absl::StrAppend(&text, stream, kPartSuffix, ":", count);
    }
  }
  return text;
}

std::string SourcePosition::Steps() const {
  std::string text;
  for (const auto& [stream, step] : newest_) {
    absl::StrAppend(&text, text.empty() ? "" : ",", step.ToString());
  }
  return text;
}

}  // namespace fundgate::feed
