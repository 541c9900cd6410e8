// Transitions: a status that may only move along declared edges, and not stay for too long.
#ifndef SERVER_CORE_VERIFICATION_TRANSITION_H_
#define SERVER_CORE_VERIFICATION_TRANSITION_H_

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "server/core/verification/check.h"
#include "server/core/verification/watching.h"

namespace fundgate::core {

// Statuses of one thing that wait for others to be put in order; more are judged at once.
inline constexpr size_t kMaxWaitingSteps = 12;

struct TransitionDefinition {
  std::string event;
  EventField status;
  std::map<std::string, std::set<std::string>> edges;
  std::set<std::string> initial;
  std::map<std::string, absl::Duration> stuck;
  absl::Duration within;
};

// A fact that says what was before (a changed row) is judged by itself, in whatever order it comes.
// Others are put in order: those of a thing wait until every source is proven past `within` after
// the newest of them, and are fine if there is an order in which they follow the edges.
class Transition final : public EventCheck {
 public:
  Transition(Declaration declaration, TransitionDefinition definition)
      : EventCheck(std::move(declaration)), definition_(std::move(definition)) {}

  void See(Draft& draft, const SeenEvent& seen) const override;
  void Judge(Draft& draft, const WatchId& id, Watch& watch) const override;

 private:
  bool MayFollow(const std::optional<std::string>& from, const std::string& to) const;
  void Step(Draft& draft, const std::string& key, TransitionWatch& state,
            const std::optional<std::string>& from, StatusStep step) const;
  void Enter(TransitionWatch& state, StatusStep step) const;
  void PutInOrder(Draft& draft, const std::string& key, TransitionWatch& state) const;
  // The most of the waiting steps, as indexes, that follow the edges one after the other.
  std::vector<size_t> LongestPath(const TransitionWatch& state) const;
  std::optional<absl::Time> StuckAt(const TransitionWatch& state) const;
  void SetNextTurn(Draft& draft, const WatchId& id, Watch& watch) const;
  void RaiseEdge(Draft& draft, const std::string& key, const std::optional<std::string>& from,
                 const StatusStep& step) const;
  void RaiseStuck(Draft& draft, const std::string& key, const TransitionWatch& state) const;

  const TransitionDefinition definition_;
};

}  // namespace fundgate::core

#endif  // SERVER_CORE_VERIFICATION_TRANSITION_H_
