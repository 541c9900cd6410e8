#include "anchor/anchors.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "anchor/anchor.h"
#include "fundgate/types/status_macros.h"
#include "google/protobuf/util/time_util.h"

namespace fundgate::anchor {
namespace {

std::string When(const v1::JournalAnchor& anchor) {
  return google::protobuf::util::TimeUtil::ToString(anchor.time());
}

std::string Records(Sequence first, Sequence last) {
  return first == last ? absl::StrCat("record ", last)
                       : absl::StrCat("one of the records ", first, " to ", last);
}

}  // namespace

absl::StatusOr<Anchors> Anchors::Read(const std::string& file) {
  std::ifstream input(file, std::ios::binary);
  if (!input.is_open()) {
    return absl::NotFoundError(absl::StrCat("there is no file of anchors ", file));
  }
  const std::string text(std::istreambuf_iterator<char>(input), {});
  absl::StatusOr<Anchors> anchors = Parse(text);
  if (anchors.ok()) return anchors;
  return absl::InvalidArgumentError(absl::StrCat(file, ", ", anchors.status().message()));
}

absl::StatusOr<Anchors> Anchors::Parse(const std::string& text) {
  Anchors anchors;
  size_t number = 0;
  for (size_t begin = 0, end = 0; (end = text.find('\n', begin)) != std::string::npos;
       begin = end + 1) {
    ++number;
    if (end == begin) continue;
    absl::StatusOr<v1::JournalAnchor> anchor = FromLine(text.substr(begin, end - begin));
    if (!anchor.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("line ", number, ": ", anchor.status().message()));
    }
    anchors.anchors_.push_back({number, *std::move(anchor)});
  }
  std::stable_sort(
      anchors.anchors_.begin(), anchors.anchors_.end(),
      [](const Line& a, const Line& b) { return a.anchor.sequence() < b.anchor.sequence(); });
  return anchors;
}

std::vector<size_t> Anchors::KeepSignedBy(const std::vector<PublicKey>& keys) {
  std::vector<size_t> others;
  std::erase_if(anchors_, [&](const Line& line) {
    const bool is_signed = std::any_of(
        keys.begin(), keys.end(), [&](const PublicKey& key) { return key.HasSigned(line.anchor); });
    if (!is_signed) others.push_back(line.number);
    return !is_signed;
  });
  std::sort(others.begin(), others.end());
  return others;
}

std::vector<Sequence> Anchors::Places() const {
  std::set<Sequence> places;
  if (!anchors_.empty()) places.insert(1);
  for (const Line& line : anchors_) places.insert(line.anchor.sequence());
  return {places.begin(), places.end()};
}

void Anchors::Found(Sequence sequence, std::string_view hash) {
  if (anchors_.empty()) return;
  const auto place = std::lower_bound(
      anchors_.begin(), anchors_.end(), sequence,
      [](const Line& line, Sequence wanted) { return line.anchor.sequence() < wanted; });
  const bool wanted =
      sequence == 1 || (place != anchors_.end() && place->anchor.sequence() == sequence);
  if (wanted) found_.insert_or_assign(sequence, std::string(hash));
}

Comparison Anchors::Conclude(Sequence newest, bool whole) const {
  Comparison result;
  const auto begin = found_.find(1);
  for (const Line& line : anchors_) {
    const v1::JournalAnchor& anchor = line.anchor;
    const Sequence sequence = anchor.sequence();
    if (begin != found_.end() && begin->second != anchor.journal()) {
      result.first = result.last = 1;
      result.problem = absl::StrCat(
          "the anchor of ", When(anchor), " is of a journal whose first record has the hash ",
          absl::BytesToHexString(anchor.journal()), ", and here it has ",
          absl::BytesToHexString(begin->second),
          ": this is another journal, or it was written anew from its beginning");
      return result;
    }
    if (sequence + 1 < first_) {
      ++result.dropped;
      continue;
    }
    if (sequence > newest) {
      if (!whole) return result;
      result.first = newest + 1;
      result.last = sequence;
      result.problem =
          absl::StrCat("the journal ends with record ", newest, ", but record ", sequence,
                       " was anchored at ", When(anchor), ": its tail is gone");
      return result;
    }
    const auto found = found_.find(sequence);
    if (found == found_.end() || found->second != anchor.hash()) {
      result.first = result.newest + 1;
      result.last = sequence;
      result.problem =
          absl::StrCat("record ", sequence, " was anchored at ", When(anchor), " with the hash ",
                       absl::BytesToHexString(anchor.hash()), ", and now has ",
                       found == found_.end() ? "none" : absl::BytesToHexString(found->second), ": ",
                       Records(result.first, result.last), " was rewritten, and all after it");
      return result;
    }
    ++result.agreeing;
    result.newest = sequence;
  }
  return result;
}

}  // namespace fundgate::anchor
