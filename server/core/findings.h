// What the steps of a check found, until the verdict is made of it.
#ifndef SERVER_CORE_FINDINGS_H_
#define SERVER_CORE_FINDINGS_H_

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "fundgate/types/ids.h"
#include "fundgate/types/position.h"
#include "server/core/decision.h"

namespace fundgate::core {

// Reasons of two sorts: *certain* ones, which no knowledge on its way can cure, and *pending* ones,
// which proof from a source may still turn. A pending reason holds what is to be answered if that
// proof does not come in time.
class Findings {
 public:
  void Add(Reason reason) { certain_.push_back(std::move(reason)); }

  // `sources` must be proven past the check's arrival before this is known.
  void AddPending(Reason reason, const std::vector<SourceName>& sources) {
    awaited_.insert(sources.begin(), sources.end());
    pending_.push_back(std::move(reason));
  }

  // `source` must apply `position` first.
  void AddPendingPosition(Reason reason, const SourceName& source, const Position& position) {
    positions_.emplace(source, position);
    pending_.push_back(std::move(reason));
  }

  // What no knowledge on its way can cure, to be waived by an approval.
  std::vector<Reason>& certain() { return certain_; }

  // True if the check should wait: something may still turn it, and nothing denies it anyway.
  bool WaitingMayHelp() const {
    return !pending_.empty() && std::all_of(certain_.begin(), certain_.end(), [](const Reason& r) {
      return r.verdict == Verdict::kAllow;
    });
  }

  std::vector<SourceName> awaited_sources() const { return {awaited_.begin(), awaited_.end()}; }
  const absl::btree_map<SourceName, Position>& awaited_positions() const { return positions_; }

  // All reasons, severest first, then by code, then as they were found.
  std::vector<Reason> TakeReasons() && {
    std::move(pending_.begin(), pending_.end(), std::back_inserter(certain_));
    std::stable_sort(certain_.begin(), certain_.end(), [](const Reason& a, const Reason& b) {
      return a.verdict != b.verdict ? a.verdict > b.verdict : a.code < b.code;
    });
    return std::move(certain_);
  }

 private:
  std::vector<Reason> certain_;
  std::vector<Reason> pending_;
  absl::btree_set<SourceName> awaited_;
  absl::btree_map<SourceName, Position> positions_;
};

}  // namespace fundgate::core

#endif  // SERVER_CORE_FINDINGS_H_
