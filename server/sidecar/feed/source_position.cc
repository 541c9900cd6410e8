#include "server/sidecar/feed/source_position.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "fundgate/types/status_macros.h"
#include "fundgate/types/text.h"

namespace fundgate::feed {
namespace {

// Stored by gates: never change them.
constexpr char kPartPrefix[] = "rows.";     // before a domain or a UUID
constexpr char kUndecidedPrefix[] = "xa.";  // before DOMAIN-SERVER or a UUID
constexpr char kPartSuffix[] = "#rows";     // after a partition; no topic's name has a "#"

// The parts of COUNT. Stored by gates: never change them.
constexpr int kRowBits = 32;
constexpr int kServerBits = 10;
constexpr uint64_t kRowMask = (uint64_t{1} << kRowBits) - 1;
constexpr uint64_t kServerMask = (uint64_t{1} << kServerBits) - 1;

uint64_t Complete(uint64_t count) { return count >> (kRowBits + kServerBits); }
uint64_t ServerOf(uint64_t count) { return count >> kRowBits & kServerMask; }

constexpr size_t kUuidSize = 36;

bool IsUuid(absl::string_view text) {
  if (text.size() != kUuidSize) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !absl::ascii_isxdigit(static_cast<unsigned char>(text[i]))) {
      return false;
    }
  }
  return true;
}

// A tag of MySQL's GTIDs, which begins with a letter or "_".
bool IsTag(absl::string_view text) {
  return !text.empty() && !absl::ascii_isdigit(static_cast<unsigned char>(text.front())) &&
         std::all_of(text.begin(), text.end(), [](char character) {
           return absl::ascii_isalnum(static_cast<unsigned char>(character)) || character == '_';
         });
}

// UUID, or UUID:TAG, as a stream. Empty if it is neither.
std::string MysqlStream(absl::string_view text) {
  const std::pair<absl::string_view, absl::string_view> sides =
      absl::StrSplit(text, absl::MaxSplits(':', 1));
  const bool has_tag = text.find(':') != absl::string_view::npos;
  if (!IsUuid(sides.first) || (has_tag && !IsTag(sides.second))) return "";
  return absl::AsciiStrToLower(text);
}

// STREAM:NUMBER.
std::optional<std::pair<absl::string_view, uint64_t>> ParseNumbered(absl::string_view text) {
  const size_t colon = text.rfind(':');
  uint64_t number = 0;
  if (colon == absl::string_view::npos || !absl::SimpleAtoi(text.substr(colon + 1), &number)) {
    return std::nullopt;
  }
  return std::make_pair(text.substr(0, colon), number);
}

absl::StatusOr<Step> ParseMysqlGtid(std::string_view text) {
  const auto parsed = ParseNumbered(ToAbsl(text));
  const std::string stream = parsed.has_value() ? MysqlStream(parsed->first) : "";
  if (stream.empty() || parsed->second == 0 || parsed->second > Numbers::kMost) {
    return absl::FailedPreconditionError(
        absl::StrCat("\"", ToAbsl(text), "\" is no MySQL GTID; expected UUID:NUMBER. ",
                     "Transactions without GTIDs can't be followed by them; a server that has ",
                     "none at all is followed with `positions: files` in the policy's source"));
  }
  return Step{stream, parsed->second, std::nullopt};
}

const char* NameOf(PositionForm form) {
  switch (form) {
    case PositionForm::kGtids:
      return "MariaDB GTID";
    case PositionForm::kOffsets:
      return "TOPIC/PARTITION:OFFSET";
    case PositionForm::kGtidSets:
      return "MySQL GTID set";
    case PositionForm::kFiles:
      return "place in MySQL's binlog files";
  }
  return "";
}

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

absl::StatusOr<Step> StepOfTransaction(std::string_view id, PositionForm form) {
  if (form == PositionForm::kGtidSets) return ParseMysqlGtid(id);
  FUNDGATE_ASSIGN_OR_RETURN(const Gtid gtid, Gtid::Parse(id));
  return Step(gtid);
}

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
  if (ParseUndecided(entry)) return absl::OkStatus();
  const absl::StatusOr<Gtid> gtid = Gtid::Parse(entry);
  if (!gtid.ok()) return gtid.status();
  const Step step = *gtid;
  newest_[step.stream] = step;
  return absl::OkStatus();
}

bool SourcePosition::ParseUndecided(std::string_view entry) {
  absl::string_view text = ToAbsl(entry);
  if (!absl::ConsumePrefix(&text, kUndecidedPrefix)) return false;
  const auto parsed = ParseNumbered(text);
  if (!parsed.has_value()) return false;
  const auto& [name, count] = *parsed;
  if (form_ != PositionForm::kGtids) {
    undecided_[{std::string(name), std::nullopt}] = count;
    return true;
  }
  const std::pair<absl::string_view, absl::string_view> names = absl::StrSplit(name, '-');
  uint32_t domain = 0;
  uint32_t server = 0;
  if (!absl::SimpleAtoi(names.first, &domain) || !absl::SimpleAtoi(names.second, &server)) {
    return false;
  }
  undecided_[{absl::StrCat(domain), server}] = count;
  return true;
}

bool SourcePosition::ParseFile(std::string_view entry) {
  if (ParseUndecided(entry)) return true;
  absl::string_view text = ToAbsl(entry);
  const bool is_part = absl::ConsumePrefix(&text, kPartPrefix);
  const auto parsed = ParseNumbered(text);
  if (!parsed.has_value() || parsed->first.find('@') == absl::string_view::npos) return false;
  const std::string stream(parsed->first);
  if (is_part) {
    parts_[stream] = parsed->second;
  } else {
    newest_[stream] = {stream, parsed->second, std::nullopt};
  }
  return true;
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

bool SourcePosition::ParseGtidSet(std::string_view entry) {
  if (ParseUndecided(entry)) return true;
  absl::string_view text = ToAbsl(entry);
  const bool is_part = absl::ConsumePrefix(&text, kPartPrefix);
  if (is_part) {
    const auto parsed = ParseNumbered(text);
    const std::string stream = parsed.has_value() ? MysqlStream(parsed->first) : "";
    if (!stream.empty()) parts_[stream] = parsed->second;
    return !stream.empty();
  }
  // UUID:1-5:7:tag:1-3: what stands behind a tag is that tag's.
  const std::vector<absl::string_view> words = absl::StrSplit(text, ':');
  std::string stream = MysqlStream(words[0]);
  const std::string uuid = stream;
  for (size_t i = 1; i < words.size() && !stream.empty(); ++i) {
    if (IsTag(words[i])) {
      stream = MysqlStream(absl::StrCat(uuid, ":", words[i]));
      continue;
    }
    const std::optional<Numbers> numbers = Numbers::Parse(ToStd(words[i]));
    if (!numbers.has_value()) return false;
    sets_[stream].Add(*numbers);
  }
  return !uuid.empty() && sets_.contains(stream);
}

absl::StatusOr<SourcePosition> SourcePosition::Parse(std::string_view text, PositionForm form) {
  SourcePosition position(form);
  for (absl::string_view entry : absl::StrSplit(ToAbsl(text), ',', absl::SkipWhitespace())) {
    entry = absl::StripAsciiWhitespace(entry);
    bool read = false;
    switch (form) {
      case PositionForm::kGtids:
        read = position.ParseGtid(ToStd(entry)).ok();
        break;
      case PositionForm::kOffsets:
        read = position.ParseOffset(ToStd(entry));
        break;
      case PositionForm::kGtidSets:
        read = position.ParseGtidSet(ToStd(entry));
        break;
      case PositionForm::kFiles:
        read = position.ParseFile(ToStd(entry));
        break;
    }
    if (!read) {
      return absl::FailedPreconditionError(
          absl::StrCat("the source is at \"", ToAbsl(text), "\", of which \"", entry, "\" is no ",
                       NameOf(form), ": another kind of feeder was here, or of server"));
    }
  }
  return position;
}

bool SourcePosition::Covers(const Step& step) const {
  if (form_ == PositionForm::kGtidSets) {
    const auto set = sets_.find(step.stream);
    return set != sets_.end() && set->second.Contains(step.number);
  }
  const auto newest = newest_.find(step.stream);
  return newest != newest_.end() && newest->second.number >= step.number;
}

bool SourcePosition::Covers(const SourcePosition& other) const {
  return other.Beyond(*this).empty();
}

std::vector<Step> SourcePosition::Beyond(const SourcePosition& other) const {
  std::vector<Step> beyond;
  for (const auto& [stream, step] : newest_) {
    if (!other.Covers(step)) beyond.push_back(step);
  }
  for (const auto& [stream, numbers] : sets_) {
    const auto theirs = other.sets_.find(stream);
    const std::optional<uint64_t> first =
        numbers.FirstBeyond(theirs == other.sets_.end() ? Numbers() : theirs->second);
    if (first.has_value()) beyond.push_back({stream, *first, std::nullopt});
  }
  return beyond;
}

bool SourcePosition::MayRepeat(const Step& step) const {
  if (form_ == PositionForm::kGtidSets) return true;
  const auto newest = newest_.find(step.stream);
  return newest != newest_.end() && newest->second == step;
}

uint64_t SourcePosition::PartBits(const Step& step) const {
  const bool has_servers = form_ == PositionForm::kGtids || form_ == PositionForm::kOffsets;
  return (has_servers ? step.server.value_or(0) : step.number) & kServerMask;
}

bool SourcePosition::has_part() const {
  return std::any_of(parts_.begin(), parts_.end(),
                     [](const auto& part) { return (part.second & kRowMask) > 0; });
}

bool SourcePosition::HasPartOfAnother(const Step& step) const {
  const auto part = parts_.find(step.stream);
  return part != parts_.end() && (part->second & kRowMask) > 0 &&
         ServerOf(part->second) != PartBits(step);
}

void SourcePosition::Advance(const Step& step) {
  if (form_ == PositionForm::kGtidSets) {
    sets_[step.stream].Add(step.number);
    if (HasPartOfAnother(step)) return;
  } else {
    newest_[step.stream] = step;
  }
  const auto part = parts_.find(step.stream);
  if (part != parts_.end() && (part->second & kRowMask) > 0) {
    part->second = (Complete(part->second) + 1) << (kRowBits + kServerBits);
  }
}

void SourcePosition::AdvanceRows(const Step& step, uint32_t rows) {
  uint64_t& count = parts_[step.stream];
  count = Complete(count) << (kRowBits + kServerBits) | PartBits(step) << kRowBits | rows;
}

Step SourcePosition::Before(const Step& step) const {
  if (form_ == PositionForm::kGtidSets) return {step.stream, step.number - 1, std::nullopt};
  const auto newest = newest_.find(step.stream);
  return newest == newest_.end() ? Step{step.stream, 0, step.server} : newest->second;
}

void SourcePosition::SetUndecided(const std::vector<Step>& before) {
  std::map<std::pair<std::string, std::optional<uint32_t>>, uint64_t> open;
  for (const Step& step : before) open[{step.stream, step.server}] = step.number << 1 | 1;
  for (auto& [where, count] : undecided_) {
    if (!open.contains(where)) count += count & 1;
  }
  // MySQL's numbers may come in any order: one that lies further back than was said before can't be
  // met again.
  for (const auto& [where, count] : open) {
    uint64_t& known = undecided_[where];
    known = std::max(known | 1, count);
  }
}

std::set<std::string> SourcePosition::UndecidedStreams() const {
  std::set<std::string> streams;
  for (const auto& [where, count] : undecided_) {
    if ((count & 1) != 0) streams.insert(where.first);
  }
  return streams;
}

SourcePosition SourcePosition::ReadFrom() const {
  SourcePosition from = *this;
  for (const auto& [where, count] : undecided_) {
    if ((count & 1) == 0) continue;
    const auto& [stream, server] = where;
    const Step before{stream, count >> 1, server};
    if (form_ == PositionForm::kGtidSets) {
      Numbers& numbers = from.sets_[stream];
      numbers.CutBehind(before.number);
      if (numbers.empty()) from.sets_.erase(stream);
    } else if (before.number == 0) {
      from.newest_.erase(stream);
    } else if (from.Covers(before)) {
      from.newest_[stream] = before;
    }
  }
  return from;
}

absl::StatusOr<uint32_t> SourcePosition::RowsSent(const Step& step) const {
  const auto part = parts_.find(step.stream);
  const uint64_t rows = part == parts_.end() ? 0 : part->second & kRowMask;
  if (rows > 0 && HasPartOfAnother(step)) {
    // Servers may write their transactions in different orders: that one comes later.
    if (form_ == PositionForm::kGtidSets) return 0;
    return absl::DataLossError(absl::StrCat(
        "the first ", rows, " rows of a large transaction of domain ", step.stream,
        " were sent, but the server has another one in its place, ", step.ToString(),
        ": it has lost what was read from the primary before it. The gate has applied what never "
        "became part of this database; the source's books must be built anew from a snapshot"));
  }
  return static_cast<uint32_t>(rows);
}

absl::Status SourcePosition::CheckParts(const SourcePosition& head) const {
  if (form_ != PositionForm::kGtidSets) return absl::OkStatus();
  for (const auto& [stream, count] : parts_) {
    const uint64_t rows = count & kRowMask;
    if (rows == 0) continue;
    const auto own = sets_.find(stream);
    const auto theirs = head.sets_.find(stream);
    const Numbers covered = own == sets_.end() ? Numbers() : own->second;
    std::optional<uint64_t> next =
        theirs == head.sets_.end() ? std::nullopt : theirs->second.FirstBeyond(covered);
    for (; next.has_value() && (*next & kServerMask) != ServerOf(count);) {
      const uint64_t wanted = *next + ((ServerOf(count) - *next) & kServerMask);
      next = theirs->second.FirstBeyond(covered, wanted);
    }
    if (!next.has_value()) {
      return absl::DataLossError(
          absl::StrCat("the first ", rows, " rows of a large transaction of server ", stream,
                       " were sent, but it isn't among those that the server has"));
    }
  }
  return absl::OkStatus();
}

std::string SourcePosition::ToString() const {
  std::string text = Steps();
  const auto add = [&text](const auto&... parts) {
    absl::StrAppend(&text, text.empty() ? "" : ",", parts...);
  };
  for (const auto& [stream, count] : parts_) {
    if (form_ != PositionForm::kOffsets) {
      add(kPartPrefix, stream, ":", count);
    } else {
      add(stream, kPartSuffix, ":", count);
    }
  }
  for (const auto& [where, count] : undecided_) {
    const auto& [stream, server] = where;
    if (server.has_value()) {
      add(kUndecidedPrefix, stream, "-", *server, ":", count);
    } else {
      add(kUndecidedPrefix, stream, ":", count);
    }
  }
  return text;
}

std::string SourcePosition::Steps() const {
  std::string text;
  for (const auto& [stream, step] : newest_) {
    absl::StrAppend(&text, text.empty() ? "" : ",", step.ToString());
  }
  for (const auto& [stream, numbers] : sets_) {
    absl::StrAppend(&text, text.empty() ? "" : ",", stream, ":", numbers.ToString());
  }
  return text;
}

}  // namespace fundgate::feed
