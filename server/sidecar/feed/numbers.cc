#include "server/sidecar/feed/numbers.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "fundgate/types/text.h"

namespace fundgate::feed {

std::optional<Numbers> Numbers::Parse(std::string_view text) {
  Numbers numbers;
  for (const absl::string_view part : absl::StrSplit(ToAbsl(text), ':')) {
    const std::pair<absl::string_view, absl::string_view> ends =
        absl::StrSplit(part, absl::MaxSplits('-', 1));
    const bool is_single = part.find('-') == absl::string_view::npos;
    Interval read;
    if (!absl::SimpleAtoi(ends.first, &read.first) ||
        !absl::SimpleAtoi(is_single ? ends.first : ends.second, &read.last) || read.first == 0 ||
        read.last < read.first || read.last > kMost) {
      return std::nullopt;
    }
    numbers.AddInterval(read);
  }
  return numbers;
}

std::string Numbers::ToString() const {
  std::string text;
  for (const Interval& interval : intervals_) {
    absl::StrAppend(&text, text.empty() ? "" : ":", interval.first);
    if (interval.last != interval.first) absl::StrAppend(&text, "-", interval.last);
  }
  return text;
}

bool Numbers::Contains(uint64_t number) const {
  return std::any_of(intervals_.begin(), intervals_.end(), [number](const Interval& interval) {
    return interval.first <= number && number <= interval.last;
  });
}

void Numbers::Add(uint64_t number) { AddInterval({number, number}); }

void Numbers::Add(const Numbers& others) {
  for (const Interval& interval : others.intervals_) AddInterval(interval);
}

void Numbers::CutBehind(uint64_t number) {
  std::erase_if(intervals_, [number](const Interval& interval) { return interval.first > number; });
  if (!intervals_.empty()) intervals_.back().last = std::min(intervals_.back().last, number);
}

void Numbers::AddInterval(Interval added) {
  // The usual: the next number of the newest interval.
  if (!intervals_.empty() && intervals_.back().last + 1 == added.first) {
    intervals_.back().last = added.last;
    return;
  }
  std::vector<Interval> merged;
  for (const Interval& interval : intervals_) {
    if (interval.last + 1 < added.first || added.last + 1 < interval.first) {
      merged.push_back(interval);
    } else {
      added = {std::min(added.first, interval.first), std::max(added.last, interval.last)};
    }
  }
  merged.insert(std::upper_bound(merged.begin(), merged.end(), added,
                                 [](const Interval& left, const Interval& right) {
                                   return left.first < right.first;
                                 }),
                added);
  intervals_ = std::move(merged);
}

std::optional<uint64_t> Numbers::FirstBeyond(const Numbers& other, uint64_t from) const {
  for (const Interval& interval : intervals_) {
    uint64_t number = std::max(interval.first, from);
    for (const Interval& theirs : other.intervals_) {
      if (theirs.first <= number && number <= theirs.last) number = theirs.last + 1;
    }
    if (number <= interval.last) return number;
  }
  return std::nullopt;
}

}  // namespace fundgate::feed
